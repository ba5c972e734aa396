public import Models
import Tensors
import Tokenization

/// A base prompt and two alternatives that differ in one word, as tokens.
public struct NeuronPrompt: Sendable {
    /// The word in the slot.
    public let word: Profession
    /// The template's place in the study.
    public let template: Int
    /// The texts: base, man, woman.
    public let texts: [String]
    /// The tokens of each.
    public let tokens: [[Int]]
    /// Where the word, or the last of its tokens, stands in each.
    public let positions: [Int]
    /// The tokens of both candidates.
    public let candidates: [[Int]]

    /// Puts a prompt together.
    public init(
        word: Profession, template: Int = 0, texts: [String] = ["", "", ""], tokens: [[Int]],
        positions: [Int], candidates: [[Int]]
    ) {
        precondition(
            tokens.count == 3 && positions.count == 3, "a prompt has a base and two alternatives")
        (self.word, self.template, self.texts) = (word, template, texts)
        (self.tokens, self.positions, self.candidates) = (tokens, positions, candidates)
    }
}

/// The prompts of a study in a model's tokens, and the words that were left out.
public struct NeuronPrompts: Sendable {
    /// The prompts, template by template.
    public private(set) var prompts: [NeuronPrompt] = []
    /// The words left out, each with the reason, once however many templates there are.
    public private(set) var skipped: [(word: String, reason: String)] = []

    /// Why a word cannot be used in a template.
    private typealias Failure = (template: Int, reason: String)

    /// The words with the reasons, and in which templates if they count in others.
    private static func skipped(
        _ words: [Profession], _ failures: [String: [Failure]], templates count: Int
    ) -> [(word: String, reason: String)] {
        words.compactMap { word in
            guard let failed = failures[word.name], let last = failed.last else { return nil }
            if failed.count >= count { return (word: word.name, reason: last.reason) }
            let numbers = failed.map { String($0.template + 1) }.joined(separator: ", ")
            let what = failed.count == 1 ? "template" : "templates"
            return (word: word.name, reason: "\(last.reason), in \(what) \(numbers) only")
        }
    }

    /// The tokens of both candidates.
    private static func candidates(
        of study: MediationStudy, in model: Transformer
    ) throws -> [[Int]] {
        let candidates = try [study.candidates.first, study.candidates.second].map {
            try model.candidate($0)
        }
        guard candidates[0] != candidates[1] else {
            throw MediationError.badText(
                "the candidates \(quoted(study.candidates.first)) and "
                    + "\(quoted(study.candidates.second)) are the same tokens; choose two that "
                    + "differ")
        }
        return candidates
    }

    /// What happens to words of several tokens.
    public enum SeveralTokens: String, Sendable, CaseIterable {
        /// They are left out.
        case skip
        /// The intervention is at their last token.
        case align
    }

    /// Splits a study's prompts.
    ///
    /// - Parameters:
    ///   - study: Words, templates, fillers, candidates.
    ///   - model: A model with a tokenizer.
    ///   - templates: Which of the study's templates; `nil` for all.
    ///   - several: What happens to words of several tokens.
    ///   - prependBOS: Whether the beginning-of-text token comes first; the published study has
    ///     none.
    /// - Throws: ``MediationError/nothingLeft(_:)``, ``MediationError/badText(_:)`` for fillers
    ///   that cannot be used.
    public init(
        _ study: MediationStudy, in model: Transformer, templates: [Int]? = nil,
        several: SeveralTokens = .skip, prependBOS: Bool = false
    ) throws {
        let candidates = try Self.candidates(of: study, in: model)
        let splitter = SlotSplitter(
            model: model, prependBOS: prependBOS,
            room: candidates.map(\.count).max().map { $0 > 1 ? $0 : 0 } ?? 0)
        var failures: [String: [Failure]] = [:]
        let chosen = templates ?? Array(study.templates.indices)
        for index in chosen {
            guard study.templates.indices.contains(index) else {
                throw MediationError.badText(
                    "there is no template \(index + 1); they are 1 to \(study.templates.count)")
            }
            let template = study.templates[index]
            let alternatives = try [study.fillers.man, study.fillers.woman].map { filler in
                switch try splitter.split(template, filler) {
                case .success(let split) where split.count == 1 || several == .align: split
                case .success(let split):
                    throw MediationError.badText(
                        "the filler \(quoted(filler)) is \(split.count) tokens in "
                            + "\(quoted(template.description)); choose one of one token, or "
                            + "--several-tokens align"
                    )
                case .failure(let error): throw MediationError.badText(error.reason)
                }
            }
            for word in study.words {
                switch try splitter.split(template, word.text) {
                case .success(let split) where split.count == 1 || several == .align:
                    let splits = [split] + alternatives
                    prompts.append(
                        NeuronPrompt(
                            word: word, template: index, texts: splits.map(\.text),
                            tokens: splits.map(\.tokens), positions: splits.map(\.position),
                            candidates: candidates))
                case .success(let split):
                    let reason = "\(split.count) tokens (\(split.pieces))"
                    failures[word.name, default: []].append((index, reason))
                case .failure(let error):
                    failures[word.name, default: []].append((index, error.reason))
                }
            }
        }
        skipped = Self.skipped(study.words, failures, templates: chosen.count)
        guard !prompts.isEmpty else {
            throw MediationError.nothingLeft(
                "no prompt is left: all \(study.words.count) words were skipped"
                    + (skipped.first.map { ", such as \($0.word): \($0.reason)" } ?? "")
                    + "; see --several-tokens")
        }
    }
}

/// Finds the slot's tokens.
struct SlotSplitter {
    let model: Transformer
    let prependBOS: Bool
    /// The tokens that candidates of several take behind a prompt.
    let room: Int

    struct Split {
        let text: String
        let tokens: [Int]
        /// The position of the slot's last token.
        let position: Int
        /// How many tokens the slot has.
        let count: Int
        /// The slot's tokens as text.
        let pieces: String
    }

    struct NoSlot: Error {
        let reason: String
    }

    /// The tokens of a template with a word in its slot.
    func split(_ template: Template, _ word: String) throws -> Result<Split, NoSlot> {
        let text = template.filled(with: word)
        let tokens = try model.tokens(text, prependBOS: prependBOS)
        guard tokens.count + room <= model.config.nCtx else {
            return .failure(
                NoSlot(
                    reason: "\(quoted(text)) has \(tokens.count) tokens"
                        + (room > 0 ? " and a candidate up to \(room)" : "")
                        + ", but the model's context is \(model.config.nCtx)"))
        }
        let start = try model.tokens(
            String(template.before.reversed().drop { $0 == " " }.reversed()),
            prependBOS: prependBOS)
        let end = try model.tokens(template.beginning(with: word), prependBOS: prependBOS)
        // A token must not run across the slot's ends.
        guard end.count > start.count, tokens.starts(with: end), end.starts(with: start) else {
            return .failure(
                NoSlot(
                    reason: "in \(quoted(text)) a token runs across the slot's end"))
        }
        return .success(
            Split(
                text: text, tokens: tokens, position: end.count - 1,
                count: end.count - start.count,
                pieces: end[start.count...].map(model.string).joined(separator: "|")))
    }
}

extension Transformer {
    /// The tokens of a candidate as they follow a word.
    func candidate(_ text: String) throws -> [Int] {
        guard !config.isMasked else {
            throw MediationError.badText(
                "\(name) is a masked-language model, which does not continue texts; give one that "
                    + "does, such as gpt2")
        }
        let ids = try tokens(text.hasPrefix(" ") ? text : " " + text, prependBOS: false)
        guard !ids.isEmpty, !text.trimmed.isEmpty else {
            throw MediationError.badText("a candidate is empty; give a word")
        }
        return ids
    }
}

extension NeuronPrompts {
    /// Some of the prompts, evenly from the first to the last; all if there are no more.
    public func spread(over count: Int) -> NeuronPrompts {
        precondition(count > 0, "\(count) prompts")
        var some = self
        if count < prompts.count {
            some.prompts = (0..<count).map { prompts[$0 * prompts.count / count] }
        }
        return some
    }

    /// The prompts that a selection counts: of words with a bias that are not gendered by
    /// definition, after which both candidates have some probability.
    ///
    /// - Throws: ``MediationError/nothingLeft(_:)``.
    public func selectable(
        in model: Transformer, leastScore: Double = 0.01
    ) throws -> [NeuronPrompt] {
        let kept = try prompts.filter { prompt in
            guard prompt.word.isNotDefinitional, prompt.word.total != 0 else { return false }
            let scores = try CandidateRun(
                context: prompt.tokens[0], candidates: prompt.candidates, in: model,
                caching: .none
            ).scores
            return min(scores.first, scores.second) > leastScore
        }
        guard !kept.isEmpty else {
            throw MediationError.nothingLeft(
                "no prompt is left of \(prompts.count): words need a bias, must not be gendered by "
                    + "definition, and both candidates need a probability above \(leastScore)")
        }
        return kept
    }
}
