import Models
import Tensors

/// `config.json` of a feature, as the package writes it, or as the paper's code did.
struct FeatureConfig: Codable {
    struct Architecture: Codable {
        var input_dim: Int
        var latent_dim: Int
        var activation_encoder: String?
        var activation_decoder: String?
        var bias_decoder: Bool?
        var torch_dtype: String?
    }

    struct Metadata: Codable {
        var base_model: String?
        var tokenizer: String?
    }

    var format_version: Int?
    var architecture: Architecture?
    var mapping: Mapping?
    var metadata: Metadata?
    // The paper's, flat.
    var base_model: String?
    var layers: [String]?
    var latent_dim: Int?
    var activation: String?
    var activation_decoder: String?
    var bias_decoder: Bool?

    /// Checks that the numbers are those of one tanh neuron with a linear decoder.
    func check(_ count: Int, _ path: String) throws {
        if let size = architecture?.input_dim, size != count {
            throw FeatureFileError(
                path: path, "input_dim is \(size), but the vectors have \(count) elements")
        }
        let latent = architecture?.latent_dim ?? latent_dim ?? 1
        let encoder = architecture?.activation_encoder ?? activation ?? "tanh"
        let decoder = architecture?.activation_decoder ?? activation_decoder ?? "id"
        let hasBias = architecture?.bias_decoder ?? bias_decoder ?? true
        for (name, value, known) in [
            ("latent_dim", "\(latent)", "1"), ("activation_encoder", encoder, "tanh"),
            ("activation_decoder", decoder, "id"), ("bias_decoder", "\(hasBias)", "true"),
        ] where value != known {
            throw FeatureFileError(path: path, "\(name) is \(quoted(value)); \(known) can be read")
        }
    }
}

/// The parameter map in `config.json`.
struct Mapping: Codable {
    struct Entry: Codable {
        var name: String
        var shape: [Int]
        var repr: String
        var key: String?
        var num_selected: Int?
    }

    var mode: String?
    var param_map: [Entry]
    var indices_file: String?
    var masks_file: String?

    typealias Integers = (name: String, shape: [Int], values: [Int32])

    /// The map in the package's form, with the tensors that go to files of their own.
    ///
    /// Places where they take less room than a mask, by the package's own rule.
    static func describing(
        _ map: ParameterMap
    ) -> (mapping: Mapping, indices: [Integers], masks: [Integers]) {
        var (indices, masks): ([Integers], [Integers]) = ([], [])
        let entries = map.parts.enumerated().map { number, part in
            guard let chosen = part.indices else {
                return Entry(
                    name: part.name, shape: part.shape, repr: "all", num_selected: part.size)
            }
            let key = "L\(number)"
            let takesLess = Double(4 * chosen.count) < 0.8 * Double(part.size)
            if takesLess {
                indices.append((key, [chosen.count], chosen))
            } else {
                var mask = [Int32](repeating: 0, count: part.size)
                for index in chosen { mask[Int(index)] = 1 }
                masks.append((key, part.shape, mask))
            }
            return Entry(
                name: part.name, shape: part.shape, repr: takesLess ? "indices" : "mask", key: key,
                num_selected: chosen.count)
        }
        let kinds = Set(entries.map(\.repr))
        let mapping = Mapping(
            mode: kinds.count == 1 ? entries[0].repr : "mixed", param_map: entries,
            indices_file: indices.isEmpty ? nil : "mapping_indices.safetensors",
            masks_file: masks.isEmpty ? nil : "mapping_masks.safetensors")
        return (mapping, indices, masks)
    }

    /// The map, with its files.
    func map(in files: ModelFolder, _ path: String) throws -> ParameterMap {
        func open(_ name: String?) throws -> SafetensorsFile? {
            guard let name else { return nil }
            // A name from outside must not lead out of the folder.
            guard !name.contains("/"), name.hasSuffix(".safetensors") else {
                throw FeatureFileError(
                    path: path,
                    "it names the file \(quoted(name)); a .safetensors file beside it "
                        + "can be read")
            }
            guard let blob = try files.file(name) else {
                throw FeatureFileError(path: path, "it names \(shown(name)), which is missing")
            }
            return try SafetensorsFile(blob)
        }
        let (indices, masks) = (try open(indices_file), try open(masks_file))
        var names: Set<String> = []
        if let twice = param_map.first(where: { !names.insert($0.name).inserted }) {
            throw FeatureFileError(
                path: path, "in the mapping, \(shown(twice.name)) is there more than once")
        }
        return ParameterMap(
            parts: try param_map.map { entry in
                try part(entry, indices: indices, masks: masks, path)
            })
    }

    private func part(
        _ entry: Entry, indices: SafetensorsFile?, masks: SafetensorsFile?, _ path: String
    ) throws -> ParameterMap.Part {
        func fail(_ reason: String) -> FeatureFileError {
            FeatureFileError(path: path, "in the mapping, \(shown(entry.name)) \(reason)")
        }
        // Stops before a product overflows: each factor and each product is at most 2³¹.
        let limit = 1 << 31
        let size = entry.shape.reduce(1) { product, length in
            (1...limit).contains(product) && (1...limit).contains(length) ? product * length : 0
        }
        guard (1...limit).contains(size) else {
            throw fail("has the impossible shape \(entry.shape)")
        }
        guard entry.repr != "all" else { return .init(name: entry.name, shape: entry.shape) }
        guard ["indices", "mask"].contains(entry.repr), let key = entry.key,
            let file = entry.repr == "mask" ? masks : indices
        else { throw fail("has the form \(quoted(entry.repr)) without its file") }
        var chosen = try file.integers(key)
        let shape = file.shape(of: key) ?? []
        if entry.repr == "mask" {
            guard shape == entry.shape || shape == [size] else {
                throw fail("is \(entry.shape), but its mask \(quoted(key)) is \(shape)")
            }
            chosen = chosen.indices.lazy.filter { chosen[$0] != 0 }.map { Int32($0) }
        } else if shape.count != 1 {
            throw fail("has places \(quoted(key)) of the shape \(shape); they are a list")
        }
        if let wrong = chosen.indices.first(where: { place in
            !(0..<size).contains(Int(chosen[place]))
                || place > 0 && chosen[place] <= chosen[place - 1]
        }) {
            throw fail(
                "has places \(quoted(key)) that do not rise from 0 to \(size - 1): number \(wrong) "
                    + "is \(chosen[wrong])")
        }
        if let count = entry.num_selected, count != chosen.count {
            throw fail("has num_selected \(count), but \(chosen.count) places are selected")
        }
        return .init(name: entry.name, shape: entry.shape, indices: chosen)
    }
}

/// `gradiend_context.json`.
struct FeatureContext: Codable {
    var source: String
    var target: String
    var feature_class_encoding_direction: [String: Int]?
}
