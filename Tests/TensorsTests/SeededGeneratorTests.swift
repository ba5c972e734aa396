import Tensors
import Testing

/// The numbers every seeded result depends on: they must never change.
@Suite struct SeededGeneratorTests {
    @Test func firstNumbersAreFixed() {
        var generator = SeededGenerator(seed: 0, stream: "weights")
        let numbers = (0..<3).map { _ in generator.next() }
        #expect(numbers == Self.reference(seed: 0, stream: "weights", count: 3))
        #expect(
            numbers == [
                0xb0ab_08f3_d470_d386, 0xe926_8052_33e7_fd56, 0x7b5d_f0cd_69d4_a4b1,
            ])
    }

    /// SplitMix64 as published, started as the type's comment says.
    private static func reference(seed: UInt64, stream: String, count: Int) -> [UInt64] {
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in stream.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        var state = (seed &* 0x9E37_79B9_7F4A_7C15) ^ hash
        let all = (0...count).map { _ in
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        return Array(all.dropFirst())
    }

    @Test func seedsAndStreamsDiffer() {
        let starts = (0..<50 as Range<UInt64>).flatMap { seed in
            ["", "a", "b", "ab", "ba", "wte.weight 0", "wte.weight 1"].map { stream in
                var generator = SeededGenerator(seed: seed, stream: stream)
                return generator.next()
            }
        }
        #expect(Set(starts).count == starts.count)
    }

    @Test func uniformNumbersFillTheUnitInterval() {
        var generator = SeededGenerator(seed: 7, stream: "uniform")
        let numbers = (0..<100_000).map { _ in generator.uniform() }
        #expect(numbers.allSatisfy { (0..<1).contains($0) })
        let mean = numbers.reduce(0, +) / 1e5
        let square = numbers.reduce(0) { $0 + $1 * $1 } / 1e5
        // Standard errors: 0.0009 and 0.0009.
        #expect(abs(mean - 0.5) < 0.005 && abs(square - 1.0 / 3) < 0.005)
    }
}
