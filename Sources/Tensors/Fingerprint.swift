/// The 64-bit xxHash of some bytes, as `xxhsum -H64` prints it: tells files apart at memory speed.
///
/// It is not a cryptographic hash. Collet 2012, https://github.com/Cyan4973/xxHash, specification
/// of XXH64 with seed 0.
public struct Fingerprint {
    private static let primes: [UInt64] = [
        0x9e37_79b1_85eb_ca87, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0x85eb_ca77_c2b2_ae63,
        0x27d4_eb2f_1656_67c5,
    ]

    /// The hash.
    public private(set) var value: UInt64

    /// Sixteen hexadecimal digits.
    public var hexadecimal: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Hashes a mapped file whose bytes will hardly be read again: they are let go on the way, so
    /// that hashing needs no memory.
    public init(lettingGoOf blob: Blob) {
        self = withExtendedLifetime(blob) { Fingerprint(blob.bytes) { blob.release($0) } }
    }

    /// Hashes bytes.
    public init(_ bytes: UnsafeRawBufferPointer) {
        self.init(bytes) { _ in }
    }

    /// Hashes a text.
    public init(of text: String) {
        self = Array(text.utf8).withUnsafeBytes { Fingerprint($0) }
    }

    /// Takes numbers in: the hash becomes that of itself and of theirs, so that a long list of
    /// parts is hashed part by part, and where a part ends counts.
    public mutating func add(_ numbers: [some BitwiseCopyable]) {
        let added = numbers.withUnsafeBytes { Fingerprint($0).value }
        self = [value, added].withUnsafeBytes { Fingerprint($0) }
    }

    /// Hashes bytes, and tells which are done with, some million at a time.
    private init(_ bytes: UnsafeRawBufferPointer, passed: (UnsafeRawBufferPointer) -> Void) {
        let (p1, p2, p3, p4, p5) = (
            Self.primes[0], Self.primes[1], Self.primes[2], Self.primes[3], Self.primes[4]
        )
        var hash: UInt64
        var offset = 0
        if bytes.count >= 32 {
            var lanes = SIMD4<UInt64>(p1 &+ p2, p2, 0, 0 &- p1)
            // Four independent lanes hide the multiplier's latency.
            while offset + 32 <= bytes.count {
                let start = offset
                let end = min(bytes.count - 31, offset + 1 << 23)
                while offset < end {
                    for lane in 0..<4 {
                        lanes[lane] = Self.round(lanes[lane], bytes.word(at: offset + 8 * lane))
                    }
                    offset += 32
                }
                passed(UnsafeRawBufferPointer(rebasing: bytes[start..<offset]))
            }
            hash =
                rotate(lanes[0], 1) &+ rotate(lanes[1], 7) &+ rotate(lanes[2], 12)
                &+ rotate(lanes[3], 18)
            for lane in 0..<4 { hash = (hash ^ Self.round(0, lanes[lane])) &* p1 &+ p4 }
        } else {
            hash = p5
        }
        hash &+= UInt64(bytes.count)
        while offset + 8 <= bytes.count {
            hash = rotate(hash ^ Self.round(0, bytes.word(at: offset)), 27) &* p1 &+ p4
            offset += 8
        }
        if offset + 4 <= bytes.count {
            let half = UInt64(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            hash = rotate(hash ^ half &* p1, 23) &* p2 &+ p3
            offset += 4
        }
        for byte in bytes[offset...] { hash = rotate(hash ^ UInt64(byte) &* p5, 11) &* p1 }
        hash = (hash ^ hash >> 33) &* p2
        hash = (hash ^ hash >> 29) &* p3
        value = hash ^ hash >> 32
    }

    @inline(__always) private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* 0xc2b2_ae3d_27d4_eb4f, 31) &* 0x9e37_79b1_85eb_ca87
    }
}

@inline(__always) private func rotate(_ x: UInt64, _ bits: UInt64) -> UInt64 {
    x << bits | x >> (64 - bits)
}

extension UnsafeRawBufferPointer {
    @inline(__always) fileprivate func word(at offset: Int) -> UInt64 {
        loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
}
