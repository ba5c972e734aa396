import Statistics

extension EncoderMetrics {
    /// What the h of a group look like.
    public struct Distribution: Sendable, Hashable, Codable {
        /// How many.
        public var n: Int
        /// Mean and standard deviation (n − 1 in the denominator; 0 of a single value).
        public var mean, std: Double
        /// The smallest, the quartiles and the largest.
        public var min, q1, median, q3, max: Double
        /// The mean of |h|.
        public var abs_mean: Double
    }
}

extension EncoderMetrics.Distribution {
    /// Describes some values of h.
    public init(_ values: [Double]) {
        let sorted = values.sorted()
        func quantile(_ share: Double) -> Double {
            sorted.isEmpty ? .nan : Statistics.quantile(share, ofSorted: sorted)
        }
        n = values.count
        mean = Statistics.mean(values)
        std = values.count == 1 ? 0 : standardDeviation(values)
        (min, q1, median) = (quantile(0), quantile(0.25), quantile(0.5))
        (q3, max) = (quantile(0.75), quantile(1))
        abs_mean = Statistics.mean(values.map(abs))
    }

    /// The numbers that the package keeps a table of each, with the first word of its name.
    static var series: [(name: String, value: @Sendable (Self) -> Double)] {
        [
            ("mean", { $0.mean }), ("min", { $0.min }), ("max", { $0.max }), ("q1", { $0.q1 }),
            ("q3", { $0.q3 }), ("std", { $0.std }), ("n", { Double($0.n) }),
        ]
    }
}
