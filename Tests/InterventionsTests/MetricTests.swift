import Glibc
import Interventions
import Models
import Tensors
import TestSupport
import Testing
import Tokenization

/// Metrics against the formulas in double precision, and what cannot be measured.
@Suite struct MetricTests {
    private func probabilities(_ logits: Tensor) -> [Double] {
        let row = logits.values.map(Double.init)
        let largest = row.reduce(-.infinity, max)
        let total = row.reduce(0) { $0 + exp($1 - largest) }
        return row.map { exp($0 - largest) / total }
    }

    @Test(arguments: TestModel.allCases, [-1, -6, 0, 3])
    func valuesAreTheFormulas(_ which: TestModel, position: Int) throws {
        let run = try which.load().run([which.prompts.clean])
        let pos = position < 0 ? position + 6 : position
        let logits = try #require(run.logits)[at: 0][at: pos]
        let (right, wrong) = (11, 42)
        let p = probabilities(logits)
        func value(_ metric: Metric) throws -> Double {
            var metric = metric
            metric.positions = [position]
            return try metric.value(of: run)
        }
        let difference = Double(logits[right]) - Double(logits[wrong])
        #expect(try value(.logitDifference(.id(right), .id(wrong))) == difference)
        #expect(abs(try value(.logProbability(.id(right))) - log(p[right])) < 1e-5)
        let expected = p[right] - p[wrong]
        #expect(abs(try value(.probabilityDifference(.id(right), .id(wrong))) - expected) < 1e-6)
    }

    /// A batch gives the mean; negative positions count from the end of each sequence.
    @Test func aBatchGivesTheMean() throws {
        let model = try TinyModel.raw()
        let metric = Metric.logProbability(7)
        let sequences = [TinyModel.clean, [1, 2, 3], TinyModel.corrupted]
        let alone = try sequences.map { try metric.value(of: model.run([$0])) }
        let mean = alone.reduce(0, +) / 3
        #expect(abs(try metric.value(of: model.run(sequences)) - mean) < 1e-5)
        #expect(abs(try metric.value(of: model.run(sequences, logits: .last)) - mean) < 1e-5)
    }

    @Test func normalizingMapsTheRunsToZeroAndOne() throws {
        let model = try TinyModel.raw()
        let (clean, base) = (
            try model.run([TinyModel.clean]), try model.run([TinyModel.corrupted])
        )
        for raw in [
            Metric.logitDifference(11, 42), .logProbability(11), .probabilityDifference(11, 42),
        ] {
            let metric = try raw.normalized(from: base, to: clean)
            #expect(try metric.value(of: base) == 0)
            #expect(try metric.value(of: clean) == 1)
            #expect(metric.quantity.name == "normalised \(raw.kind.rawValue)")
            #expect(metric.quantity.unit == nil)
            let value = try raw.value(of: clean)
            #expect(throws: InterventionError.indistinguishable(value: value)) {
                try raw.normalized(from: clean, to: clean)
            }
        }
        #expect(Metric.logProbability(11).quantity.unit == "nats")
    }

    @Test func answersThatAreNoSingleToken() throws {
        let model = try Transformer.embedded()
        let run = try model.run("The woman was working because")
        for text in [" because she was", "", " Mississippi"] {
            let error = #expect(throws: TokenizerError.self) {
                try Metric.logProbability(.text(text)).value(of: run)
            }
            #expect(try #require(error).description.contains(text))
        }
        let size = model.config.dVocab
        for id in [-1, size, Int.max] {
            #expect(throws: RunError.unknownToken(id: id, dVocab: size)) {
                try Metric.logitDifference(" she", .id(id)).value(of: run)
            }
        }
        let byText = try Metric.logitDifference(" she", " he").value(of: run)
        let ids = try [" she", " he"].map { try #require(model.tokenizer).singleToken($0) }
        #expect(byText == (try Metric.logitDifference(.id(ids[0]), .id(ids[1])).value(of: run)))
    }

    @Test func modelsWithoutATokenizerTakeIds() throws {
        let run = try TinyModel.raw().run([TinyModel.clean])
        #expect(throws: RunError.noTokenizer(model: "tiny")) {
            try Metric.logProbability(" she").value(of: run)
        }
    }

    @Test(arguments: [6, -7, Int.max]) func positionsOutsideTheSequence(_ position: Int) throws {
        let model = try TinyModel.raw()
        var metric = Metric.logProbability(11)
        metric.positions = [position]
        #expect(throws: RunError.noSuchPosition(position, length: 6)) {
            try metric.value(of: model.run([TinyModel.clean]))
        }
        #expect(throws: RunError.self) {
            try metric.value(of: model.run([TinyModel.clean], logits: .none))
        }
    }
}
