import Tensors
import TestSupport
import Testing

/// Files that are right: what is written is read, and not copied where it need not be.
@Suite struct SafetensorsFileTests {
    @Test(arguments: [ElementType.float32, .float16, .bfloat16])
    func whatIsWrittenIsRead(_ type: ElementType) throws {
        try Repository.withTemporaryFolder { folder in
            // Sixteenths below 8 are exact in every type.
            let tensors = [
                ([3, 5], "odd"), ([], "scalar"), ([0, 4], "empty"), ([2, 2, 2], "é \"x\""),
            ]
            .map { shape, name in
                (
                    name: name,
                    tensor: Tensor(computing: shape) { index in
                        Double(index.reduce(0) { 7 * $0 + $1 } % 128) / 16 - 2
                    }
                )
            }
            let path = folder + "/a.safetensors"
            try SafetensorsFile.write(path, tensors, as: type, metadata: ["format": "pt"])
            let file = try SafetensorsFile(Blob(mapping: path))
            #expect(file.names == tensors.map(\.name).sorted())
            #expect(file.path == path && !file.contains("__metadata__"))
            for (name, tensor) in tensors {
                #expect(file.shape(of: name) == tensor.shape)
                #expect(try file.tensor(name).values == tensor.values)
            }
            #expect(file.shape(of: "other") == nil)
        }
    }

    @Test func writtenDataIsAligned() throws {
        try Repository.withTemporaryFolder { folder in
            for name in ["a", "ab", "abc", "abcd"] {
                let path = "\(folder)/\(name)"
                try SafetensorsFile.write(path, [(name, Tensor([1], [2]))])
                #expect(try Repository.bytes(path).count % 8 == 4)
            }
        }
    }

    @Test func floatsAreReadWhereTheFileIsMapped() throws {
        try Repository.withTemporaryFolder { folder in
            let path = folder + "/a.safetensors"
            try SafetensorsFile.write(path, [("x", Tensor.random([3, 4], stream: "x"))])
            let blob = try Blob(mapping: path)
            var tensor = try SafetensorsFile(blob).tensor("x")
            let inside = UnsafeRawPointer(tensor.rows.base)
            let start = try #require(blob.bytes.baseAddress)
            #expect(inside == start + blob.bytes.count - 48)
            let before = tensor
            tensor[0, 0] = 9
            #expect(before[0, 0] != 9)
        }
    }

    @Test func unalignedFloatsAreRead() throws {
        try Repository.withTemporaryFolder { folder in
            for padding in 0..<4 {
                let header =
                    #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
                    + String(repeating: " ", count: padding)
                let data: [UInt8] = [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0]
                let path = "\(folder)/\(padding)"
                try Repository.write(safetensors(header: header, data: data), to: path)
                #expect(try SafetensorsFile(Blob(mapping: path)).tensor("x").values == [1, -2])
            }
        }
    }

    @Test func tensorsMayStandInAnyOrderAndOtherTypesBesideThem() throws {
        try Repository.withTemporaryFolder { folder in
            let header = """
                {"__metadata__":{"a":"b"},"b":{"dtype":"BOOL","shape":[3],"data_offsets":[4,7]},\
                "a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},\
                "none":{"dtype":"I64","shape":[7,0],"data_offsets":[4,4]}}
                """
            let path = folder + "/a"
            try Repository.write(
                safetensors(header: header, data: [0, 0, 0, 0x40, 1, 0, 1]), to: path)
            let file = try SafetensorsFile(Blob(mapping: path))
            #expect(try file.tensor("a").values == [2])
            let error = #expect(throws: SafetensorsError.self) { try file.tensor("b") }
            let text = try #require(error).description
            #expect(text.contains(path) && text.contains("b is BOOL"))
            #expect(throws: SafetensorsError.self) { try file.tensor("c") }
        }
    }

    /// Nothing is at the path when a tensor cannot be made.
    @Test func aFailureLeavesNoFile() throws {
        struct Failure: Error {}
        func fail() throws -> Tensor { throw Failure() }
        try Repository.withTemporaryFolder { (folder: String) throws in
            let tensors = [(name: "a", shape: [1], make: fail)]
            #expect(throws: Failure.self) {
                try SafetensorsFile.write(folder + "/a", tensors)
            }
            let names = try Repository.names(in: folder)
            #expect(names.isEmpty)
        }
    }
}
