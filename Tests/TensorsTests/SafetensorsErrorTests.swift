import Glibc
import Tensors
import TestSupport
import Testing

/// Files that lie: each is refused with its path and, where one is to blame, the tensor's name.
@Suite struct SafetensorsErrorTests {
    private func error(for bytes: [UInt8], reading name: String? = nil) throws -> String {
        try Repository.withTemporaryFolder { folder in
            let path = folder + "/model.safetensors"
            try Repository.write(bytes, to: path)
            let error = try #require(
                #expect(throws: SafetensorsError.self) {
                    let file = try SafetensorsFile(Blob(mapping: path))
                    if let name { _ = try file.tensor(name) }
                })
            #expect(error.description.hasPrefix(path + ": "))
            return error.description
        }
    }

    /// One tensor's entry in the header, and sixteen bytes of data.
    private func one(_ dtype: String, shape: String, offsets: String) -> [UInt8] {
        safetensors(
            header: "{\"wte\":{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)}}",
            data: [UInt8](repeating: 0, count: 16))
    }

    @Test(arguments: 0..<8) func filesShorterThanTheHeaderLength(_ count: Int) throws {
        let bytes = [UInt8](repeating: 0, count: count)
        #expect(try error(for: bytes).contains("header length"))
    }

    @Test(arguments: [3, 1000, 1 << 62, 1 << 63, .max] as [UInt64])
    func headersLongerThanTheFile(_ length: UInt64) throws {
        let text = try error(for: safetensors(header: "{}", length: length))
        #expect(text.contains("\(length) bytes does not fit"))
    }

    @Test(arguments: [
        "", "{", "nonsense", "[]", "7", "null", #"{"a":1}"#, #"{"a":null}"#, #"{"a":[]}"#,
        #"{"a":{}}"#, #"{"a":{"dtype":"F32","shape":[4]}}"#, "{\"a\u{0}",
        #"{"a":{"dtype":7,"shape":[4],"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":4,"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":["4"],"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[4.5],"data_offsets":[0,16]}}"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":"0,16"}}"#,
        #"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,1e300]}}"#,
        #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,16]}}"#,
    ])
    func headersThatAreNotTheRightJSON(_ header: String) throws {
        let bytes = safetensors(header: header, data: [UInt8](repeating: 0, count: 16))
        #expect(try error(for: bytes).contains("in the header"))
    }

    @Test func deeplyNestedHeaders() throws {
        let header = #"{"a":"# + String(repeating: "[", count: 100_000)
        #expect(try error(for: safetensors(header: header)).contains("in the header"))
    }

    @Test func unknownTypes() throws {
        #expect(
            try error(for: one(#""F8""#, shape: "[16]", offsets: "[0,16]"))
                .contains("tensor wte has the unknown type F8"))
        #expect(
            try error(for: one(#""I32""#, shape: "[4]", offsets: "[0,16]"), reading: "wte")
                .contains("tensor wte is I32"))
    }

    @Test(arguments: [
        "[-4]", "[-2,-2]", "[4611686018427387904]", "[2147483648,2147483648,2147483648]",
        "[9223372036854775807]", "[4294967296,4294967296]",
    ])
    func impossibleShapes(_ shape: String) throws {
        let text = try error(for: one(#""F32""#, shape: shape, offsets: "[0,16]"))
        #expect(text.contains("tensor wte has the impossible shape"))
    }

    /// A zero must not hide an overflow before it, nor a negative length beside it.
    @Test(arguments: ["[9223372036854775807,0]", "[0,-1]"]) func impossibleEmptyShapes(
        _ shape: String
    ) throws {
        let header = "{\"wte\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[0,0]}}"
        #expect(
            try error(for: safetensors(header: header)).contains(
                "tensor wte has the impossible shape"))
    }

    @Test(arguments: ["[5]", "[3]", "[2,3]", "[]", "[0]"]) func shapesOfAnotherSize(
        _ shape: String
    ) throws {
        #expect(
            try error(for: one(#""F32""#, shape: shape, offsets: "[0,16]")).contains(
                "tensor wte has 16 bytes"))
    }

    @Test(arguments: ["[16,0]", "[-4,12]", "[0]", "[0,8,16]", "[]"])
    func impossibleOffsets(_ offsets: String) throws {
        #expect(
            try error(for: one(#""F32""#, shape: "[4]", offsets: offsets))
                .contains("tensor wte has the impossible offsets"))
    }

    @Test func offsetsBeyondTheFile() throws {
        let shortened = one(#""F32""#, shape: "[4]", offsets: "[0,16]").dropLast()
        #expect(try error(for: Array(shortened)).contains("tensor wte ends at byte 16 of 15"))
        let end = Int.max
        #expect(
            try error(for: one(#""F32""#, shape: "[4]", offsets: "[\(end - 16),\(end)]"))
                .contains("tensor wte ends at byte"))
    }

    /// Two tensors of four bytes at given offsets in `size` bytes.
    private func two(_ a: String, _ b: String, size: Int, names: [String] = ["a", "b"]) -> [UInt8] {
        let entries = zip(names, [a, b]).map { name, offsets in
            "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(offsets)}"
        }
        return safetensors(
            header: "{\(entries.joined(separator: ","))}",
            data: [UInt8](repeating: 0, count: size))
    }

    @Test func overlapsGapsAndRests() throws {
        #expect(try error(for: two("[0,4]", "[2,6]", size: 6)).contains("tensor b overlaps"))
        #expect(try error(for: two("[0,4]", "[0,4]", size: 4)).contains("overlaps"))
        #expect(
            try error(for: two("[0,4]", "[8,12]", size: 12)).contains(
                "bytes 4 to 8 before tensor b belong to none"))
        #expect(
            try error(for: two("[4,8]", "[8,12]", size: 12)).contains(
                "bytes 0 to 4 before tensor a belong to none"))
        #expect(
            try error(for: two("[0,4]", "[4,8]", size: 11)).contains(
                "last 3 bytes belong to no tensor"))
    }

    @Test(arguments: [["a", "a"], ["\\u00e9", "e\\u0301"]]) func duplicateNames(_ names: [String])
        throws
    {
        let text = try error(for: two("[0,4]", "[4,8]", size: 8, names: names))
        #expect(text.contains("belong") || text.contains("twice"))
    }

    /// Names are shown so that they cannot write on the terminal or fill it.
    @Test func namesFromTheFileAreHarmlessInMessages() throws {
        for name in ["\\u001b[2J", "a\\nb", String(repeating: "x", count: 10_000)] {
            let header = "{\"\(name)\":{\"dtype\":\"F8\",\"shape\":[1],\"data_offsets\":[0,1]}}"
            let text = try error(for: safetensors(header: header, data: [0]))
            #expect(!text.unicodeScalars.contains { $0.value < 32 } && text.utf8.count < 500)
        }
    }

    /// A pipe that nobody writes to must not be waited for.
    @Test(.timeLimit(.minutes(1))) func pipesAreNotRead() throws {
        try Repository.withTemporaryFolder { folder in
            let pipe = folder + "/pipe"
            #expect(mkfifo(pipe, 0o600) == 0)
            #expect(throws: FileError.cannotRead(path: pipe, reason: "it is not a regular file")) {
                try Blob(mapping: pipe)
            }
        }
    }

    @Test func foldersAndMissingFilesAreNotRead() throws {
        try Repository.withTemporaryFolder { folder in
            #expect(throws: FileError.cannotRead(path: folder, reason: "it is not a regular file"))
            {
                try Blob(mapping: folder)
            }
            let missing = folder + "/none"
            #expect(
                throws: FileError.cannotRead(path: missing, reason: "No such file or directory")
            ) { try Blob(mapping: missing) }
        }
    }
}
