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

    private func evaluation(
        _ step: Int, _ r: Double?, _ she: Double, _ he: Double
    ) -> TrainingEvaluation {
        TrainingEvaluation(
            step: step, correlation: r, classes: ["she": .init([she]), "he": .init([he])],
            loss: nil, encoderNorm: 1, decoderNorm: 1)
    }

    /// Correlation ignores scale: of equal ones the wider counts, and never the untrained numbers.
    @Test func convergence() {
        let (rule, pair) = (ConvergenceRule(), ClassPair(positive: "she", negative: "he"))
        #expect(rule.isMet(by: evaluation(10, 0.9, 0.6, -0.7), pair))
        #expect(!rule.isMet(by: evaluation(0, 0.9, 0.6, -0.7), pair))
        #expect(!rule.isMet(by: evaluation(10, 1, 0.09, -0.04), pair))
        #expect(!rule.isMet(by: evaluation(10, 0.9, 0.9, 0.6), pair))
        #expect(!rule.isMet(by: evaluation(10, nil, 0.9, -0.6), pair))
        // Learnt the other way round.
        #expect(rule.isMet(by: evaluation(10, -0.9, -0.6, 0.7), pair))
        #expect(!rule.isMet(by: evaluation(10, -0.4, -0.6, 0.7), pair))
    }

    /// A run whose sign is left alone is as good as one whose sign is turned.
    @Test(arguments: [0, 1, 2, 3] as [UInt64]) func theSignHasNoSay(_ seed: UInt64) throws {
        func record(_ normalizes: Bool) throws -> TrainingRecord {
            try #require(
                train(
                    options {
                        ($0.seed, $0.maxSeeds, $0.normalizesSign) = (seed, 1, normalizes)
                    }
                ).feature.record)
        }
        let (turned, left) = (try record(true), try record(false))
        #expect(turned.converged && left.converged && !left.wasFlipped)
        #expect(turned.best == left.best)
        let (a, b) = (turned.bestEvaluation?.correlation, left.bestEvaluation?.correlation)
        #expect(abs(abs(try #require(a)) - abs(try #require(b))) < 1e-4)
        #expect(try #require(a) > 0.5 && (turned.wasFlipped == (try #require(b) < 0)))
    }

    /// However low the bound, what converged has the right sign where signs are normalised: this
    /// run comes to r = −0.18 with its means on either side of 0.
    @Test func whatConvergedHasTheRightSign() throws {
        func record(_ normalizes: Bool) throws -> TrainingRecord {
            try #require(
                train(
                    options {
                        ($0.convergence.correlation, $0.convergence.mean) = (0, 0)
                        ($0.maxSteps, $0.evaluateEvery, $0.learningRate) = (3, 1, 1e-4)
                        ($0.seed, $0.maxSeeds, $0.normalizesSign) = (8, 1, normalizes)
                    }
                ).feature.record)
        }
        let (turned, left) = (try record(true), try record(false))
        let (r, other) = (turned.bestEvaluation?.correlation, left.bestEvaluation?.correlation)
        #expect(turned.converged && turned.wasFlipped && left.converged)
        #expect(try #require(r) > 0.1 && #require(other) < -0.1)
    }

    /// The paper's recipe: a step for each text, an evaluation after the first, all seeds run.
    @Test func thePapersRecipe() throws {
        var options = TrainingOptions.paper
        (options.batchSize, options.learningRate) = (8, 1e-2)
        #expect(options.evaluateEvery == 250 && options.minConvergentSeeds == 3)
        let outcome = try train(options)
        #expect(outcome.runs.map(\.seed) == [0, 1, 2])
        for run in outcome.runs {
            #expect(run.steps == 64 && run.evaluations.map(\.step) == [1, 64])
            #expect(run.best == 1 && run.bestEpoch == 0)
        }
        // Rows of one template are one text, whatever stands in it.
        let model = try SmallTask.model()
        var rows = SmallTask.rows()
        for index in rows.indices { rows[index].template = "\(index % 20)" }
        let training = try FeatureTraining(
            of: rows, with: PredictionTask(for: model), in: model, options)
        #expect(training.stepsPerEpoch == 20 && training.stepCount == 20)
    }

    /// Rows beyond a limit for each direction are left out, of training and of evaluations.
    @Test func limits() throws {
        let outcome = try train(
            options {
                ($0.trainingRowsPerDirection, $0.evaluationRowsPerDirection) = (10, 3)
                ($0.epochs, $0.maxSteps, $0.maxSeeds) = (2, nil, 1)
            })
        let record = try #require(outcome.feature.record)
        // One full batch of 8 for each of two directions.
        #expect(record.steps == 4 && record.stepsPerEpoch == 2 && record.bestEpoch == 1)
        #expect(record.evaluations[0].classes.values.allSatisfy { $0.n == 3 })
    }
}
