import Glibc
import Kernels
import Tensors

/// What benchmarks measure by.
enum Timing {
    /// The median seconds of a few calls, after one that is not timed.
    static func median(of repeats: Int, _ body: () throws -> Void) rethrows -> Double {
        try body()
        let times = try (0..<repeats).map { _ in
            try ContinuousClock().measure(body) / .seconds(1)
        }
        return times.sorted()[repeats / 2]
    }

    /// The rate of one product of 1024 × 768 by 768 × 3072, in GFLOP/s.
    static func productRate(repeats: Int) -> Double {
        let (m, k, n) = (1024, 768, 3072)
        let (a, b) = (Tensor([m, k], repeating: 0.5), Tensor([k, n], repeating: 0.25))
        var c = Tensor([m, n])
        let rows = c.mutableRows
        let seconds = median(of: repeats) { multiply(a.rows, b.rows, into: rows) }
        return 2 * Double(m * k * n) / seconds / 1e9
    }

    /// The most memory this process had so far, in MB.
    static var peakMemory: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_maxrss) / 1024
    }
}
