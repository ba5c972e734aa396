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
        let matrix = try suite.crossEncoding(
            of: rows.of(.validation), with: task, in: model)
        for pair in matrix.indices {
            #expect(matrix[pair][pair] > 1.5)
            #expect(matrix[pair].allSatisfy { $0 <= 2 })
        }
    }
}
