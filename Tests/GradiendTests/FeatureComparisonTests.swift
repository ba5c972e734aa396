import Foundation
import Gradiend
import Models
import Results
import Tensors
import TestSupport
import Testing

/// Features compared by where their weights are in the base model, whatever was pruned.
@Suite struct FeatureComparisonTests {
    /// A feature on some elements of two tensors, "a" of [2, 3] and "b" of [4], whose decoder has
    /// given weights.
    private func feature(_ a: [Int32]?, _ b: [Int32]?, _ weights: [Float]) -> Feature {
        let map = ParameterMap(parts: [
            .init(name: "a", shape: [2, 3], indices: a), .init(name: "b", shape: [4], indices: b),
        ])
        let count = weights.count
        return Feature(
            neuron: EncoderDecoder(
                encoderWeight: Tensor([count], repeating: 1), encoderBias: 0,
                decoderWeight: Tensor([count], weights), decoderBias: Tensor([count])),
            map: map, source: .factual, target: .diff, classes: nil, baseModel: "m")
    }

    /// By hand: the weights that both have are a[4] and b[1].
    @Test func differentlyPruned() throws {
        let first = feature([0, 4], [1, 3], [1, -2, 3, 4])
        let second = feature([4, 5], [0, 1], [5, 6, 7, -8])
        func value(_ similarity: Similarity, top: Int = 1000) throws -> Double {
            let value = try first.similarity(to: second, by: similarity, top: top)
            let swapped = try second.similarity(to: first, by: similarity, top: top)
            #expect(abs(value - swapped) < 1e-12)
            return value
        }
        // a[4]: −2 · 5, b[1]: 3 · −8.
        let norms = (30.0 * (25 + 36 + 49 + 64)).squareRoot()
        #expect(abs(try value(.cosineSigned) + 34 / norms) < 1e-12)
        #expect(abs(try value(.cosine) - 34 / norms) < 1e-12)
        #expect(try value(.overlap) == 0.5)
        // The two largest are b[3], b[1] and b[1], b[0].
        #expect(try value(.overlap, top: 2) == 0.5)
        #expect(try value(.overlap, top: 1) == 0)
        let mass = (3 / 5.0 + 8 / (64.0 + 49).squareRoot()) / 2
        #expect(abs(try value(.mass, top: 2) - mass) < 1e-12)
        #expect(try value(.mass, top: 1) == 0)
        // All weights against some.
        let whole = feature(nil, nil, [1, 0, 0, 0, -2, 0, 0, 3, 0, 4])
        #expect(abs(try whole.similarity(to: first, by: .cosineSigned) - 1) < 1e-12)
        let other = Feature(
            neuron: first.neuron,
            map: ParameterMap(parts: [.init(name: "a", shape: [3, 2], indices: [0, 1, 2, 3])]),
            source: .factual, target: .diff, classes: nil, baseModel: "m")
        #expect(throws: GradiendError.self) { try first.similarity(to: other, by: .cosine) }
    }

    /// Each weight is counted once, with all features that have it among their largest.
    @Test func weightsInCommon() {
        let features = [
            feature([0, 4], [1, 3], [1, -2, 3, 4]), feature([4, 5], [0, 1], [5, 6, 7, -8]),
            feature([4], [1], [1, 1]),
        ]
        let names = ["x", "y", "z"]
        let common = LabelledArray(weightsInCommonOf: features, names: names, top: 4)
        // In all: a[4], b[1]; in x alone: a[0], b[3]; in y alone: a[5], b[0].
        #expect(common.axes[0].labels == ["x", "x & y & z", "y"])
        #expect(common.axes[1].labels == ["x", "y", "z"])
        let values = common.values.values.map { $0.isNaN ? 0 : $0 }
        #expect(values == [2, 0, 0, 2, 2, 2, 0, 2, 0])
        let fewer = LabelledArray(weightsInCommonOf: features, names: names, top: 1)
        #expect(fewer.axes[0].labels == ["x", "y", "z"])
        #expect(fewer.csv().split(separator: "\n").count == 4)
    }

    /// What `export_topk_features` writes, rank by rank; of equal importances either may be first.
    @Test(arguments: ["gradiend", "pruned"]) func exportedWeights(_ folder: String) throws {
        struct Row: Decodable {
            let rank: Int
            let importance: Float
            let local_input_index, base_global_index, flat_index_in_param, param_numel: Int
            let part, param_name: String
            let param_row, param_col: Int?
            let coords, param_shape: [Int]
        }
        let path = Repository.golden("gradiend/gpt2")
        let golden = try JSONDecoder().decode(
            [String: [String: [Row]]].self, from: Data(try Repository.bytes(path + "/top.json")))
        let feature = try Feature(folder: "\(path)/\(folder)")
        for (name, rows) in try #require(golden[folder]) {
            let part = try #require(VectorPart(rawValue: name))
            let ours = feature.importantWeights(rows.count, by: part)
            #expect(ours.count == rows.count && Set(rows.map(\.importance)).count == rows.count)
            for (ours, theirs) in zip(ours, rows) {
                #expect(ours.rank == theirs.rank && ours.part == theirs.part)
                #expect(ours.importance == theirs.importance)
                #expect(ours.importance == abs(ours.value))
                #expect(ours.local_input_index == theirs.local_input_index)
                #expect(ours.base_global_index == theirs.base_global_index)
                #expect(ours.param_name == theirs.param_name)
                #expect(ours.flat_index_in_param == theirs.flat_index_in_param)
                #expect(ours.param_row == theirs.param_row && ours.param_col == theirs.param_col)
                #expect(ours.coords == theirs.coords && ours.param_shape == theirs.param_shape)
                #expect(ours.param_numel == theirs.param_numel)
            }
        }
        guard folder == "pruned" else { return }
        let table = try TextTable(Blob(mapping: path + "/top.csv"))
        let csv = feature.importantWeights(6).csv()
        let ours = try CSVTable(Array(csv.utf8), source: "ours")
        #expect(ours.header == table.columns + ["value"])
        for (row, theirs) in zip(ours.rows, table.rows) {
            for (column, field) in zip(ours.header, row.fields) where column != "value" {
                let expected = theirs.fields[column] ?? ""
                #expect(
                    column == "importance"
                        ? Float(field) == Float(expected) : field == expected, "\(column)")
            }
        }
    }

    /// A weight's number among all of the core does not depend on which tensors were learnt on.
    @Test func numbersOfNarrowedMaps() throws {
        let model = try SmallTask.model()
        let whole = try ParameterMap(of: model)
        let narrow = try ParameterMap(of: model, matching: ["*.h.1.mlp.*"])
        #expect(narrow.parts.map(\.name) == whole.parts.map(\.name))
        func feature(_ map: ParameterMap) -> Feature {
            Feature(
                neuron: EncoderDecoder(randomly: map.count, seed: 1), map: map, source: .factual,
                target: .diff, classes: nil, baseModel: "small")
        }
        let starts = whole.parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.size) }
        for map in [whole, narrow, narrow.selecting([0, 5, 9, 70])] {
            for weight in feature(map).importantWeights(30) {
                let part = try #require(whole.parts.firstIndex { $0.name == weight.param_name })
                #expect(weight.base_global_index == starts[part] + weight.flat_index_in_param)
                let location = whole.location(of: weight.base_global_index)
                #expect(location.part == part && location.element == weight.flat_index_in_param)
            }
        }
        // The folder keeps the numbers.
        let pruned = feature(narrow.selecting([0, 5, 9, 70]))
        try Repository.withTemporaryFolder { folder in
            try pruned.save(to: folder)
            let read = try Feature(folder: folder)
            #expect(read.map == pruned.map)
            #expect(read.importantWeights(4) == pruned.importantWeights(4))
        }
    }

    /// The eight largest of every vector after three steps, as the package ranks them.
    @Test(arguments: ["last", "next", "mask"]) func theLargestAreThePackages(_ name: String) throws
    {
        let golden = try GradiendGolden(name == "mask" ? "bert" : "gpt2")
        let place = try #require(golden.file.places[name])
        let neuron = try golden.encoderDecoder("\(name).after3.")
        for part in [
            VectorPart.encoderWeight, .decoderWeight, .decoderBias, .decoderSum,
        ] {
            let expected = try #require(place.top["top8." + part.rawValue])
            let vector = neuron.vector(part)
            let ours = rankedElements(of: vector, count: expected.count)
            #expect(expected.count == 8)
            for (ours, theirs) in zip(ours, expected) where ours != theirs {
                #expect(abs(vector[ours]) == abs(vector[theirs]), "\(part)")
            }
        }
    }

    /// What is not a number is never among the largest, and infinity always.
    @Test func largestOfWhatIsNotFinite() {
        let vector = Tensor([6], [.nan, 1, -.infinity, .nan, -2, 0])
        #expect(rankedElements(of: vector, count: 4) == [2, 4, 1, 0])
        #expect(largestElements(of: vector, count: 3) == [1, 2, 4])
        let nothing = Tensor([3], repeating: .nan)
        #expect(rankedElements(of: nothing, count: 2) == [0, 1])
    }
}
