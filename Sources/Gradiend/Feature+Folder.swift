public import Models
import Tensors

/// The files of a feature, as the Python package writes and reads them.
///
/// ```
/// model.safetensors              encoder.0.linear.{weight, bias}, decoder.0.linear.{weight, bias}
/// config.json                    n, activations, and the parameter map
/// mapping_indices.safetensors    places in the tensors of which few elements count
/// mapping_masks.safetensors      masks of those of which many do
/// gradiend_context.json          source, target, and the sign of each class
/// training.json                  how it was learnt
/// ```
/// The base model is not among them, only its name.
extension Feature {
    /// Reads a folder, the package's or the paper's, or one that holds the package's in `model`.
    ///
    /// Vectors are read where the file is mapped.
    ///
    /// - Throws: ``FeatureFileError`` and what reading a file throws.
    public init(folder: String) throws {
        let outer = ModelFolder(folder)
        let files = try outer.file("config.json") == nil ? ModelFolder(folder + "/model") : outer
        guard let configFile = try files.file("config.json") else {
            throw FeatureFileError(
                path: folder,
                "it has no config.json; give a folder that gradiend-train or the "
                    + "package wrote")
        }
        let config = try Feature.config(configFile)
        let neuron = try Feature.neuron(in: files, folder)
        let map: ParameterMap
        if let mapping = config.mapping {
            map = try mapping.map(in: files, configFile.name)
        } else {
            throw FeatureFileError(
                path: configFile.name,
                config.layers == nil
                    ? "there is no mapping in it; it is no feature's config.json"
                    : "it is a folder of the paper's code, which names weights without their "
                        + "shapes; give its base model with --model")
        }
        try config.check(neuron.count, configFile.name)
        guard map.count == neuron.count else {
            throw FeatureFileError(
                path: configFile.name,
                "its mapping selects \(map.count) weights, but the vectors have \(neuron.count)")
        }
        let context = try Feature.context(in: files)
        self.init(
            neuron: neuron, map: map, source: context.signals.source,
            target: context.signals.target, classes: context.classes,
            baseModel: config.metadata?.base_model ?? config.base_model ?? "",
            record: try Feature.record(in: files))
    }

    /// Reads a folder of the paper's code, whose config names the base model's weights in order.
    ///
    /// Such a folder's vectors must be in `model.safetensors`; a pickle is not opened.
    public init(paperFolder folder: String, baseModel model: Transformer) throws {
        let files = ModelFolder(folder)
        guard let configFile = try files.file("config.json") else {
            throw FeatureFileError(path: folder, "it has no config.json")
        }
        let config = try Feature.config(configFile)
        guard let layers = config.layers else {
            self = try Feature(folder: folder)
            return
        }
        if try files.file("layers.pth") != nil {
            throw FeatureFileError(
                path: folder + "/layers.pth",
                "its masks are a pickle, which is not opened because it can run code")
        }
        let known = Dictionary(
            model.checkpointTensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let map = ParameterMap(
            parts: try layers.map { name in
                guard let tensor = known[name] else {
                    throw GradiendError.mapDoesNotFit(
                        model: model.name, "it has no tensor \(shown(name))")
                }
                return ParameterMap.Part(name: name, shape: tensor.shape)
            })
        let neuron = try Feature.neuron(in: files, folder)
        try config.check(neuron.count, configFile.name)
        guard map.count == neuron.count else {
            throw GradiendError.mapDoesNotFit(
                model: model.name,
                "the vectors have \(neuron.count) elements, the weights \(map.count)")
        }
        self.init(
            neuron: neuron, map: map, source: .factual, target: .diff, classes: nil,
            baseModel: config.base_model ?? model.name)
    }

    private static func config(_ file: Blob) throws -> FeatureConfig {
        do {
            return try decodeJSON(FeatureConfig.self, from: file.copy())
        } catch {
            throw FeatureFileError(path: file.name, error.description)
        }
    }

    /// The vectors, under the package's names or the paper's older ones.
    private static func neuron(in files: ModelFolder, _ folder: String) throws -> EncoderDecoder {
        guard let blob = try files.file("model.safetensors") else {
            let isPickle = try files.file("pytorch_model.bin") != nil
            throw FeatureFileError(
                path: folder,
                isPickle
                    ? "its vectors are in pytorch_model.bin, a pickle, which is not opened because "
                        + "it can run code; save it with safetensors"
                    : "it has no model.safetensors")
        }
        let file = try SafetensorsFile(blob)
        func tensor(_ name: String) throws -> Tensor {
            let old = name.replacing(".linear", with: "")
            let known = !file.contains(name) && file.contains(old) ? old : name
            let tensor = try file.tensor(known)
            let values = tensor.rows(of: max(tensor.count, 1)).elements
            if let index = values.firstIndex(where: { !$0.isFinite }) {
                throw FeatureFileError(
                    path: file.path,
                    "\(known)[\(index)] is \(values[index]); a feature has finite numbers alone: "
                        + "learn it again with a lower learning rate")
            }
            return tensor
        }
        let encoder = try tensor("encoder.0.linear.weight")
        guard encoder.rank == 2, encoder.shape[0] == 1, encoder.count > 0 else {
            throw FeatureFileError(
                path: file.path,
                "the encoder's weight is \(encoder.shape); one neuron, [1, n], can be read")
        }
        let count = encoder.count
        let bias = try tensor("encoder.0.linear.bias")
        let decoder = try tensor("decoder.0.linear.weight")
        let decoderBias = try tensor("decoder.0.linear.bias")
        for (name, shape, expected) in [
            ("encoder's bias", bias.shape, [1]), ("decoder's weight", decoder.shape, [count, 1]),
            ("decoder's bias", decoderBias.shape, [count]),
        ] where shape != expected {
            throw FeatureFileError(
                path: file.path, "the \(name) is \(shape); it should be \(expected)")
        }
        return EncoderDecoder(
            encoderWeight: encoder, encoderBias: bias[0], decoderWeight: decoder,
            decoderBias: decoderBias)
    }

    private static func context(
        in files: ModelFolder
    ) throws -> (signals: (source: Signal, target: Signal), classes: ClassPair?) {
        guard let file = try files.file("gradiend_context.json") else {
            return ((.alternative, .diff), nil)
        }
        let context: FeatureContext
        do {
            context = try decodeJSON(FeatureContext.self, from: file.copy())
        } catch {
            throw FeatureFileError(path: file.name, error.description)
        }
        func signal(_ name: String) throws -> Signal {
            guard let signal = Signal(rawValue: name) else {
                throw FeatureFileError(
                    path: file.name,
                    "\(quoted(name)) is no gradient; known are factual, alternative and diff")
            }
            return signal
        }
        let signs = context.feature_class_encoding_direction ?? [:]
        let positive = signs.filter { $0.value > 0 }.map(\.key)
        let negative = signs.filter { $0.value < 0 }.map(\.key)
        let isPair = positive.count == 1 && negative.count == 1
        return (
            (try signal(context.source), try signal(context.target)),
            isPair ? ClassPair(positive: positive[0], negative: negative[0]) : nil
        )
    }

    private static func record(in files: ModelFolder) throws -> TrainingRecord? {
        guard let file = try files.file("training.json") else { return nil }
        // What others wrote there is not needed to use the feature.
        return (try? decodeJSON(SavedTraining.self, from: file.copy()))?.run
    }
}

/// What is wrong with a feature's folder.
public struct FeatureFileError: Error, Hashable, CustomStringConvertible {
    /// The file or the folder.
    public let path: String
    /// What is wrong there.
    public let reason: String

    init(path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    /// A sentence for the user.
    public var description: String { "\(path): \(reason)" }
}
