import Tensors
import TestSupport
import Testing

/// Checkpoints in several files with an index.
@Suite struct SafetensorsSetTests {
    /// Two shards and an index that says what it is told to.
    private func open(_ weightMap: String, in folder: String) throws -> SafetensorsSet {
        try SafetensorsFile.write(folder + "/one.safetensors", [("a", Tensor([2], [1, 2]))])
        try SafetensorsFile.write(
            folder + "/two.safetensors", [("b", Tensor([1], [3])), ("c", Tensor([0]))])
        let path = folder + "/model.safetensors.index.json"
        try Repository.write(Array(weightMap.utf8), to: path)
        return try SafetensorsSet(index: Blob(mapping: path)) { name in
            let path = "\(folder)/\(name)"
            return Repository.exists(path) ? try Blob(mapping: path) : nil
        }
    }

    private func error(for index: String) throws -> String {
        try Repository.withTemporaryFolder { folder in
            let error = #expect(throws: SafetensorsError.self) { try open(index, in: folder) }
            let text = try #require(error).description
            #expect(text.hasPrefix(folder + "/model.safetensors.index.json: "))
            return text
        }
    }

    @Test func tensorsAreFoundInTheirShards() throws {
        try Repository.withTemporaryFolder { folder in
            let index = """
                {"metadata":{"total_size":12},"weight_map":{"a":"one.safetensors",\
                "b":"two.safetensors","c":"two.safetensors"}}
                """
            let set = try open(index, in: folder)
            #expect(set.names == ["a", "b", "c"])
            #expect(try set.tensor("a")?.values == [1, 2])
            #expect(try set.tensor("b")?.values == [3])
            #expect(set.shape(of: "c") == [0] && set.shape(of: "d") == nil)
            #expect(try set.tensor("d")?.shape == nil)
            let blob = try Blob(mapping: folder + "/model.safetensors.index.json")
            #expect(try SafetensorsSet.shards(in: blob) == ["one.safetensors", "two.safetensors"])
        }
    }

    @Test func missingShards() throws {
        #expect(
            try error(for: #"{"weight_map":{"a":"three.safetensors"}}"#)
                .contains("three.safetensors, which is missing"))
    }

    @Test(arguments: [
        "../one.safetensors", "/etc/passwd", "sub/one.safetensors", "passwd", "..", "",
    ])
    func shardsOutsideTheFolder(_ name: String) throws {
        let text = try error(for: "{\"weight_map\":{\"a\":\"\(name)\"}}")
        #expect(text.contains("\"\(name)\"") && text.contains("beside the index"))
    }

    @Test func tensorsThatAreNotInTheirShard() throws {
        #expect(
            try error(for: #"{"weight_map":{"a":"two.safetensors"}}"#)
                .contains("two.safetensors has a tensor a; it has not"))
    }

    @Test(arguments: ["", "{", "{}", "[]", #"{"weight_map":[]}"#, #"{"weight_map":{"a":1}}"#])
    func indicesThatAreNotTheRightJSON(_ index: String) throws {
        _ = try error(for: index)
    }

    @Test func damagedShardsAreNamed() throws {
        try Repository.withTemporaryFolder { folder in
            let index = folder + "/index.json"
            try Repository.write(Array(#"{"weight_map":{"a":"x.safetensors"}}"#.utf8), to: index)
            try Repository.write([1, 2, 3], to: folder + "/x.safetensors")
            let error = #expect(throws: SafetensorsError.self) {
                try SafetensorsSet(index: Blob(mapping: index)) {
                    try Blob(mapping: "\(folder)/\($0)")
                }
            }
            #expect(try #require(error).description.hasPrefix(folder + "/x.safetensors: "))
        }
    }
}
