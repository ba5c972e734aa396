internal import Tensors

/// Why a checkpoint cannot be loaded or written.
public enum CheckpointError: Error, Hashable, CustomStringConvertible {
    /// Neither a folder nor a model of the local Hugging Face cache.
    case notFound(model: String, lookedIn: [String])
    /// A path where nothing is.
    case noSuchFolder(String)
    /// A path to a file.
    case notAFolder(String)
    /// A folder without a file that is needed.
    case missingFile(folder: String, file: String)
    /// Weights in a format that is not read, such as Python's pickle.
    case onlyPickle(folder: String, file: String)
    /// A `config.json` that makes no sense or asks for something unsupported.
    case badConfig(path: String, _ reason: String)
    /// An architecture that is not known.
    case unknownFamily(path: String, modelType: String, known: [String])
    /// A config that is neither a known name nor a file.
    case unknownConfig(String, known: [String])
    /// Tensors that should be there and are not.
    case missingTensors(place: String, [String])
    /// An encoder without what predicts masked tokens.
    case noHead(place: String, [String])
    /// Tensors that should not be there.
    case surplusTensors(place: String, [String])
    /// A tensor of another shape than the config says.
    case wrongShape(place: String, tensor: String, shape: [Int], expected: [Int])
    /// Weights that the family's format cannot hold.
    case cannotSave(reason: String)

    /// A sentence that says what is wrong, where, and what to do next.
    public var description: String {
        switch self {
        case .notFound(let model, let places):
            "there is no model \(model): no such folder, and no such model in the Hugging Face "
                + "cache (looked for \(places.joined(separator: ", "))); give a folder, or "
                + "download it with `hf download \(model)`"
        case .noSuchFolder(let path):
            "there is no folder \(quoted(path)); give a folder that holds config.json and "
                + "model.safetensors, or a hub id such as gpt2"
        case .notAFolder(let path): "\(path) is a file; give the folder that holds it"
        case .missingFile(let folder, let file):
            "\(folder) has no \(file); a model folder holds config.json and model.safetensors"
        case .onlyPickle(let folder, let file):
            "\(folder) has its weights in \(file) only, a pickle, which is not opened because "
                + "it can run code; convert it with transformers: "
                + "save_pretrained(…, safe_serialization=True)"
        case .badConfig(let path, let reason): "\(path): \(reason)"
        case .unknownFamily(let path, let type, let known):
            "\(path): model_type is \(quoted(type)); known are \(known.joined(separator: ", "))"
        case .unknownConfig(let name, let known):
            "there is no config \(name); give \(known.joined(separator: ", ")), a config.json or a "
                + "folder that holds one"
        case .missingTensors(let place, let names):
            "\(place) lacks \(CheckpointError.list(names))"
        case .noHead(let place, let names):
            "\(place) has an encoder but no masked-language-model head (it lacks "
                + "\(CheckpointError.list(names))), so it predicts no tokens; take a checkpoint "
                + "of the whole model, which transformers saves from AutoModelForMaskedLM"
        case .surplusTensors(let place, let names):
            "\(place) has \(CheckpointError.list(names)), which no model of this config has; is "
                + "the number of layers in config.json right?"
        case .wrongShape(let place, let tensor, let shape, let expected):
            "\(place): tensor \(tensor) has shape \(shape); by config.json it should be \(expected)"
        case .cannotSave(let reason): "the model cannot be saved: \(reason)"
        }
    }

    private static func list(_ names: [String]) -> String {
        let first = names.prefix(3).map(shown).joined(separator: ", ")
        return names.count > 3 ? "\(first) and \(names.count - 3) more tensors" : "tensor \(first)"
    }
}
