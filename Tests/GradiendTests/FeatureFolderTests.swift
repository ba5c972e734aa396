import Foundation
import Gradiend
import Tensors
import TestSupport
import Testing

/// Folders from outside: what is wrong in them is refused with its name and its place.
@Suite struct FeatureFolderTests {
    private static let source = Repository.golden("gradiend/gpt2/pruned")

    /// Reads the golden folder with one file changed, and expects an error that says all words.
    private func expectError(
        saying words: [String], in source: String = Self.source,
        _ change: (String) throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try Repository.withTemporaryFolder { folder in
            for name in ["config.json", "model", "mapping_indices", "mapping_masks"] {
                let file = name.contains(".") ? name : name + ".safetensors"
                guard Repository.exists("\(source)/\(file)") else { continue }
                try Repository.write(
                    try Repository.bytes("\(source)/\(file)"), to: "\(folder)/\(file)")
            }
            try change(folder)
            do {
                _ = try Feature(folder: folder)
                Issue.record("it was read", sourceLocation: sourceLocation)
            } catch {
                for word in words {
                    #expect("\(error)".contains(word), "\(error)", sourceLocation: sourceLocation)
                }
            }
        }
    }

    /// Writes the golden vectors with one element changed.
    private func writeVectors(_ folder: String, _ name: String, _ index: Int, _ value: Float) throws
    {
        let file = try SafetensorsFile(Blob(mapping: Self.source + "/model.safetensors"))
        try SafetensorsFile.stage(
            folder + "/model.safetensors",
            file.names.map { tensor in
                (
                    tensor, file.shape(of: tensor) ?? [],
                    {
                        var values = try file.tensor(tensor)
                        if tensor == name {
                            let rows = values.mutableRows(of: values.count)
                            rows.elements[index] = value
                        }
                        return values
                    }
                )
            }, metadata: [:]
        ).commit()
    }

    @Test(arguments: [
        ("encoder.0.linear.weight", 979, Float.nan), ("encoder.0.linear.bias", 0, .infinity),
        ("decoder.0.linear.weight", 0, -.infinity), ("decoder.0.linear.bias", 77, .nan),
    ])
    func numbersThatAreNotFinite(_ name: String, _ index: Int, _ value: Float) throws {
        try expectError(saying: ["model.safetensors", "\(name)[\(index)] is \(value)"]) {
            try writeVectors($0, name, index, value)
        }
    }

    /// A list of places that was changed.
    @Test func placesThatDoNotFit() throws {
        try Repository.withTemporaryFolder { source in
            var feature = try Feature(folder: Self.source)
            let kept = stride(from: 0, to: feature.map.count, by: 9).map { $0 }
            feature.neuron = EncoderDecoder(randomly: kept.count, seed: 1)
            feature.map = feature.map.selecting(kept)
            try feature.save(to: source)
            try expectPlaces(in: source)
        }
    }

    private func expectPlaces(in source: String) throws {
        let file = try SafetensorsFile(Blob(mapping: source + "/mapping_indices.safetensors"))
        let key = try #require(try file.names.first { try file.integers($0).count > 2 })
        func expect(
            _ words: [String], shape: [Int]? = nil, _ change: (inout [Int32]) -> Void
        ) throws {
            try expectError(saying: [key] + words, in: source) { folder in
                let tensors = try file.names.map { name in
                    var values = try file.integers(name)
                    if name == key { change(&values) }
                    return (
                        name: name, shape: name == key ? shape ?? [values.count] : [values.count],
                        values: values
                    )
                }
                try SafetensorsFile.stage(
                    folder + "/mapping_indices.safetensors", integers: tensors, isBytes: false
                ).commit()
            }
        }
        let count = try file.integers(key).count
        try expect(["number 0 is -1"]) { $0[0] = -1 }
        try expect(["number 1"]) { $0[1] = $0[0] }
        try expect(["number 1"]) { $0.swapAt(0, 1) }
        try expect(["number \(count - 1) is 99999"]) { $0[count - 1] = 99999 }
        try expect(["shape [1, \(count)]"], shape: [1, count]) { _ in }
        try expectError(saying: ["num_selected \(count)", "\(count - 1) places"], in: source) {
            let path = $0 + "/mapping_indices.safetensors"
            let tensors = try file.names.map { name in
                let values = try file.integers(name).dropLast(name == key ? 1 : 0)
                return (name: name, shape: [values.count], values: Array(values))
            }
            try SafetensorsFile.stage(path, integers: tensors, isBytes: false).commit()
        }
        try expectError(saying: ["mapping_indices.safetensors", "missing"], in: source) {
            try Repository.remove($0 + "/mapping_indices.safetensors")
        }
    }

    @Test func masksThatDoNotFit() throws {
        let file = try SafetensorsFile(Blob(mapping: Self.source + "/mapping_masks.safetensors"))
        try expectError(saying: ["mask", "L1", "[8, 32]"]) { folder in
            try SafetensorsFile.stage(
                folder + "/mapping_masks.safetensors",
                integers: file.names.map { name in
                    let shape = file.shape(of: name) ?? []
                    return (
                        name: name, shape: name == "L1" ? shape.reversed() : shape,
                        values: try file.integers(name)
                    )
                }, isBytes: true
            ).commit()
        }
    }

    /// The config with something replaced once.
    @Test(arguments: [
        (
            "\"transformer.wpe.weight\"", "\"transformer.wte.weight\"",
            ["wte.weight", "more than once"]
        ),
        ("\"num_selected\": 107", "\"num_selected\": 106", ["wpe.weight", "num_selected 106"]),
        ("\"key\": \"L1\"", "\"key\": \"L99\"", ["L99"]),
        ("\"input_dim\": 980", "\"input_dim\": 981", ["981", "980"]),
        ("\"repr\": \"mask\"", "\"repr\": \"pickle\"", ["pickle"]),
        ("mapping_masks.safetensors", "../masks.safetensors", ["../masks.safetensors"]),
        ("20,", "-20,", ["impossible shape"]),
        ("20,", "9223372036854775807,", ["impossible shape"]),
        ("20,", "21,", ["988", "980"]),
    ])
    func configs(_ old: String, _ new: String, _ words: [String]) throws {
        try expectError(saying: ["config.json"].filter { _ in old != "\"key\": \"L1\"" } + words) {
            let path = $0 + "/config.json"
            let text = String(decoding: try Repository.bytes(path), as: UTF8.self)
            let place = try #require(text.firstRange(of: old))
            try Repository.write(
                Array(text.replacingCharacters(in: place, with: new).utf8), to: path)
        }
    }
}
