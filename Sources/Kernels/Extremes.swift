private import RealModule
internal import Tensors

/// The largest and the smallest elements of a row, with their places, and its skew.
///
/// A row may come in parts, in order of place.
public struct Extremes: Sendable {
    /// An element and where it stands.
    public typealias Entry = (index: Int, value: Float)

    private var high: Selection
    /// The smallest, negated.
    private var low: Selection
    private var elements = 0
    /// Σ x, Σ x², Σ x³.
    private var sums = (0.0, 0.0, 0.0)

    /// The extremes of nothing yet.
    ///
    /// - Parameter count: How many of the largest and of the smallest elements are kept.
    public init(count: Int) {
        (high, low) = (Selection(count), Selection(count))
    }

    /// Finds the `count` largest and smallest elements of a whole row.
    public init(of x: UnsafeBufferPointer<Float>, count: Int) {
        self.init(count: count)
        add(x, at: 0)
    }

    /// The largest elements, falling; of equal ones the first come first.
    public var largest: [Entry] { high.entries }

    /// The smallest elements, rising; of equal ones the first come first.
    public var smallest: [Entry] { low.entries.map { ($0.index, -$0.value) } }

    /// The mean of the elements.
    public var mean: Double { sums.0 / Double(max(elements, 1)) }

    /// The sum of cubes of the elements less their mean: positive where the long tail is above.
    public var skew: Double {
        let n = Double(max(elements, 1))
        return sums.2 - 3 * mean * sums.1 + 2 * n * mean * mean * mean
    }

    /// Adds a part of the row, such as some tokens' logits. NaN is no extreme.
    public mutating func add(_ x: UnsafeBufferPointer<Float>, at start: Int) {
        // Few runs hold anything new: one look at a run's ends is much less than one at each
        // element.
        for first in stride(from: 0, to: x.count, by: 384) {
            let run = UnsafeBufferPointer(rebasing: x[first..<min(first + 384, x.count)])
            var (most, least) = (-Float.infinity, Float.infinity)
            var (sum, squares, cubes): (Float, Float, Float) = (0, 0, 0)
            for i in 0..<run.count {
                let value = run[i]
                most = value > most ? value : most
                least = value < least ? value : least
                let square = value * value
                sum = Relaxed.sum(value, sum)
                squares = Relaxed.sum(square, squares)
                cubes = Relaxed.sum(square * value, cubes)
            }
            sums = (sums.0 + Double(sum), sums.1 + Double(squares), sums.2 + Double(cubes))
            if most > high.threshold {
                for i in 0..<run.count where run[i] > high.threshold {
                    high.insert((start + first + i, run[i]))
                }
            }
            if -least > low.threshold {
                for i in 0..<run.count where -run[i] > low.threshold {
                    low.insert((start + first + i, -run[i]))
                }
            }
        }
        elements += x.count
    }

    /// Adds the extremes of the parts that follow.
    public mutating func merge(_ next: Extremes) {
        for entry in next.high.entries where entry.value > high.threshold { high.insert(entry) }
        for entry in next.low.entries where entry.value > low.threshold { low.insert(entry) }
        sums = (sums.0 + next.sums.0, sums.1 + next.sums.1, sums.2 + next.sums.2)
        elements += next.elements
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
        }

        mutating func insert(_ entry: Entry) {
            if entries.count < count { entries.append(entry) }
            let kept = entries.withUnsafeMutableBufferPointer { entries in
                var place = entries.count - 1
                while place > 0 && entries[place - 1].value < entry.value {
                    entries[place] = entries[place - 1]
                    place -= 1
                }
                entries[place] = entry
                return entries[entries.count - 1].value
            }
            if entries.count == count { threshold = kept }
        }
    }
}
