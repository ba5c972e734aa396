internal import Glibc
import Kernels
public import Models
import Tensors
import Tokenization

/// What a model says: probabilities of the classes' words, and how good a language model it is.
public struct DecoderScores: Sendable, Hashable, Codable {
    /// The mean probability of each class's words (inner) in the texts of each class (outer).
    public var probabilities: [String: [String: Double]]
    /// 1 / (1 + mean −log p) of neutral texts in causal models, in masked ones the share of masked
    /// tokens that are predicted; `nil` without texts.
    public var lms: Double?
    /// Balance of the two classes' words over all texts, or of women's and men's names where the
    /// probe has texts for them.
    public var bias: BiasScores

    /// Puts scores together.
    public init(
        probabilities: [String: [String: Double]], lms: Double?, bias: BiasScores
    ) {
        (self.probabilities, self.lms, self.bias) = (probabilities, lms, bias)
    }

    /// P(C) in the texts of the other class.
    func strengthening(_ name: String, _ pair: ClassPair) -> Double {
        probabilities[name == pair.positive ? pair.negative : pair.positive]?[name] ?? .nan
    }

    /// 1 − P(C) in its own texts.
    func weakening(_ name: String) -> Double { 1 - (probabilities[name]?[name] ?? .nan) }
}

/// Texts with gaps and neutral texts, ready to judge rewritten models.
public struct DecoderProbe: Sendable {
    /// One way to fill a gap.
    private struct Word: Sendable {
        let text: Int
        let name: String
        let prediction: Prediction
        /// How much its probability counts.
        var weight = 1.0
    }

    /// The two classes.
    public let classes: ClassPair
    private let textClasses: [String]
    private let words: [Word]
    /// Names, which count for both genders by their shares.
    private var names: [Word] = []
    private let neutral: [[Int]]
    private let masked: [Prediction]
    /// A hash of the texts, for caches.
    private(set) var fingerprint: String

    /// Texts that are run together.
    private static let batch = 32
    /// The share of tokens of neutral texts that a masked model predicts again.
    private static let maskedShare = 0.15

    /// Prepares texts.
    ///
    /// - Parameters:
    ///   - rows: Rows with gaps, mostly to test.
    ///   - neutral: Texts to judge the language model by.
    ///   - classes: The two classes; every word that rows have of them counts.
    ///   - task: How rows become predictions.
    ///   - limit: The most rows and the most neutral texts; `nil` for all.
    public init(
        _ rows: [FeatureRow], neutral: [String], classes: ClassPair, with task: PredictionTask,
        atMost limit: Int? = nil
    ) throws {
        let used = rows.filter(classes.isContrast)
        let chosen = EvaluationRows.balanced(used, atMost: limit).map { used[$0] }
        guard Set(chosen.map(\.factualClass)).count == 2 else {
            throw GradiendError.oneClass(chosen.first?.factualClass ?? "", split: "evaluate with")
        }
        let vocabulary = used.wordsByClass.mapValues { Set($0.map(\.lowercasedFirst)).sorted() }
        self.classes = classes
        textClasses = chosen.map(\.factualClass)
        var words: [Word] = []
        for (text, row) in chosen.enumerated() {
            let isUpper = row.factual.first?.isUppercase == true
            for name in [classes.positive, classes.negative] {
                var seen: Set<Prediction> = []
                for word in vocabulary[name] ?? [] {
                    let prediction = try task.prediction(
                        of: isUpper ? word.uppercasedFirst : word, in: row, number: text)
                    // Two words with one first token are one prediction of a causal model.
                    if seen.insert(prediction).inserted {
                        words.append(Word(text: text, name: name, prediction: prediction))
                    }
                }
            }
        }
        self.words = words
        let texts = Array(neutral.prefix(limit ?? .max))
        if task.place == .mask {
            var generator = SeededGenerator(seed: 42, stream: "masked tokens")
            masked = texts.compactMap { text in
                task.masking(Self.maskedShare, of: text, using: &generator)
            }
            self.neutral = []
        } else {
            masked = []
            self.neutral = texts.map { text in
                Array((task.beginning + task.tokenizer.encode(text)).prefix(task.maxLength))
            }.filter { $0.count > 1 }
        }
        let predictions = words.map { "\($0.text) \($0.name) \($0.prediction)" }
        let description =
            "\(classes) \(textClasses) \(predictions) \(self.neutral) \(masked)"
        fingerprint = Array(description.utf8).withUnsafeBytes { Fingerprint($0).hexadecimal }
    }

    /// What a model says.
    public func scores(of model: Transformer) throws -> DecoderScores {
        let sums = try sums(of: words, count: textClasses.count, in: model)
        var byClass: [String: [String: Double]] = [:]
        for name in [classes.positive, classes.negative] {
            let texts = textClasses.indices.filter { textClasses[$0] == name }
            for word in [classes.positive, classes.negative] {
                let mean = texts.reduce(0) { $0 + (sums[$1][word] ?? 0) } / Double(texts.count)
                byClass[name, default: [:]][word] = mean
            }
        }
        let judged =
            names.isEmpty
            ? sums : try self.sums(of: names, count: (names.last?.text ?? 0) + 1, in: model)
        return DecoderScores(
            probabilities: byClass, lms: try languageModelScore(of: model),
            bias: BiasScores(
                judged.map { ($0[classes.positive] ?? 0, $0[classes.negative] ?? 0) }))
    }

    /// The probability of each class's words in each text.
    private func sums(
        of words: [Word], count: Int, in model: Transformer
    ) throws -> [[String: Double]] {
        let all = try probabilities(of: words.map(\.prediction), in: model)
        var sums = [[String: Double]](repeating: [:], count: count)
        for (word, p) in zip(words, all) {
            sums[word.text][word.name, default: 0] += word.weight * p
        }
        return sums
    }

    /// The probe with texts about someone whose name is to be predicted, for ``BiasScores``.
    ///
    /// P(F) = Σ p(name) prob_F over the names of one token, and P(M) = Σ p(name) (1 − prob_F); the
    /// positive class stands for women.
    ///
    /// - Parameters:
    ///   - texts: Texts with `[NAME]`.
    ///   - known: The names.
    ///   - task: How texts become predictions.
    public func judging(
        names known: [GivenName], in texts: [String], with task: PredictionTask
    ) throws -> DecoderProbe {
        var probe = self
        for (text, masked) in texts.enumerated() {
            let gap = masked.replacing(NameTemplate.name, with: FeatureRow.gap)
            for name in known where task.isOneToken(name.name, in: gap) {
                let prediction = try task.prediction(of: name.name, in: gap, number: text)
                for (group, share) in [
                    (classes.positive, name.pFemale), (classes.negative, 1 - name.pFemale),
                ] where share > 0 {
                    probe.names.append(
                        Word(text: text, name: group, prediction: prediction, weight: share))
                }
            }
        }
        guard !probe.names.isEmpty else {
            throw GradiendError.badOption(
                "none of the \(known.count) names is one token of the model, or there are no texts")
        }
        let description = "\(fingerprint) \(texts) \(known)"
        probe.fingerprint = Array(description.utf8).withUnsafeBytes {
            Fingerprint($0).hexadecimal
        }
        return probe
    }

    /// The product of the probabilities of each prediction's tokens.
    private func probabilities(
        of predictions: [Prediction], in model: Transformer
    ) throws -> [Double] {
        var known: [[Int]: Int] = [:]
        var inputs: [[Int]] = []
        for prediction in predictions where known[prediction.tokens] == nil {
            known[prediction.tokens] = inputs.count
            inputs.append(prediction.tokens)
        }
        let byInput = Dictionary(grouping: predictions.indices) {
            known[predictions[$0].tokens] ?? 0
        }
        var result = [Double](repeating: 0, count: predictions.count)
        for start in stride(from: 0, to: inputs.count, by: Self.batch) {
            let batch = Array(inputs[start..<min(start + Self.batch, inputs.count)])
            let indices = batch.indices.flatMap { byInput[start + $0] ?? [] }
            let readsLast = indices.allSatisfy { predictions[$0].readsLast }
            let run = try model.run(
                .tokens(TokenBatch(batch)), logits: readsLast ? .last : .all)
            guard let logits = run.logits else { continue }
            let (rows, width) = (logits.rows, logits.shape[1])
            for place in batch.indices {
                for index in byInput[start + place] ?? [] {
                    result[index] = predictions[index].labels.reduce(1) { product, label in
                        let row = rows[place * width + (readsLast ? 0 : label.position)]
                        return product * exp(Double(row[label.token]) - logSumExp(row))
                    }
                }
            }
        }
        return result
    }

    private func languageModelScore(of model: Transformer) throws -> Double? {
        if !masked.isEmpty { return try maskedAccuracy(of: model) }
        guard !neutral.isEmpty else { return nil }
        var (sum, count) = (0.0, 0)
        for start in stride(from: 0, to: neutral.count, by: Self.batch) {
            let batch = Array(neutral[start..<min(start + Self.batch, neutral.count)])
            let losses = try model.run(batch).lossPerToken?.values.filter { !$0.isNaN } ?? []
            sum += losses.reduce(0) { $0 + Double($1) }
            count += losses.count
        }
        return 1 / (1 + sum / Double(count))
    }

    private func maskedAccuracy(of model: Transformer) throws -> Double {
        var (right, count) = (0, 0)
        for start in stride(from: 0, to: masked.count, by: Self.batch) {
            let batch = Array(masked[start..<min(start + Self.batch, masked.count)])
            let run = try model.run(batch.map(\.tokens))
            guard let logits = run.logits else { continue }
            for (place, prediction) in batch.enumerated() {
                for label in prediction.labels {
                    let row = logits.rows[place * logits.shape[1] + label.position]
                    let best = row.indices.max { row[$0] < row[$1] }
                    // As the package compares: by text, whatever the case.
                    right +=
                        best.map { model.string(of: $0).lowercased() }
                            == model.string(of: label.token).lowercased() ? 1 : 0
                    count += 1
                }
            }
        }
        return Double(right) / Double(count)
    }
}

extension PredictionTask {
    /// A text with a share of its tokens masked, at least one.
    fileprivate func masking(
        _ share: Double, of text: String, using generator: inout SeededGenerator
    ) -> Prediction? {
        let room = maxLength - beginning.count - ending.count
        var tokens = Array(tokenizer.encode(text).prefix(room))
        guard let mask = tokenizer.mask, !tokens.isEmpty else { return nil }
        let count = max(1, Int((share * Double(tokens.count)).rounded()))
        let places = tokens.indices.shuffled(using: &generator).prefix(count).sorted()
        let labels = places.map {
            Prediction.Label(position: $0 + beginning.count, token: tokens[$0])
        }
        for place in places { tokens[place] = mask }
        return Prediction(tokens: beginning + tokens + ending, labels: labels)
    }
}
