import Gradiend
import Models
import Tensors
import TestSupport
import Testing

/// Folders of the Python package: read, used, and written again.
@Suite struct InterchangeTests {
    private let golden: GradiendGolden

    init() throws { golden = try GradiendGolden("gpt2") }

    private func folder(_ name: String) -> String { Repository.golden("gradiend/gpt2/\(name)") }

    /// A feature on all weights encodes our gradient as the package encodes its own.
    @Test(arguments: ["last", "next"]) func aWholeFeature(_ name: String) throws {
        let feature = try Feature(folder: folder("gradiend"))
        #expect(feature.source == .factual && feature.target == .diff)
        #expect(feature.map == (try ParameterMap(of: golden.model)))
        let place = try #require(golden.file.places[name])
        let gradient = try feature.map.gradient(
            .factual, of: golden.contrasts(at: place), in: golden.model)
        #expect(abs(feature.neuron.encode(gradient) - place.step1.h[0]) < 1e-6)
    }

    /// A pruned one, with whole tensors, masks and places in its mapping.
    @Test func aPrunedFeature() throws {
        let feature = try Feature(folder: folder("pruned"))
        let expected = try GoldenTensors("gradiend/gpt2/pruned/expected.safetensors")
        let place = try #require(golden.file.places["next"])
        let gradient = try feature.map.gradient(
            .factual, of: golden.contrasts(at: place), in: golden.model)
        expectClose(gradient, try expected("gradient"), rtol: 1e-4, atol: 1e-6, "gradient")
        let h = feature.neuron.encode(gradient)
        #expect(abs(h - Double(try expected("h").values[0])) < 1e-6)
        expectClose(feature.neuron.decode(h), try expected("output"), atol: 1e-6, "output")
        // Without a context file the package's defaults hold.
        #expect(feature.source == .alternative && feature.classes == nil)
    }

    /// What is written has the package's tensors under its names, and its choice of forms.
    @Test func whatIsWrittenIsThePackages() throws {
        let feature = try Feature(folder: folder("pruned"))
        try Repository.withTemporaryFolder { written in
            try feature.save(to: written)
            for name in ["model", "mapping_indices", "mapping_masks"] {
                let ours = try SafetensorsFile(Blob(mapping: "\(written)/\(name).safetensors"))
                let theirs = try SafetensorsFile(
                    Blob(mapping: folder("pruned/\(name).safetensors")))
                #expect(ours.names == theirs.names, "\(name)")
                for tensor in theirs.names {
                    #expect(ours.shape(of: tensor) == theirs.shape(of: tensor))
                    if name == "model" {
                        #expect(
                            try ours.tensor(tensor).values == theirs.tensor(tensor).values)
                    } else {
                        #expect(try ours.integers(tensor) == theirs.integers(tensor))
                    }
                }
            }
        }
    }
}
