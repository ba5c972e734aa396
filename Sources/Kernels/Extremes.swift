private import RealModule
internal import Tensors

/// The largest and the smallest elements of a row, with their places.
public struct Extremes: Sendable {
    /// An element and where it stands.
    public typealias Entry = (index: Int, value: Float)

    /// The largest, falling.
    public let largest: [Entry]
    /// The smallest, rising.
    public let smallest: [Entry]
    /// The sum of cubes of the elements less their mean: positive where the long tail is above.
    public let skew: Double

    /// Finds the `count` largest and smallest elements; of equal ones the first come first.
    ///
    /// - Parameter x: A row, such as a direction's logits, [d_vocab]. NaN is no extreme.
    public init(of x: UnsafeBufferPointer<Float>, count: Int) {
        var (high, low) = (Selection(count), Selection(count))
        for i in 0..<x.count {
            if x[i] > high.threshold { high.insert((i, x[i])) }
            if -x[i] > low.threshold { low.insert((i, -x[i])) }
        }
        largest = high.entries
        smallest = low.entries.map { ($0.index, -$0.value) }
        let mean = sum(x) / Float(max(x.count, 1))
        // Short runs in floats, their sums in double precision.
        var total = 0.0
        for start in stride(from: 0, to: x.count, by: 1024) {
            var cubes: Float = 0
            for i in start..<min(start + 1024, x.count) {
                let difference = x[i] - mean
                cubes = Relaxed.sum(difference * difference * difference, cubes)
            }
            total += Double(cubes)
        }
        skew = total
    }

    /// The largest entries so far, in order.
    private struct Selection {
        private(set) var entries: [Entry] = []
        private let count: Int
        /// What a further entry must exceed.
        private(set) var threshold: Float

        init(_ count: Int) {
            self.count = count
            threshold = count > 0 ? -.infinity : .infinity
            entries.reserveCapacity(count + 1)
        }

        mutating func insert(_ entry: Entry) {
            var place = entries.count
            while place > 0 && entries[place - 1].value < entry.value { place -= 1 }
            entries.insert(entry, at: place)
            if entries.count > count { entries.removeLast() }
            if entries.count == count { threshold = entries[count - 1].value }
        }
    }
}
