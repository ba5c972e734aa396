public import Models
import Tensors

/// Texts with gaps and texts of ordinary language, ready to judge rewritten models.
public struct DecoderProbe: Sendable {
    /// The two classes.
    public let classes: ClassPair
    /// Which words count for a class.
    public let counting: WordCounting
    /// What the language model's score is measured on.
    public let languageModelTexts: LanguageModelTexts.Origin
    /// Whom ``BiasScores`` compare: the classes, or ``names`` where names are judged.
    public private(set) var groups: ClassPair

    /// Women and men as the first and the second group, whatever the classes are called.
    public static let names = ClassPair(positive: "F", negative: "M")

    private let textClasses: [String]
    private let gaps: GapTexts
    private let language: LanguageModelTexts
    private var names: NameTexts?

    /// Prepares texts.
    ///
    /// - Parameters:
    ///   - rows: Rows with gaps, mostly to test.
    ///   - neutral: Texts to judge the language model by; if there are none, the rows' texts with
    ///     their words filled in, in which the classes' words are not predicted.
    ///   - classes: The two classes.
    ///   - task: How rows become predictions.
    ///   - counting: Which words count; unless given, all of a class, and where the classes share
    ///     words each row's own.
    ///   - limit: The most rows and the most texts for the language model; `nil` for all.
    /// - Throws: ``GradiendError``, such as for classes whose shared words were to be added up.
    public init(
        _ rows: [FeatureRow], neutral: [String] = [], classes: ClassPair,
        with task: PredictionTask, counting: WordCounting? = nil, atMost limit: Int? = nil
    ) throws {
        let used = rows.filter(classes.isContrast)
        guard !used.isEmpty else { throw GradiendError.noRows(between: classes, in: rows) }
        let chosen = EvaluationRows.balanced(used, atMost: limit).map { used[$0] }
        guard Set(chosen.map(\.factualClass)).count == 2 else {
            throw GradiendError.oneClass(chosen.first?.factualClass ?? "", split: "evaluate with")
        }
        let words = ClassWords(used, classes)
        self.classes = classes
        groups = classes
        textClasses = chosen.map(\.factualClass)
        (gaps, self.counting) = try Self.gaps(of: chosen, words, classes, counting, task)
        language =
            neutral.isEmpty
            ? try LanguageModelTexts(
                chosen.map(\.text).withoutRepeats, .rows,
                ignoring: words.tokens(in: task.tokenizer), with: task)
            : try LanguageModelTexts(
                Array(neutral.prefix(limit ?? .max)), .neutral, with: task)
        languageModelTexts = language.origin
    }

    /// The words of each row's gap, and how they count.
    private static func gaps(
        of rows: [FeatureRow], _ words: ClassWords, _ classes: ClassPair,
        _ counting: WordCounting?, _ task: PredictionTask
    ) throws -> (GapTexts, WordCounting) {
        if counting != .rows {
            let texts = try rows.enumerated().map { number, row in
                func predictions(_ list: [String]) throws -> [Prediction] {
                    try list.map { word in
                        try task.prediction(
                            of: words.form(of: word, in: row), in: row, number: number)
                    }
                }
                return (
                    positive: try predictions(words.positive),
                    negative: try predictions(words.negative)
                )
            }
            // One token for words of both classes is shared as one word is.
            let shared = texts.contains { !Set($0.positive).isDisjoint(with: $0.negative) }
            if !shared { return (GapTexts(texts), .classes) }
            guard counting == nil else {
                throw GradiendError.badOption(
                    "\(classes.positive) and \(classes.negative) have words or first tokens in "
                        + "common, which sums over all words would count for both; count each "
                        + "row's own words")
            }
        }
        let texts = try rows.enumerated().map { number, row in
            let contrast = try task.contrast(row, number: number)
            let isPositive = row.factualClass == classes.positive
            return (
                positive: [isPositive ? contrast.factual : contrast.alternative],
                negative: [isPositive ? contrast.alternative : contrast.factual]
            )
        }
        return (GapTexts(texts), .rows)
    }

    /// The probe with texts about someone whose name is to be predicted.
    ///
    /// ``BiasScores`` then compare women's names with men's instead of the classes' words; what is
    /// said of the classes stays as it is. ``groups`` become ``names``, F and M, so that whatever
    /// a feature's classes are called, and whichever of them is the positive one, F is of women.
    ///
    /// - Parameters:
    ///   - known: The names, each for both groups by its share of women.
    ///   - texts: Texts with `[NAME]`.
    ///   - task: How texts become predictions.
    public func judging(
        names known: [GivenName], in texts: [String], with task: PredictionTask
    ) throws -> DecoderProbe {
        var probe = self
        probe.names = try NameTexts(known, in: texts, with: task)
        probe.groups = Self.names
        return probe
    }

    /// What a model says.
    public func scores(of model: Transformer) throws -> DecoderScores {
        let said = try gaps.probabilities(in: model)
        var byClass: [String: [String: Double]] = [:]
        for name in [classes.positive, classes.negative] {
            let texts = zip(textClasses, said).filter { $0.0 == name }.map(\.1)
            let scores = BiasScores(texts)
            byClass[name] = [classes.positive: scores.first, classes.negative: scores.second]
        }
        return DecoderScores(
            probabilities: byClass, lms: try language.score(of: model),
            bias: BiasScores(try names?.probabilities(in: model) ?? said))
    }

    /// A hash of all that is read and how, for caches.
    var fingerprint: Fingerprint {
        var hash = Fingerprint(of: "\(classes) \(counting) \(language.origin) \(textClasses)")
        for input in gaps.inputs { hash.add(input) }
        for word in gaps.words {
            hash.add([word.text, word.input, word.isPositive ? 1 : 0])
            hash.add(word.labels.flatMap { [$0.position, $0.token] })
        }
        for prediction in language.predictions + (names?.texts ?? []) {
            hash.add(prediction.tokens)
            hash.add(prediction.labels.flatMap { [$0.position, $0.token] })
        }
        if let names {
            hash.add(names.tokens)
            hash.add(names.shares)
        }
        return hash
    }
}

extension [String] {
    /// Each text once, where it comes first.
    fileprivate var withoutRepeats: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
