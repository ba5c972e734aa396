import Tensors
import TestSupport
import Testing

/// The stored number types, through files as everything reads and writes them.
@Suite struct ElementTypeTests {
    /// The tensor that a file with these 16-bit elements holds.
    private func decoded(_ patterns: [UInt16], as type: String) throws -> [Float] {
        try Repository.withTemporaryFolder { folder in
            let header = """
                {"x":{"dtype":"\(type)","shape":[\(patterns.count)],\
                "data_offsets":[0,\(2 * patterns.count)]}}
                """
            let path = folder + "/x.safetensors"
            try Repository.write(
                safetensors(header: header, data: littleEndian(patterns)), to: path)
            return try SafetensorsFile(Blob(mapping: path)).tensor("x").values
        }
    }

    /// The 16-bit elements that floats are written as.
    private func encoded(_ floats: [Float], as type: ElementType) throws -> [UInt16] {
        try Repository.withTemporaryFolder { folder in
            let path = folder + "/x.safetensors"
            try SafetensorsFile.write(path, [("x", Tensor([floats.count], floats))], as: type)
            let bytes = try Repository.bytes(path).suffix(2 * floats.count)
            return stride(from: bytes.startIndex, to: bytes.endIndex, by: 2).map {
                UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
            }
        }
    }

    private let patterns = Array(UInt16.min...UInt16.max)

    @Test func everyHalfIsReadExactly() throws {
        let floats = try decoded(patterns, as: "F16")
        let wrong = patterns.filter { pattern in
            let (value, expected) = (floats[Int(pattern)], Float(Float16(bitPattern: pattern)))
            if expected.isNaN { return !value.isNaN || value.sign != expected.sign }
            return value.bitPattern != expected.bitPattern
        }
        #expect(wrong.isEmpty)
    }

    @Test func everyBfloatIsReadExactly() throws {
        let floats = try decoded(patterns, as: "BF16")
        #expect(floats.map(\.bitPattern) == patterns.map { UInt32($0) << 16 })
    }

    @Test func everyHalfAndBfloatIsWrittenAsItself() throws {
        let halves = patterns.filter { !Float16(bitPattern: $0).isNaN }
        #expect(try encoded(halves.map { Float(Float16(bitPattern: $0)) }, as: .float16) == halves)
        let bfloats = patterns.filter { !Float(bitPattern: UInt32($0) << 16).isNaN }
        let floats = bfloats.map { Float(bitPattern: UInt32($0) << 16) }
        #expect(try encoded(floats, as: .bfloat16) == bfloats)
    }

    /// To nearest, ties to even; past the largest number infinity; NaN stays NaN.
    @Test func writingRounds() throws {
        let bits: [(UInt32, UInt16)] = [
            (0x3f80_8000, 0x3f80), (0x3f80_8001, 0x3f81), (0x3f81_8000, 0x3f82),
            (0x3f80_7fff, 0x3f80), (0x7f7f_ffff, 0x7f80), (0xff7f_ffff, 0xff80),
            (0x0000_8000, 0x0000), (0x8000_8001, 0x8001),
        ]
        let floats = bits.map { Float(bitPattern: $0.0) }
        #expect(try encoded(floats, as: .bfloat16) == bits.map(\.1))
        let halves: [(Float, UInt16)] = [
            (1 + 0x1p-11, 0x3c00), (1 + 0x1p-11 + 0x1p-20, 0x3c01), (1 + 3 * 0x1p-11, 0x3c02),
            (65519, 0x7bff), (65520, 0x7c00), (-1e9, 0xfc00), (0x1p-25, 0), (0x1.8p-25, 1),
        ]
        #expect(try encoded(halves.map(\.0), as: .float16) == halves.map(\.1))
        for type in [ElementType.float16, .bfloat16] {
            // A NaN whose payload is in the low bits only must not become an infinity.
            let nans = try encoded([.nan, Float(bitPattern: 0x7f80_0001)], as: type)
            #expect(try decoded(nans, as: type.rawValue).allSatisfy(\.isNaN))
        }
    }
}
