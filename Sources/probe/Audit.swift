import ArgumentParser
import Circuits
import Figures
import FoundationEssentials
import Glibc
import Interventions
import Models
import Results
import Tensors

/// `probe audit`: whether a checkpoint is read, rewritten, run and patched as it must be.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Check a checkpoint against identities that need no reference values.",
        discussion: """
            Such as: processing the weights changes no probability; activations are the sums of \
            their parts; patching everything gives the clean run; the fast engine equals full \
            forward passes. Each row of the table has the largest error beside what rounding \
            allows there; the exit code is 1 if one is larger. Writes audit.json into --out.

            Without a tokenizer, or where the default prompts have different numbers of tokens, \
            it takes random token ids (--seed). It measures the logit difference, and needs the \
            weights as loaded: --process is refused.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Prompts") var pair: PairOptions

    @Option(
        help: ArgumentHelp(
            "The folder to write to. (default: probe-out/audit)", valueName: "folder"),
        completion: .directory)
    var out = "probe-out/audit"

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        if out.isEmpty { throw ValidationError("--out is empty; give a folder") }
        if model.process != nil {
            throw ValidationError(
                "the audit processes the weights itself, in every way; give no --process")
        }
        if pair.pairs != nil {
            throw ValidationError("the audit takes one prompt pair, no --pairs")
        }
        if pair.place.position != nil {
            throw ValidationError("the audit reads the last position; give no --position")
        }
        guard [.normalized, .logitDifference].contains(pair.metric) else {
            throw ValidationError("the audit measures the logit difference; give no --metric")
        }
    }

    func run() throws {
        verbosity.apply()
        let transformer = try model.load()
        let prompts = try AuditPrompts(pair, transformer, prependBOS: model.prependsBOS)
        let audit = try Audit(
            transformer, clean: prompts.clean, corrupted: prompts.corrupted,
            answers: prompts.answers)
        let progress = verbosity.progress("auditing")
        let identities = try audit.run { progress.update($0, of: $1) }
        let report = AuditReport(
            audit, identities, prompts,
            try Provenance(of: transformer, seed: prompts.areRandom ? pair.seed : nil))
        let path = "\(out)/audit.json"
        let text = try report.json()
        try AtomicFile.write(Array(text.utf8), to: path)
        if json {
            print(text, terminator: "")
        } else {
            if !verbosity.quiet { print(report.table(of: identities)) }
            print(path)
        }
        let failed = identities.filter { !$0.passes }
        if !failed.isEmpty { throw AuditFailure(model: transformer.name, failed: failed) }
    }
}

/// Identities that do not hold.
struct AuditFailure: Error, CustomStringConvertible {
    let model: String
    let failed: [Identity]

    var description: String {
        let next =
            failed.contains(where: \.error.isNaN)
            ? "NaN comes from damaged weights as a rule: fetch the checkpoint again"
            : "do not trust results on this model; run `probe self-test`, and the audit without "
                + "--model: if they fail too, rebuild probe, and if not, report the table"
        return "\(failed.count) of the identities do not hold on \(model): "
            + failed.map(\.name).joined(separator: "; ") + "; \(next)"
    }
}

/// The prompts of an audit, and where they come from.
struct AuditPrompts {
    let clean: [Int]
    let corrupted: [Int]
    /// `nil` where the audit chooses them.
    let answers: (right: Int, wrong: Int)?
    let areRandom: Bool

    init(_ pair: PairOptions, _ model: Transformer, prependBOS: Bool) throws {
        let isGiven = [pair.clean, pair.corrupted].contains { $0 != nil } || pair.cleanIds != nil
        let texts =
            isGiven
            ? try pair.prompts(for: model, prependBOS: prependBOS)
            : try? pair.prompts(for: model, prependBOS: prependBOS)
        if let texts, isGiven || texts.clean.count <= model.config.nCtx {
            (clean, corrupted, areRandom) = (texts.clean, texts.corrupted, false)
        } else {
            (clean, corrupted) = AuditPrompts.random(model.config, seed: pair.seed)
            areRandom = true
        }
        let metric = pair.rawMetric
        let hasAnswers =
            [pair.answer, pair.wrong].contains { $0 != nil }
            || pair.answerId != nil || pair.wrongId != nil
        guard let right = metric.answer, let wrong = metric.wrong else {
            answers = nil
            return
        }
        if hasAnswers {
            answers = (try right.id(in: model), try wrong.id(in: model))
        } else if !areRandom, let right = try? right.id(in: model),
            let wrong = try? wrong.id(in: model)
        {
            answers = (right, wrong)
        } else {
            answers = nil
        }
    }

    /// Two sequences of eight tokens that differ at position 2; shorter where the context is.
    private static func random(
        _ config: TransformerConfig, seed: UInt64
    ) -> (clean: [Int], corrupted: [Int]) {
        var generator = SeededGenerator(seed: seed, stream: "audit prompts")
        let count = min(8, config.nCtx)
        let clean = (0..<count).map { _ in Int.random(in: 0..<config.dVocab, using: &generator) }
        var corrupted = clean
        let place = min(2, count - 1)
        let step = Int.random(in: 1..<max(2, config.dVocab), using: &generator)
        corrupted[place] = (clean[place] + step) % config.dVocab
        return (clean, corrupted)
    }
}

/// What an audit found, as JSON and as a table.
struct AuditReport: Encodable {
    struct Row: Encodable {
        let group: String
        let name: String
        let error: Double
        let tolerance: Double
        let place: String
        let passes: Bool
    }

    struct Prompts: Encodable {
        let source: String
        let clean_ids: [Int]
        let corrupted_ids: [Int]
        let clean: [String]
        let corrupted: [String]
        let answer_id: Int
        let wrong_id: Int
        let answer: String
        let wrong: String
        let answers_chosen: Bool
    }

    let name = "audit"
    let schema = LabelledArray.schema
    let passes: Bool
    let identities: [Row]
    let prompts: Prompts
    let clean_logit_difference: Double
    let corrupted_logit_difference: Double
    let provenance: Provenance

    init(
        _ audit: Audit, _ found: [Identity], _ prompts: AuditPrompts, _ provenance: Provenance
    ) {
        passes = found.allSatisfy(\.passes)
        identities = found.map {
            Row(
                group: $0.group.rawValue, name: $0.name, error: $0.error, tolerance: $0.tolerance,
                place: $0.place, passes: $0.passes)
        }
        let model = audit.model
        self.prompts = Prompts(
            source: prompts.areRandom ? "random ids" : "given or default",
            clean_ids: prompts.clean, corrupted_ids: prompts.corrupted,
            clean: prompts.clean.map(model.string), corrupted: prompts.corrupted.map(model.string),
            answer_id: audit.answers.right, wrong_id: audit.answers.wrong,
            answer: model.string(of: audit.answers.right),
            wrong: model.string(of: audit.answers.wrong),
            answers_chosen: prompts.answers == nil)
        (clean_logit_difference, corrupted_logit_difference) = audit.differences
        self.provenance = provenance
    }

    /// The report with sorted keys; numbers that JSON cannot hold as in other results.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }

    /// One line per identity below a heading per group, and what it was run on above.
    func table(of found: [Identity]) -> String {
        let width = 66
        var lines = heading
        for group in Identity.Group.allCases {
            let members = found.filter { $0.group == group }
            guard !members.isEmpty else { continue }
            lines.append(left(group.rawValue, width) + "  error  allowed")
            lines += members.map { identity in
                left("  " + identity.name, width)
                    + TerminalText.padded(scientific(identity.error), to: 7)
                    + TerminalText.padded(scientific(identity.tolerance), to: 9)
                    + (identity.passes ? "  ok" : "  FAILED at \(identity.place)")
            }
        }
        let passed = found.count { $0.passes }
        lines.append("\(passed) of \(found.count) identities hold")
        return lines.joined(separator: "\n")
    }

    private var heading: [String] {
        let number = { (value: Double) in NumberText.fixed(value, decimals: 4, minus: "-") }
        let show = { (words: [String]) in
            words.count > 12 ? "\(words.count) tokens" : words.map(quoted).joined(separator: " ")
        }
        let isRandom = prompts.source == "random ids"
        let ids = { (ids: [Int]) in ids.map(String.init).joined(separator: ",") }
        return [
            "model      \(provenance.model), \(provenance.checkpoint)",
            "clean      \(isRandom ? ids(prompts.clean_ids) : show(prompts.clean))",
            "corrupted  \(isRandom ? ids(prompts.corrupted_ids) : show(prompts.corrupted))"
                + (isRandom ? "  (random ids)" : ""),
            "answers    \(quoted(prompts.answer)) and \(quoted(prompts.wrong))"
                + (prompts.answers_chosen ? " (those that the prompts move most)" : "")
                + ", logit difference \(number(clean_logit_difference)) clean, "
                + "\(number(corrupted_logit_difference)) corrupted",
        ]
    }

    private func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(1, width - TerminalText.width(of: text)))
    }

    /// Two digits and a power of ten, such as `3.1e-7`.
    private func scientific(_ value: Double) -> String {
        guard value.isFinite, value != 0 else {
            return value == 0 ? "0" : NumberText.fixed(value, decimals: 0)
        }
        var exponent = floor(log10(abs(value)))
        // What rounds up to 10.0 is 1.0 of the next power.
        if abs(value) / pow(10, exponent) >= 9.95 { exponent += 1 }
        let digits = NumberText.fixed(value / pow(10, exponent), decimals: 1, minus: "-")
        return "\(digits)e\(Int(exponent))"
    }
}
