import Results
import Tensors

/// Made-up results for the tests of figures.
enum Sample {
    static let provenance = Provenance(
        command: ["probe", "patch-residual", "--prompt", "The woman was"], version: "0.1",
        model: "organism", checkpoint: "sha256:abc", seed: 7, time: "2026-01-02T03:04:05Z")

    static func array(
        _ rows: Axis, _ columns: Axis, name: String = "patch-residual",
        value: (Int, Int) -> Float = { Float(($0 * 7 + $1 * 3) % 11) / 5 - 1 }
    ) -> LabelledArray {
        let values = (0..<rows.count).flatMap { row in
            (0..<columns.count).map { value(row, $0) }
        }
        return LabelledArray(
            name, quantity: Quantity("normalised logit difference"), axes: [rows, columns],
            values: Tensor([rows.count, columns.count], values), provenance: provenance)
    }

    static func array(_ rows: Int, _ columns: Int) -> LabelledArray {
        array(Axis("layer", count: rows), Axis("head", count: columns))
    }

    /// The top tokens of a few singular directions, as a transformer's table of them looks.
    static func tokens(_ rows: Int, _ columns: Int) -> LabelledArray {
        let words = ["he", "she", "#ing", "Washington", "woman", "\n", "中国", "#ness", "a"]
        var array = array(
            Axis("rank", count: rows), Axis("direction", count: columns), name: "svd-ov")
        array.texts = .init(
            "token", (0..<(rows * columns)).map { words[($0 * 5 + $0 / 7) % words.count] })
        return array
    }

    static func positions(_ tokens: [String]) -> Axis {
        Axis("pos", count: tokens.count, companion: .init("token", tokens))
    }
}
