import Differentiation
import Tensors
import TestSupport
import Testing

/// Steps against PyTorch's.
@Suite struct AdamWTests {
    @Test func stepsAreThoseOfPyTorch() throws {
        let golden = try GoldenTensors("differentiation/tiny.safetensors")
        let gradients = try golden("adamw.gradients")
        let expected = try golden("adamw.steps")
        var parameter = try golden("adamw.start")
        var optimizer = AdamW(learningRate: 0.01, weightDecay: 0.1)
        for step in 0..<4 {
            optimizer.beginStep()
            optimizer.update(&parameter, gradient: gradients[at: step], at: 0)
            expectClose(parameter, expected[at: step], rtol: 1e-6, atol: 1e-7, "step \(step)")
        }
    }

    /// Parameters have moments of their own.
    @Test func parametersDoNotMix() {
        let gradient = Tensor.random([3, 5], stream: "gradient")
        var (a, b) = (Tensor([3, 5], repeating: 1), Tensor([3, 5], repeating: 1))
        var optimizer = AdamW()
        for _ in 0..<3 {
            optimizer.beginStep()
            optimizer.update(&a, gradient: gradient, at: 0)
            optimizer.update(&b, gradient: gradient, at: 1)
        }
        #expect(a.values == b.values && a.values != [Float](repeating: 1, count: 15))
    }
}
