import Foundation
import Gradiend
import Models
import Tensors
import TestSupport
import Testing
import Tokenization

/// Rewriting a model along what was learnt, and the folder of a feature.
@Suite struct RewritingTests {
    private let model: Transformer
    private let task: PredictionTask
    private let feature: Feature

    init() throws {
        model = try SmallTask.model()
        task = try PredictionTask(for: model)
        var options = TrainingOptions()
        (options.batchSize, options.learningRate, options.maxSteps) = (8, 1e-2, 30)
        (options.epochs, options.evaluateEvery) = (100, 10)
        options.prePruning = PrePruning(.share(0.6))
        feature = try FeatureTraining(
            of: SmallTask.rows(), with: task, in: model, options
        ).run().feature
    }

    private func probe() throws -> DecoderProbe {
        try DecoderProbe(
            SmallTask.rows(), neutral: ["the cat ran because the cat was tired"],
            classes: ClassPair(positive: "she", negative: "he"), with: task, atMost: 8)
    }

    /// The factor of a class makes its words more likely where the other stands.
    @Test(arguments: ["she", "he"]) func aClassIsStrengthened(_ name: String) throws {
        let rewriting = Rewriting(factor: feature.factor(strengthening: name), rate: 0.05)
        let before = try probe().scores(of: model)
        let after = try probe().scores(of: try feature.rewriting(model, rewriting))
        let other = name == "she" ? "he" : "she"
        let (p, q) = (before.probabilities[other]?[name], after.probabilities[other]?[name])
        #expect(try #require(p) < #require(q))
        // Without a rate nothing changes.
        let same = try feature.rewriting(model, Rewriting(factor: 1, rate: 0))
        #expect(try probe().scores(of: same) == before)
    }

    @Test func aShareOfTheVector() throws {
        let all = try feature.map.weights(of: model)
        let rewriting = Rewriting(factor: 1, rate: 1, part: .decoderWeight, top: 0.1)
        let moved = try feature.map.weights(of: try feature.rewriting(model, rewriting))
        let changed = zip(all.values, moved.values).count { $0 != $1 }
        #expect(changed == Int(0.1 * Double(all.count)))
        var unknown = rewriting
        unknown.part = "decoder-something"
        for wrong in [unknown, Rewriting(factor: 1, rate: 1, top: 1e-9)] {
            #expect(throws: GradiendError.self) { try feature.rewriting(model, wrong) }
        }
    }

    /// Scores are kept by candidate, and read again only for the same feature and texts.
    @Test func candidatesAreKept() throws {
        let grid = DecoderGrid(factors: [-1, 1], rates: [0.01, 0.1])
        try Repository.withTemporaryFolder { folder in
            let first = try feature.evaluate(grid, of: model, with: probe(), cachedIn: folder)
            let files = try Repository.names(in: folder)
            #expect(files.count == 5)
            let again = try feature.evaluate(grid, of: model, with: probe(), cachedIn: folder)
            #expect(again.candidates == first.candidates && again.base == first.base)
            var other = feature
            other.neuron.flipSign()
            _ = try other.evaluate(grid, of: model, with: probe(), cachedIn: folder)
            #expect(try Repository.names(in: folder).count == 10)
            // What is damaged is scored anew.
            try Repository.write(Array("{".utf8), to: "\(folder)/\(files[0])")
            let third = try feature.evaluate(grid, of: model, with: probe(), cachedIn: folder)
            #expect(third.candidates == first.candidates)
            // A share of the vector is another candidate of the same base model, and other texts
            // for the language model are another evaluation.
            let share = DecoderGrid(factors: [-1, 1], rates: [0.01, 0.1], top: 0.1)
            let small = try feature.evaluate(share, of: model, with: probe(), cachedIn: folder)
            #expect(try Repository.names(in: folder).count == 14)
            #expect(zip(small.candidates, first.candidates).allSatisfy { $0.scores != $1.scores })
            let own = try DecoderProbe(
                SmallTask.rows(), classes: ClassPair(positive: "she", negative: "he"), with: task,
                atMost: 8)
            _ = try feature.evaluate(grid, of: model, with: own, cachedIn: folder)
            #expect(try Repository.names(in: folder).count == 19)
        }
    }

    @Test func foldersHoldEverything() throws {
        try Repository.withTemporaryFolder { folder in
            try feature.save(to: folder)
            let read = try Feature(folder: folder)
            #expect(read.map == feature.map && read.classes == feature.classes)
            #expect(read.source == feature.source && read.record == feature.record)
            #expect(read.neuron.encoderWeight.values == feature.neuron.encoderWeight.values)
            #expect(read.neuron.encoderBias.values == feature.neuron.encoderBias.values)
            #expect(read.neuron.decoderWeight.values == feature.neuron.decoderWeight.values)
            #expect(read.neuron.decoderBias.values == feature.neuron.decoderBias.values)
            let kinds = Set(
                feature.map.parts.map { part in
                    part.indices.map { 4 * $0.count < part.size * 4 / 5 ? "indices" : "mask" }
                        ?? "all"
                })
            #expect(kinds.contains("mask"))
        }
    }

    /// Damaged folders: one error, which names the file.
    @Test func damagedFolders() throws {
        try Repository.withTemporaryFolder { folder in
            #expect(throws: (any Error).self) { try Feature(folder: folder) }
            try feature.save(to: folder)
            let config = try Repository.bytes(folder + "/config.json")
            let text = String(decoding: config, as: UTF8.self)
            for (from, to) in [
                ("\"tanh\"", "\"relu\""), ("\"latent_dim\" : 1", "\"latent_dim\" : 2"),
                ("mapping_masks.safetensors", "../masks.safetensors"),
                ("mapping_masks.safetensors", "gone.safetensors"), ("\"mask\"", "\"some\""),
                ("\"param_map\"", "\"parameters\""), ("transformer.wpe.weight", "wpe"),
            ] {
                let damaged = text.replacing(from, with: to)
                #expect(damaged != text, "\(from)")
                try Repository.write(Array(damaged.utf8), to: folder + "/config.json")
                // A name that no model has shows when the model is there.
                #expect(throws: (any Error).self, "\(to)") {
                    _ = try Feature(folder: folder).map.weights(of: model)
                }
            }
            try Repository.write(config, to: folder + "/config.json")
            try Repository.remove(folder + "/model.safetensors")
            try Repository.write([], to: folder + "/pytorch_model.bin")
            #expect(throws: FeatureFileError.self) { try Feature(folder: folder) }
        }
    }

    @Test func similarities() throws {
        for similarity in Similarity.allCases {
            #expect(abs(try feature.similarity(to: feature, by: similarity, top: 50) - 1) < 1e-6)
        }
        var flipped = feature
        flipped.neuron.flipSign()
        #expect(abs(try feature.similarity(to: flipped, by: .cosineSigned) + 1) < 1e-6)
        #expect(abs(try feature.similarity(to: flipped, by: .cosine) - 1) < 1e-6)
        // The ten largest are among the twentieth part that is kept.
        let pruned = try feature.pruned(PostPruning(.share(0.05)))
        #expect(try feature.similarity(to: pruned, by: .overlap, top: 10) == 1)
        let weights = pruned.importantWeights(5)
        #expect(weights.map(\.rank) == [1, 2, 3, 4, 5])
        #expect(weights == pruned.importantWeights(5))
        let whole = feature.importantWeights(5)
        #expect(
            zip(weights, whole).allSatisfy {
                $0.base_global_index == $1.base_global_index && $0.value == $1.value
            })
    }
}
