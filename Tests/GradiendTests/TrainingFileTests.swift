import Foundation
import Gradiend
import Models
import Tensors
import TestSupport
import Testing

/// What training writes beside the numbers, and what of it is used again.
@Suite struct TrainingFileTests {
    private func training(
        _ change: (inout TrainingOptions) -> Void = { _ in }, rows: [FeatureRow] = SmallTask.rows()
    ) throws -> FeatureTraining {
        var options = TrainingOptions()
        (options.batchSize, options.learningRate, options.maxSteps) = (8, 1e-2, 20)
        (options.epochs, options.evaluateEvery, options.reuse) = (100, 10, .sameSettings)
        change(&options)
        let model = try SmallTask.model()
        return try FeatureTraining(
            of: rows, with: PredictionTask(for: model), in: model, options)
    }

    private func object(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    /// The package's fields; the epoch is that of the best step.
    @Test func trainingFile() throws {
        try Repository.withTemporaryFolder { folder in
            let outcome = try training().run()
            try outcome.feature.save(to: folder, from: outcome)
            let file = try object(Repository.bytes("\(folder)/training.json"))
            let best = try #require(file["best_score_checkpoint"] as? [String: Any])
            let record = try #require(outcome.feature.record)
            let step = try #require(record.bestEvaluation).step
            // Four batches of each of two directions.
            #expect(record.stepsPerEpoch == 8)
            #expect(best["epoch"] as? Int == (step - 1) / 8 && best["global_step"] as? Int == step)
            let stats = try #require(file["training_stats"] as? [String: Any])
            for name in ["mean", "min", "max", "q1", "q3", "std", "n"] {
                let table = try #require(stats["\(name)_by_class"] as? [String: [String: Double]])
                #expect(table.count == 3 && table["20"]?.keys.sorted() == ["-1.0", "1.0"])
                #expect(stats["\(name)_by_feature_class"] is [String: [String: Double]])
            }
            #expect((file["training_args"] as? [String: Any])?.count == 83)
            let read = try Feature(folder: folder)
            #expect(read.record == record && read.marked("a") == "a")
        }
    }

    @Test func seedReport() throws {
        let outcome = try training {
            ($0.learningRate, $0.maxSteps, $0.maxSeeds) = (1e-9, 2, 2)
        }.run()
        let report = try object(outcome.seedReport(folders: [1: "out/seeds/seed_1"]))
        #expect(
            report["seeds_tried"] as? [Int] == [0, 1] && report["convergent_count"] as? Int == 0)
        #expect(report["early_stop_reason"] is NSNull)
        #expect(report["best_seed_selection_strategy"] as? String == "highest_correlation_fallback")
        let runs = try #require(report["runs"] as? [[String: Any]])
        #expect(runs.map { $0["output_dir"] as? String } == [nil, "out/seeds/seed_1"])
        #expect(runs.allSatisfy { $0["converged"] as? Bool == false && $0.count == 16 })
        #expect(outcome.feature.marked("she") == "she †")
        #expect(throws: GradiendError.notConverged(0, of: 2, needed: 1)) {
            try outcome.requireConvergence()
        }
        let converged = try training().run()
        let other = try object(converged.seedReport(folders: [:]))
        #expect(other["convergent_seeds"] as? [Int] == [0])
        #expect((other["early_stop_reason"] as? String)?.contains("1 >= 1") == true)
        try converged.requireConvergence()
    }

    /// A finished feature is used again only if it would come out the same.
    @Test func reuse() throws {
        try Repository.withTemporaryFolder { folder in
            #expect(try training().finished(in: folder) == nil)
            let outcome = try training().run()
            try outcome.feature.save(to: folder, from: outcome)
            let again = try #require(try training().finished(in: folder))
            #expect(again.runs == outcome.runs && again.converged)
            #expect(
                again.feature.neuron.encoderWeight.values
                    == outcome.feature.neuron.encoderWeight.values)
            func isUsed(
                rows: [FeatureRow] = SmallTask.rows(), _ change: (inout TrainingOptions) -> Void
            ) throws -> Bool {
                try training(change, rows: rows).finished(in: folder) != nil
            }
            #expect(try !isUsed { $0.reuse = .never })
            #expect(try !isUsed { $0.learningRate = 2e-2 })
            #expect(try !isUsed { $0.negatesDecoderBias = true })
            var rows = SmallTask.rows()
            rows[0].masked = "the " + rows[0].masked
            #expect(try !isUsed(rows: rows) { _ in })
            #expect(try isUsed(rows: rows) { $0.reuse = .always })
            #expect(try isUsed { $0.reuse = .onlyConvergent })
            // What is only done with the feature has no say.
            #expect(try isUsed { $0.savedSeeds = .all })

            let hopeless = try training { $0.learningRate = 1e-9 }.run()
            try hopeless.feature.save(to: folder, from: hopeless)
            #expect(try isUsed { $0.learningRate = 1e-9 })
            #expect(
                try !isUsed { ($0.learningRate, $0.reuse) = (1e-9, .onlyConvergent) })
            // A checkpoint on the way is not a finished feature.
            try outcome.feature.save(to: folder)
            #expect(try !isUsed { $0.reuse = .always })
        }
    }

    /// The package's own metrics of the same h.
    @Test(arguments: [Signal.factual, .alternative]) func metrics(_ source: Signal) throws {
        struct Row: Decodable {
            let type, factual, alternative, split: String
            let h, label: Double
        }
        struct Rows: Decodable { let rows: [Row] }
        let bytes = try Repository.bytes(Repository.golden("gradiend/records/metrics.json"))
        let golden = try #require(
            JSONDecoder().decode([String: Rows].self, from: Data(bytes))[source.rawValue])
        let rows = try golden.rows.map { item -> EncodedRow in
            let kind = try #require(EncodedRow.Kind(rawValue: item.type))
            guard kind == .training else {
                return EncodedRow(neutral: kind, text: "", input: ("", "", ""), h: item.h)
            }
            let row = FeatureRow(
                masked: "[MASK]", split: try #require(Split(rawValue: item.split)),
                classes: (item.factual, item.alternative),
                words: (item.factual.uppercased(), item.alternative.uppercased()))
            return EncodedRow(row, label: item.label, h: item.h)
        }
        let ours = try object(
            [UInt8](JSONEncoder().encode(EncoderMetrics(rows, reading: source))))
        let theirs = try #require(
            (object(bytes)[source.rawValue] as? [String: Any])?["metrics"] as? [String: Any])
        for (key, value) in theirs { compare(value, ours[key], key) }
    }

    private func compare(_ theirs: Any, _ ours: Any?, _ place: String) {
        // The package names a direction by the class that is read, on both its sides.
        let names = ["she (identity)": "he->she", "he (identity)": "she->he"]
        switch (theirs, ours) {
        case (let theirs as [String: Any], let ours as [String: Any]):
            #expect(theirs.count == ours.count, "\(place)")
            for (key, value) in theirs {
                compare(value, ours[names[key] ?? key], "\(place).\(key)")
            }
        case (let theirs as Double, let ours as Double):
            #expect(abs(theirs - ours) < 1e-12, "\(place): \(ours), not \(theirs)")
        case (let theirs as String, let ours as String): #expect(theirs == ours, "\(place)")
        case (let theirs as [String], let ours as [String]): #expect(theirs == ours, "\(place)")
        default: Issue.record("\(place) is \(ours ?? "missing"), not \(theirs)")
        }
    }
}
