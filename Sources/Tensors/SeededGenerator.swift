/// A reproducible source of random numbers: the same seed and stream give the same numbers
/// anywhere.
///
/// Every random choice of the toolkit names its stream, so that drawing more numbers in one place
/// does not change what another place draws. SplitMix64: Steele, Lea and Flood 2014, figure 17,
/// https://doi.org/10.1145/2714064.2660195.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Creates the generator of a named stream.
    public init(seed: UInt64, stream: String) {
        // FNV-1a over the name, so that streams of one seed start far apart.
        let name = stream.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, byte in
            (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        state = seed &* 0x9e37_79b9_7f4a_7c15 ^ name
        _ = next()
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A number drawn evenly from [0, 1), with 53 random bits.
    public mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }
}
