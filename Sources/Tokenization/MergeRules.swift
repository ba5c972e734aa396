import Tensors

/// What byte-pair encoding joins: the symbol of every byte, and the pairs in order of preference.
///
/// Sennrich, Haddow and Birch 2016, algorithm 1, https://aclanthology.org/P16-1162. A symbol is the
/// id of its vocabulary entry.
struct MergeRules: Sendable {
    /// The symbol of each byte.
    let byteSymbols: [Int32]
    /// The rank of each pair that may be joined; lower ranks are joined first.
    private var ranks: [UInt64: Int32] = [:]
    /// The symbol that the pair of each rank becomes.
    private(set) var results: [Int32] = []

    /// Starts with no pairs; every byte must have an entry, since any text may hold any byte.
    init(vocabulary: Vocabulary, source: String, place: String) throws {
        byteSymbols = try (0...255 as ClosedRange<UInt8>).map { byte in
            guard let id = vocabulary.id(of: ByteAlphabet.spelling(of: [byte])[...]) else {
                throw TokenizerError.malformed(
                    source: source, place: place,
                    reason:
                        "no entry \(quoted(String(ByteAlphabet.scalars[Int(byte)])))"
                        + " for the byte \(byte); a byte-level vocabulary has all 256"
                )
            }
            return Int32(id)
        }
    }

    /// The rank of a pair of neighbours, or −1 when they are never joined.
    func rank(_ left: Int32, _ right: Int32) -> Int32 {
        ranks[Self.key(left, right)] ?? -1
    }

    /// Adds the pairs of a file, in order of preference.
    mutating func add(_ list: MergeList, vocabulary: Vocabulary) throws {
        ranks.reserveCapacity(list.count)
        results.reserveCapacity(list.count)
        for index in 0..<list.count {
            let (left, right, joined) = list[index]
            func symbol(_ token: ArraySlice<UInt8>) throws -> Int32 {
                if let id = vocabulary.id(of: token) { return Int32(id) }
                let name = quoted(String(decoding: token, as: UTF8.self))
                throw TokenizerError.malformed(
                    source: list.source, place: list.place(of: index),
                    reason: "the vocabulary has no entry \(name)")
            }
            let key = Self.key(try symbol(left), try symbol(right))
            results.append(try symbol(joined))
            // A pair listed twice keeps its last rank, as in the `tokenizers` library.
            ranks[key] = Int32(index)
        }
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}
