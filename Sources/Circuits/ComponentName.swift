public import Models

/// A layer, head or neuron as the field writes it: `L9`, `L9H7`, `L5N1777`.
public enum ComponentName: Hashable, Sendable, CustomStringConvertible {
    /// A layer.
    case layer(Int)
    /// An attention head.
    case head(layer: Int, head: Int)
    /// A neuron of an MLP.
    case neuron(layer: Int, neuron: Int)

    /// The name, which ``init(_:)`` reads back.
    public var description: String {
        switch self {
        case .layer(let layer): "L\(layer)"
        case .head(let layer, let head): "L\(layer)H\(head)"
        case .neuron(let layer, let neuron): "L\(layer)N\(neuron)"
        }
    }

    /// Reads a name; `nil` for anything else.
    public init?(_ name: String) {
        guard name.first == "L" else { return nil }
        func number(_ digits: Substring) -> Int? {
            guard let number = Int(digits), number >= 0, String(number) == digits else {
                return nil
            }
            return number
        }
        let rest = name.dropFirst()
        guard let letter = rest.firstIndex(where: { !$0.isNumber }) else {
            guard let layer = number(rest) else { return nil }
            self = .layer(layer)
            return
        }
        guard let layer = number(rest[..<letter]),
            let index = number(rest[rest.index(after: letter)...])
        else { return nil }
        switch rest[letter] {
        case "H": self = .head(layer: layer, head: index)
        case "N": self = .neuron(layer: layer, neuron: index)
        default: return nil
        }
    }
}

extension Transformer {
    /// Heads by their names; one that is named twice counts once.
    ///
    /// - Throws: ``ComponentError`` with the heads the model has.
    public func heads(
        named names: [String]
    ) throws(ComponentError) -> [(layer: Int, head: Int)] {
        var heads: [(layer: Int, head: Int)] = []
        for name in names {
            let head = try head(named: name)
            if !heads.contains(where: { $0 == head }) { heads.append(head) }
        }
        return heads
    }

    /// A head by its name, such as `L9H7`.
    ///
    /// - Throws: ``ComponentError`` with the heads the model has.
    public func head(named name: String) throws(ComponentError) -> (layer: Int, head: Int) {
        guard case .head(let layer, let head) = ComponentName(name), layer < config.nLayers,
            head < config.nHeads
        else { throw error(name, "head", "L9H7", "H", config.nHeads) }
        return (layer, head)
    }

    /// A neuron by its name, such as `L5N1777`.
    ///
    /// - Throws: ``ComponentError`` with the neurons the model has.
    public func neuron(named name: String) throws(ComponentError) -> (layer: Int, neuron: Int) {
        guard case .neuron(let layer, let neuron) = ComponentName(name), layer < config.nLayers,
            neuron < config.dMLP
        else { throw error(name, "neuron", "L5N1777", "N", config.dMLP) }
        return (layer, neuron)
    }

    /// A layer by its name, such as `L5`.
    ///
    /// - Throws: ``ComponentError`` with the layers the model has.
    public func layer(named name: String) throws(ComponentError) -> Int {
        guard case .layer(let layer) = ComponentName(name), layer < config.nLayers else {
            throw ComponentError(
                name: name, model: self.name, kind: "layer", example: "L5",
                range: "L0 to L\(config.nLayers - 1)")
        }
        return layer
    }

    /// The names of all heads, layer by layer.
    public var headNames: [String] {
        (0..<config.nLayers).flatMap { layer in
            (0..<config.nHeads).map { ComponentName.head(layer: layer, head: $0).description }
        }
    }

    private func error(
        _ name: String, _ kind: String, _ example: String, _ letter: String, _ count: Int
    ) -> ComponentError {
        ComponentError(
            name: name, model: self.name, kind: kind, example: example,
            range: "L0\(letter)0 to L\(config.nLayers - 1)\(letter)\(count - 1)")
    }
}

/// A name that is no layer, head or neuron of the model.
public struct ComponentError: Error, Hashable, CustomStringConvertible {
    let name: String
    let model: String
    let kind: String
    let example: String
    let range: String

    /// A sentence with the range that the model has.
    public var description: String {
        "\(model) has no \(kind) '\(name)'; its \(kind)s are \(range)"
            + (ComponentName(name) == nil ? ", written like \(example)" : "")
    }
}
