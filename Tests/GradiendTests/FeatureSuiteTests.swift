import Gradiend
import Models
import TestSupport
import Testing

/// Features of several pairs of classes.
@Suite struct FeatureSuiteTests {
    @Test func everyPairHasItsFeature() throws {
        let model = try SmallTask.model()
        let task = try PredictionTask(for: model)
        // Three classes of one word each, all directions.
        let words = ["she": "she", "he": "he", "cat": "cat"]
        let rows = SmallTask.rows(16).flatMap { row -> [FeatureRow] in
            let others = words.keys.filter { $0 != row.factualClass }.sorted()
            let made = others.map { other in
                FeatureRow(
                    masked: row.masked, split: row.split, classes: (row.factualClass, other),
                    words: (row.factual, words[other] ?? ""))
            }
            return made
                + made.filter { $0.alternativeClass == "cat" }.map {
                    FeatureRow(
                        masked: $0.masked, split: $0.split, classes: ("cat", $0.factualClass),
                        words: ("cat", $0.factual))
                }
        }
        var options = TrainingOptions()
        (options.batchSize, options.learningRate, options.maxSteps) = (8, 1e-2, 40)
        (options.epochs, options.evaluateEvery) = (100, 10)
        let suite = try FeatureSuite(of: rows, with: task, in: model, options)
        #expect(
            suite.outcomes.map { "\($0.classes.positive) \($0.classes.negative)" } == [
                "cat he", "cat she", "he she",
            ])
        let judged = try rows.of(.validation)
        let encoding = try suite.crossEncoding(of: judged, with: task, in: model)
        let matrix = encoding.matrix(.difference)
        for pair in matrix.indices {
            #expect(matrix[pair][pair] > 1.5)
            #expect(matrix[pair].allSatisfy { $0 <= 2 })
        }
        try expectMeans(suite, encoding, judged, task, model)
    }

    /// The matrices are those of the rows one by one, and of each other.
    private func expectMeans(
        _ suite: FeatureSuite, _ encoding: CrossEncoding, _ rows: [FeatureRow],
        _ task: PredictionTask, _ model: Transformer
    ) throws {
        let (positive, negative) = (encoding.matrix(.positive), encoding.matrix(.negative))
        let divided = encoding.matrix(.positive, dividingByDiagonal: true)
        for (i, entry) in suite.outcomes.enumerated() {
            let feature = entry.outcome.feature
            for (j, other) in suite.outcomes.enumerated() {
                // The source is the alternative word's gradient, so the class is that word's.
                let direct = rows.filter {
                    $0.alternativeClass == other.classes.positive
                        && $0.factualClass == other.classes.negative
                }
                let h = try feature.encode(task.contrasts(direct), in: model)
                let mean = h.reduce(0, +) / Double(h.count)
                #expect(feature.source == .alternative && !h.isEmpty)
                #expect(abs(mean - positive[i][j]) < 1e-12)
                #expect(abs(divided[i][j] * positive[i][i] - positive[i][j]) < 1e-12)
                #expect(
                    encoding.matrix(.difference)[i][j] == positive[i][j] - negative[i][j])
            }
            #expect(divided[i][i] == 1 && negative[i][i] < -0.5)
        }
        // One row of each direction is enough, none is not.
        let few = try CrossEncoding(
            of: suite.outcomes.map(\.outcome.feature), on: rows, with: task, in: model, atMost: 1)
        #expect(few.means.joined().allSatisfy { $0.positive.isFinite && $0.negative.isFinite })
        #expect(throws: GradiendError.self) {
            try suite.crossEncoding(
                of: rows.filter { $0.factualClass != "cat" }, with: task, in: model)
        }
        var unnamed = suite.outcomes[0].outcome.feature
        unnamed.classes = nil
        #expect(throws: GradiendError.self) {
            try CrossEncoding(of: [unnamed], on: rows, with: task, in: model)
        }
    }
}
