import Gradiend
import Models
import Tensors
import TestSupport
import Testing

/// Learning a feature on a tiny model, and what is refused before it begins.
@Suite struct FeatureTrainingTests {
    private func options(_ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
        var options = TrainingOptions()
        options.batchSize = 8
        options.learningRate = 1e-2
        options.maxSteps = 40
        options.epochs = 100
        options.evaluateEvery = 10
        change(&options)
        return options
    }

    private func train(_ options: TrainingOptions) throws -> TrainingOutcome {
        let model = try SmallTask.model()
        return try FeatureTraining(
            of: SmallTask.rows(), with: PredictionTask(for: model), in: model, options
        ).run()
    }

    @Test(arguments: Signal.allCases) func aFeatureIsLearnt(_ source: Signal) throws {
        let outcome = try train(
            options {
                $0.source = source
                // Differences have no part that is common to both words, and learn faster.
                if source == .diff { $0.learningRate = 3e-3 }
                $0.prePruning = PrePruning(.share(0.5))
                $0.postPruning = PostPruning(.share(0.1))
            })
        let feature = outcome.feature
        let record = try #require(feature.record)
        let best = try #require(record.bestEvaluation)
        #expect(outcome.converged && best.step > 0)
        #expect(best.correlation ?? 0 > 0.99)
        let means = ["she", "he"].map { best.meanByClass[$0] ?? 0 }
        #expect(means[0] > 0.5 && means[1] < -0.5)
        // Half of all, rounded up, and a tenth of these, rounded up.
        let all = try ParameterMap(of: SmallTask.model()).count
        let half = (all + 1) / 2
        #expect(feature.map.count == (half + 9) / 10)
        #expect(feature.neuron.count == feature.map.count)
    }

    @Test func theSameSeedGivesTheSameFeature() throws {
        let some = options { $0.maxSteps = 6 }
        let (a, b) = (try train(some).feature, try train(some).feature)
        #expect(a.neuron.encoderWeight.values == b.neuron.encoderWeight.values)
        let changed = options {
            $0.maxSteps = 6
            $0.seed = 9
        }
        let other = try train(changed).feature
        #expect(a.neuron.encoderWeight.values != other.neuron.encoderWeight.values)
    }

    /// Runs follow each other until one converges; the best is kept.
    @Test func seeds() throws {
        let hopeless = try train(
            options {
                $0.learningRate = 1e-9
                $0.maxSteps = 2
                $0.maxSeeds = 2
            })
        #expect(hopeless.runs.map(\.seed) == [0, 1] && !hopeless.converged)
        #expect(hopeless.runs.allSatisfy { $0.evaluations.first?.step == 0 && $0.best == 1 })
        #expect(try train(options { $0.maxSeeds = 3 }).runs.count == 1)
    }

    @Test func mistakesAreToldBeforeTraining() throws {
        let rows = SmallTask.rows()
        func error(
            _ rows: [FeatureRow], _ change: (inout TrainingOptions) -> Void = { _ in }
        ) -> GradiendError? {
            do {
                let model = try SmallTask.model()
                _ = try FeatureTraining(
                    of: rows, with: PredictionTask(for: model), in: model, options(change))
                return nil
            } catch { return error as? GradiendError }
        }
        #expect(error(rows) == nil)
        guard case .oneClass = error(rows.filter { $0.factualClass == "she" }) else {
            Issue.record("one class is enough")
            return
        }
        guard case .tooFewRows(_, 32, 33) = error(rows, { $0.batchSize = 33 }) else {
            Issue.record("a batch of more than all rows")
            return
        }
        guard case .emptySplit = error(rows.filter { $0.split == .train }) else {
            Issue.record("no rows to validate")
            return
        }
        guard case .badOption = error(rows, { $0.learningRate = -1 }) else {
            Issue.record("a negative rate")
            return
        }
        guard case .noParameter = error(rows, { $0.parameters = ["bert.*"] }) else {
            Issue.record("weights of another model")
            return
        }
        var same = rows
        for index in same.indices { same[index].alternative = same[index].factual + "rs" }
        for index in same.indices where same[index].factualClass == "he" {
            same[index].alternative = "she"
        }
        if case .targetNotInVocabulary? = error(same) {
        } else {
            Issue.record("words that begin with one token")
        }
        // What stands behind the gap is not read: every text is the same.
        let unread = rows.map { row in
            var row = row
            row.masked = "[MASK] " + row.masked.replacing(" [MASK]", with: "")
            return row
        }
        guard case .identicalGradients = error(unread) else {
            Issue.record("gradients that do not depend on the text")
            return
        }
    }

    /// Correlation ignores scale: of equal ones the wider counts, and never the untrained numbers.
    @Test func convergence() {
        func evaluation(_ step: Int, _ r: Double?, _ she: Double, _ he: Double)
            -> TrainingEvaluation
        {
            TrainingEvaluation(
                step: step, correlation: r, meanByClass: ["she": she, "he": he], loss: nil,
                encoderNorm: 1, decoderNorm: 1)
        }
        let (rule, pair) = (ConvergenceRule(), ClassPair(positive: "she", negative: "he"))
        #expect(rule.isMet(by: evaluation(10, 0.9, 0.6, -0.7), pair))
        #expect(!rule.isMet(by: evaluation(0, 0.9, 0.6, -0.7), pair))
        #expect(!rule.isMet(by: evaluation(10, 1, 0.09, -0.04), pair))
        #expect(!rule.isMet(by: evaluation(10, 0.9, 0.9, 0.6), pair))
        #expect(!rule.isMet(by: evaluation(10, nil, 0.9, -0.6), pair))
    }
}
