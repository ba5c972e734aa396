import Models
import Tensors
import TestSupport
import Testing

/// Activations and logits against TransformerLens' on the tiny model, raw and processed.
@Suite struct ForwardGoldenTests {
    @Test(arguments: ["raw", "proc"]) func everyActivationMatches(_ kind: String) throws {
        let golden = try GoldenTensors("transformer-lens/golden_f32.safetensors")
        let model = try kind == "raw" ? TinyModel.raw() : TinyModel.processed()
        let run = try model.run([TinyModel.clean], caching: .all)
        expectClose(
            try #require(run.logits), try golden("\(kind).logits"), rtol: 1e-5, atol: 2e-5, "logits"
        )
        let prefix = "\(kind).act."
        let names = golden.file.names.filter { $0.hasPrefix(prefix) }
        #expect(names.count == 17 * 2 + 6)
        #expect(Set(run.cache.points.map { prefix + $0.description }) == Set(names))
        for name in names {
            let point = try #require(HookPoint(String(name.dropFirst(prefix.count))))
            let value = try #require(run.cache[point])
            expectClose(value, try golden(name), rtol: 1e-5, atol: 2e-5, name)
        }
    }

    @Test func pointsOnDemandMatch() throws {
        let golden = try GoldenTensors("transformer-lens/golden_f32.safetensors")
        let prefix = "procsplit.act."
        let names = golden.file.names.filter { $0.hasPrefix(prefix) }
        let points = try names.map { try #require(HookPoint(String($0.dropFirst(prefix.count)))) }
        let run = try TinyModel.processed().run([TinyModel.clean], caching: .points(points))
        for (name, point) in zip(names, points) {
            let value = try #require(run.cache[point])
            expectClose(value, try golden(name), rtol: 1e-5, atol: 2e-5, name)
        }
    }
}
