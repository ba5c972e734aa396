import ArgumentParser
import Figures
import Results
import Tensors

extension LabelledArray {
    /// The parts with the largest effects, such as `L5N1777`, `L9H7` or `3_attn_out`; at a
    /// position, `L5N1777 pos 2`.
    ///
    /// Of effects by layer and head, by layer and neuron, by layer, position and neuron, or by
    /// component.
    func strongest(_ count: Int) -> [(name: String, value: Float)] {
        let values = values.values
        let order = values.indices.sorted { (abs(values[$0]), $1) > (abs(values[$1]), $0) }
        return order.prefix(count).map { (name(of: $0), values[$0]) }
    }

    private func name(of index: Int) -> String {
        let part = axes[axes.count - 1]
        let (rest, entry) = index.quotientAndRemainder(dividingBy: part.count)
        if axes.count == 1 { return part.labels[entry] }
        let positions = axes.count == 2 ? 1 : axes[1].count
        let letter = part.name.prefix(1).uppercased()
        let name = "L\(axes[0].labels[rest / positions])\(letter)\(part.labels[entry])"
        return axes.count == 2 ? name : "\(name) pos \(axes[1].labels[rest % positions])"
    }
}

/// A line for each part and its value.
func list(_ parts: [(name: String, value: Float)]) -> String {
    let width = (parts.map(\.name.count).max() ?? 0) + 3
    return parts.map { name, value in
        "  " + name + String(repeating: " ", count: max(1, width - name.count))
            + NumberText.fixed(Double(value), decimals: 4, minus: "-")
    }.joined(separator: "\n")
}

/// How many of the strongest are listed.
struct StrongestOptions: ParsableArguments {
    @Option(help: ArgumentHelp("How many of the strongest are listed.", valueName: "k"))
    var top = 10

    func validate() throws {
        if top < 0 { throw ValidationError("--top must not be negative") }
    }
}
