import Kernels
public import Models
public import Results
import Tensors

extension Sweep {
    /// Opens the store of this sweep's values, or begins one.
    ///
    /// It knows the sweep by all that its values depend on to the last bit, and by the toolkit's
    /// version.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - metric: What is measured.
    ///   - base: The run the branches depart from.
    ///   - options: How the work is cut.
    ///   - provenance: Which checkpoint and version the results will name.
    /// - Throws: ``SweepStoreError`` for a store of another sweep or one in use.
    public func store(
        at path: String, for metric: Metric, departingFrom base: Run,
        options: Engine.Options = Engine.Options(), provenance: Provenance
    ) throws -> SweepStore {
        let branches = try planned(departingFrom: base).branches
        let model = base.model
        let layers = kind.isInBlock ? try chosenLayers(in: model) : []
        let experiment = [
            "toolkit version": provenance.version,
            "BLAS": BLAS.library,
            "model": "\(provenance.checkpoint) \(model.processing) \(model.config)",
            "prompts": "\(clean.tokens?.text ?? "none") \(base.tokens?.text ?? "none")",
            "activations": fingerprint(of: base, layers: kind.isInBlock ? layers : [nil]),
            "sweep": "\(name) by \(axes.map(\.rawValue)) in layers \(layers)",
            "metric": try metric.text(in: model),
            "memory limit":
                "\(options.rowsPerChunk) rows, \(options.memory.map(String.init) ?? "any")",
        ]
        return try SweepStore(path, of: experiment, branches: branches.count)
    }

    /// Tells runs apart that tokens do not, such as those of edited weights or with hooks.
    private func fingerprint(of base: Run, layers: [Int?]) -> String {
        let patched = layers.compactMap { clean.cache[HookPoint(kind, layer: $0)] }
        return ([base.residual, clean.residual] + patched).map { tensor in
            tensor.values.withUnsafeBytes { Fingerprint($0).hexadecimal }
        }.joined(separator: " ")
    }
}

extension TokenBatch {
    /// The sequences, without padding.
    fileprivate var text: String { "\(zip(ids, lengths).map { Array($0.prefix($1)) })" }
}

extension Metric {
    /// The metric with its tokens as ids and its numbers in full.
    fileprivate func text(in model: Transformer) throws -> String {
        let tokens = try [answer, wrong].map {
            try $0.map { String(try $0.id(in: model)) } ?? "none"
        }
        let range = range.map { "\($0.base) to \($0.clean)" } ?? "raw"
        let logits = reference.map { tensor in
            tensor.values.withUnsafeBytes { " from " + Fingerprint($0).hexadecimal }
        }
        return
            "\(name)\(logits ?? "") of \(tokens.joined(separator: " and ")) at \(place), \(range)"
    }
}
