import Tensors
import Testing

@Suite("NumPy files")
struct NpyTests {
    /// Reads what the format's description says, by itself.
    private struct Parsed {
        let header: String
        let values: [Float]
        let dataStart: Int

        init(_ bytes: [UInt8]) throws {
            try #require(Array(bytes.prefix(8)) == [0x93] + Array("NUMPY".utf8) + [1, 0])
            let length = Int(bytes[8]) + 256 * Int(bytes[9])
            dataStart = 10 + length
            header = String(decoding: bytes[10..<dataStart], as: UTF8.self)
            values = stride(from: dataStart, to: bytes.count, by: 4).map { place in
                let bits = (0..<4).reduce(0 as UInt32) {
                    $0 | UInt32(bytes[place + $1]) << (8 * $1)
                }
                return Float(bitPattern: bits)
            }
        }
    }

    @Test("holds shape and values", arguments: [[], [3], [2, 3], [4, 1, 5], [0, 7]])
    func roundTrip(shape: [Int]) throws {
        let values = (0..<shape.reduce(1, *)).map { Float($0) * 0.1 - 0.25 }
        let file = try Parsed(Tensor(shape, values).npy())
        #expect(file.values == values)
        let tuple = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        #expect(
            file.header.hasPrefix(
                "{'descr': '<f4', 'fortran_order': False, 'shape': (\(tuple)), }"))
        #expect(file.header.hasSuffix("\n"))
        #expect(file.dataStart % 64 == 0)
    }

    @Test("writes a part of a tensor as that part")
    func part() throws {
        let tensor = Tensor([3, 2], [1, 2, 3, 4, 5, 6])
        #expect(try Parsed(tensor[at: 1].npy()).values == [3, 4])
    }
}
