// Tracing gendered pronouns: where does a language model keep the gender that its next pronoun will
// have?
//
//     swift run -c release tracing-gendered-pronouns                  the embedded model
//     swift run -c release tracing-gendered-pronouns --model gpt2     GPT-2 small, checked
//
// The study goes from the outside in: does the model know the pronoun; at which position and layer
// is the gender; do MLPs or attention put it there; which heads; what do these heads write; which
// neurons. Each step is one sweep, and draws one figure. With GPT-2 small every step is compared
// with the values that were published for it.

import ArgumentParser
import Circuits
import Figures
import Glibc
import Interventions
import Kernels
import Models
import Results
import Tensors

@main
struct TracingGenderedPronouns: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Trace where a model keeps the gender of its next pronoun, and redraw figures/.")

    @Option(help: "A checkpoint's folder, a hub id such as gpt2, or organism.")
    var model = "organism"

    @Option(help: "Where figures go. (default: figures, figures-<model> for other models)")
    var out: String?

    func run() throws {
        let model = try Transformer.load(model, processing: .all)
        let folder =
            out ?? (self.model == "organism" ? "figures" : "figures-\(model.fileName)")
        let study = try Study(model, folder)
        let found = try study.run()
        guard model.isGPT2Small else { return }
        let checks = Published.checks(of: found)
        print(
            "\nAgainst what was published for GPT-2 small; a model that only has its shape differs\n"
                + Check.table(checks))
        if checks.contains(where: { !$0.passes }) { throw ExitCode.failure }
    }
}

/// Two prompts that differ in one word, and what is measured between them.
struct Study {
    let model: Transformer
    let folder: String
    let clean: Run
    let corrupted: Run
    let difference: Metric
    let recovery: Metric

    init(_ model: Transformer, _ folder: String) throws {
        (self.model, self.folder) = (model, folder)
        // The published study of GPT-2 small compares a man with a parent.
        let subject = model.isGPT2Small ? "parent" : "woman"
        clean = try model.run("The \(subject) was working because", caching: .all)
        corrupted = try model.run("The man was working because", caching: .all)
        difference = Metric.logitDifference(" she", " he")
        recovery = try difference.normalized(from: corrupted, to: clean)
    }

    func run() throws -> Found {
        var found = Found()
        print("1. Does the model know the pronoun?")
        found.top = Self.mostLikely(5, after: clean)
        for (token, logit, probability) in found.top {
            print("   \(token)  logit \(decimals(logit, 2))  \(decimals(100 * probability, 2)) %")
        }
        found.clean = try difference.value(of: clean)
        found.corrupted = try difference.value(of: corrupted)
        print(
            "   she − he: clean \(decimals(found.clean, 4)), corrupted "
                + decimals(found.corrupted, 4))

        print("2. At which position and layer is the gender?")
        let stream = try sweep(
            .residPre, by: [.layer, .pos], "patch-residual", "Residual stream patching")

        print("3. Do MLPs or attention layers put it there?")
        try sweep(.mlpOut, by: [.layer, .pos], "patch-mlp", "MLP output patching")
        try sweep(.attnOut, by: [.layer, .pos], "patch-attention", "Attention output patching")

        print("4. Which heads move it?")
        let heads = try sweep(.z, by: [.layer, .head], "patch-heads", "Attention head patching")
        // Late is where half of it is at the end already, so that what heads write is near to words;
        // of GPT-2 small the last quarter was published.
        let late = model.isGPT2Small ? 9 : Self.layerOfArrival(in: stream)
        found.heads = Self.strongest(2, in: heads, from: late)
        print("   strongest heads from layer \(late) on: \(found.heads.joined(separator: ", "))")

        print("5. What do these heads write?")
        // The published head is read in any case.
        let isRead = !model.isGPT2Small || found.heads.contains("L9H7")
        found.written = try singularTokens(of: found.heads + (isRead ? [] : ["L9H7"]))

        print("6. Which neurons?")
        for layer in [4, 5, 7] where layer < model.config.nLayers {
            found.neurons[layer] = try neurons(of: layer)
        }
        return found
    }

    /// Patches one activation after another from the clean into the corrupted run, and draws how
    /// much of the pronoun each restores.
    @discardableResult
    private func sweep(
        _ kind: HookKind, by axes: [Sweep.Axis], _ name: String, _ title: String
    ) throws -> LabelledArray {
        let effects = try Sweep(kind, by: axes, from: clean)
            .measure(recovery, departingFrom: corrupted)
        try draw(Heatmap(effects, style: Heatmap.Style(title: title)), name)
        return effects
    }

    /// The tokens that the heads' strongest singular directions write.
    private func singularTokens(of heads: [String]) throws -> [String: [[String]]] {
        let count = min(6, model.config.dHead)
        let directions = try heads.map { name in
            let (layer, head) = try model.head(named: name)
            return try SingularDirections(.OV(layer: layer, head: head), of: model, vectors: count)
        }
        let table = try SingularTokens(
            model, SingularTokens.Options(directions: count, sides: ["output"])
        ).table("svd-ov", of: directions, axis: Axis("head", labels: heads))
        try draw(HeatmapGrid(table), "svd-ov")
        // For each head, the first direction's tokens of either sign.
        let (ranks, texts) = (table.axes[3].count, table.texts?.values ?? [])
        let columns = heads.indices.map { head in
            (0..<2).map { sign in
                (0..<ranks).map { texts[((head * 2 + sign) * ranks + $0) * count] }
            }
        }
        for (head, signs) in zip(heads, columns) {
            print(
                "   \(head)  + \(signs[0].prefix(6).joined(separator: " "))"
                    + "   − \(signs[1].prefix(6).joined(separator: " "))")
        }
        return Dictionary(uniqueKeysWithValues: zip(heads, columns))
    }

    /// Patches every neuron of a layer, and tells the one that restores the pronoun most and the one
    /// that hinders it most.
    private func neurons(of layer: Int) throws -> (top: String, bottom: String) {
        let effects = try Sweep(.mlpPost, by: [.neuron], from: clean, layers: [layer])
            .measure(recovery, departingFrom: corrupted)
        let style = ScatterPlot.Style(title: "Patched neurons of MLP layer \(layer)")
        try draw(
            ScatterPlot(effects, labelPrefix: "L\(layer)N", style: style),
            "neuron-effects-L\(layer)")
        let values = effects.values.values
        let order = values.indices.sorted { values[$0] > values[$1] }
        let ends = [order[0], order[order.count - 1]].map { index in
            (name: "L\(layer)N\(index)", effect: decimals(Double(values[index]), 4))
        }
        print("   \(ends[0].name) \(ends[0].effect), \(ends[1].name) \(ends[1].effect)")
        return (ends[0].name, ends[1].name)
    }

    private func draw(_ figure: some Figure, _ name: String) throws {
        let path = "\(folder)/\(name).png"
        try figure.write(path)
        print("   \(path)")
    }

    /// The layer before which half of the effect is at the last position.
    private static func layerOfArrival(in stream: LabelledArray) -> Int {
        let count = stream.axes[1].count
        let last = stride(from: count - 1, to: stream.values.count, by: count)
            .map { stream.values.values[$0] }
        return last.firstIndex { $0 >= 0.5 } ?? 0
    }

    /// The heads with the largest effects, from a layer on.
    private static func strongest(
        _ count: Int, in effects: LabelledArray, from layer: Int
    ) -> [String] {
        let (values, heads) = (effects.values.values, effects.axes[1].count)
        let order = values.indices.dropFirst(layer * heads)
            .sorted { abs(values[$0]) > abs(values[$1]) }
        return order.prefix(count).map { "L\($0 / heads)H\($0 % heads)" }
    }

    /// The most likely next tokens.
    private static func mostLikely(
        _ count: Int, after run: Run
    ) -> [(token: String, logit: Double, probability: Double)] {
        guard let logits = run.logits?.rows, logits.count > 0 else { return [] }
        let row = logits[logits.count - 1]
        let total = logSumExp(row)
        return Extremes(of: row, count: count).largest.map { id, logit in
            (run.model.string(of: id), Double(logit), exp(Double(logit) - total))
        }
    }
}

/// What the study found, to compare.
struct Found {
    var top: [(token: String, logit: Double, probability: Double)] = []
    var clean = 0.0
    var corrupted = 0.0
    var heads: [String] = []
    /// By head, the tokens of the first singular direction, either sign.
    var written: [String: [[String]]] = [:]
    var neurons: [Int: (top: String, bottom: String)] = [:]
}

/// What the original study reports for GPT-2 small.
enum Published {
    static let top = [
        (" she", 16.21, 32.86), (" he", 15.74, 20.59), (" of", 14.83, 8.33), (" the", 14.44, 5.60),
        (" they", 14.35, 5.15),
    ]

    static func checks(of found: Found) -> [Check] {
        var checks = zip(top, found.top).enumerated().map { rank, pair in
            let ((token, logit, percent), ours) = pair
            return Check(
                "top \(rank) token", "\(token) \(decimals(logit, 2)) \(decimals(percent, 2)) %",
                "\(ours.token) \(decimals(ours.logit, 2)) \(decimals(100 * ours.probability, 2)) %",
                ours.token == token && abs(ours.logit - logit) < 0.01
                    && abs(100 * ours.probability - percent) < 0.02)
        }
        for (name, published, ours) in [
            ("clean she − he", 0.4678, found.clean),
            ("corrupted she − he", -4.5342, found.corrupted),
        ] {
            checks.append(
                Check(name, decimals(published, 4), decimals(ours, 4), abs(ours - published) < 1e-3)
            )
        }
        checks.append(
            Check(
                "strongest late heads", "L9H7, L10H9", found.heads.joined(separator: ", "),
                Set(found.heads) == ["L9H7", "L10H9"]))
        let first = ["#his", "#He", "his"]
        let columns = found.written["L9H7"] ?? []
        checks.append(
            Check(
                "first direction of L9H7", first.joined(separator: " "),
                columns.map { $0.prefix(3).joined(separator: " ") }.joined(separator: " or "),
                columns.contains { Array($0.prefix(3)) == first }))
        let neurons = [
            ("L5N1777", found.neurons[5]?.top), ("L7N3050", found.neurons[7]?.top),
            ("L4N2814", found.neurons[4]?.bottom),
        ]
        for (name, ours) in neurons {
            let end = name == "L4N2814" ? "most negative neuron" : "top neuron"
            checks.append(
                Check("\(end) of L\(name.dropFirst().prefix(1))", name, ours ?? "", ours == name))
        }
        return checks
    }
}

/// One published value and ours.
struct Check {
    let name: String
    let published: String
    let ours: String
    let passes: Bool

    init(_ name: String, _ published: String, _ ours: String, _ passes: Bool) {
        (self.name, self.published, self.ours, self.passes) = (name, published, ours, passes)
    }

    static func table(_ checks: [Check]) -> String {
        func left(_ text: String, _ width: Int) -> String {
            text + String(repeating: " ", count: max(1, width - text.count))
        }
        return checks.map {
            left($0.name, 28) + left($0.published, 22) + left($0.ours, 24)
                + ($0.passes ? "ok" : "DIFFERS")
        }.joined(separator: "\n")
    }
}

/// A number with a fixed count of decimals.
func decimals(_ value: Double, _ count: Int) -> String {
    NumberText.fixed(value, decimals: count, minus: "-")
}

extension Transformer {
    /// Whether this is GPT-2 small, by its shape and vocabulary.
    var isGPT2Small: Bool {
        config.nLayers == 12 && config.dModel == 768 && config.nHeads == 12
            && config.dVocab == 50257 && tokenizer != nil
    }

    /// The name without what a file's name cannot have.
    var fileName: String {
        String((name.split(separator: "/").last ?? "model").map { $0 == " " ? "-" : $0 })
    }
}
