import Differentiation
import Figures
import Gradiend
import Kernels
import Tensors

/// What a benchmark of the encoder-decoder measured; the keys of its JSON carry the units.
struct FeatureReport: Encodable {
    let weights: Int
    let threads: Int
    let bandwidth_gb_per_second: Double
    let step_gb: Double
    let seconds: Double
    let share_of_limit: Double
    let peak_memory_mb: Double

    var table: String {
        func number(_ value: Double, _ decimals: Int) -> String {
            NumberText.fixed(value, decimals: decimals)
        }
        return "step of \(weights) weights: \(number(seconds, 3)) s, of limit "
            + "\(number(share_of_limit, 2)), peak memory \(number(peak_memory_mb, 0)) MB; "
            + "\(number(step_gb, 2)) GB at \(number(bandwidth_gb_per_second, 1)) GB/s, "
            + "\(threads) threads"
    }
}

/// Times a step of the encoder-decoder: forward, loss, backward and AdamW on 3n + 1 numbers.
struct FeatureBenchmark {
    /// n.
    let count: Int
    let repeats: Int

    /// How many floats a step reads and writes, by n: W_e and s; W_d, b_d and t with both moments,
    /// of which six are written; W_e and s again with its moments, of which three are written.
    private static let floatsPerWeight = 2 + 7 + 6 + 4 + 3

    func report() -> FeatureReport {
        let bandwidths = [bandwidth()]
        let seconds = step()
        let rate = (bandwidths + [bandwidth()]).reduce(0, +) / 2
        let bytes = Double(Self.floatsPerWeight * count) * 4
        return FeatureReport(
            weights: count, threads: Threads.count, bandwidth_gb_per_second: rate / 1e9,
            step_gb: bytes / 1e9, seconds: seconds, share_of_limit: bytes / rate / seconds,
            peak_memory_mb: Timing.peakMemory)
    }

    private func step() -> Double {
        var neuron = EncoderDecoder(randomly: count, seed: 0)
        var optimizer = EncoderDecoderOptimizer(count: count, AdamW(learningRate: 1e-5))
        let other = EncoderDecoder(randomly: count, seed: 1)
        let (source, target) = (other.encoderWeight, other.decoderWeight)
        return Timing.median(of: repeats) {
            _ = neuron.step(source: source, target: target, by: &optimizer)
        }
    }

    /// Bytes per second of the plainest walk that reads and writes, as a step does: y + a x.
    private func bandwidth() -> Double {
        let x = Tensor([count], repeating: 1)
        var y = Tensor([count], repeating: 2)
        let seconds = Timing.median(of: repeats) { add(x, times: 0.5, to: &y) }
        return 3 * 4 * Double(count) / seconds
    }
}
