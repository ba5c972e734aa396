public import ArgumentParser
import Circuits
import Figures
import Models
import Results
import Tensors

/// Which singular directions are shown, and how they are read in the vocabulary.
struct SingularOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "How many directions of each matrix, the strongest. (default: 6)", valueName: "n"))
    var directions: Int?

    @Option(help: ArgumentHelp("How many tokens for each direction and sign.", valueName: "k"))
    var top = 10

    @Option(
        help: ArgumentHelp(
            """
            Singular vectors have no sign of their own: both shows the tokens at either end; skew \
            only the end with the longer tail (the sum of cubes about the mean is positive), \
            maxabs only the one with the largest deviation from the mean. The sign + is skew's in \
            both.
            """))
    var sign = SingularTokens.Sign.both

    @Option(
        help: "What gives tokens their directions: unembed, as SVDInterpreter does, or embed.")
    var basis = VocabularyReader.Basis.unembed

    func validate() throws {
        try TopTokens.validate(top)
        if let directions, directions < 1 {
            throw ValidationError("--directions is \(directions); give at least 1")
        }
    }

    /// The choices for matrices with so many directions.
    ///
    /// - Throws: ``SingularRangeError`` for more directions than there are.
    func choices(
        sides: [String], available: Int, matrix: String, in model: Transformer
    ) throws -> SingularTokens.Options {
        if let directions, directions > available {
            throw SingularRangeError(
                description: "\(matrix) of \(model.name) has \(available) singular directions; "
                    + "give --directions 1 to \(available)")
        }
        try TopTokens.check(top, in: model)
        return SingularTokens.Options(
            directions: directions ?? min(6, available), tokens: top, sign: sign, sides: sides,
            basis: basis)
    }
}

extension SingularTokens.Sign: ExpressibleByArgument {}
extension VocabularyReader.Basis: ExpressibleByArgument {}

/// More directions than there are.
struct SingularRangeError: Error, CustomStringConvertible {
    let description: String
}

/// The singular directions of one or more matrices, ready to be written, drawn and printed.
struct SingularReport {
    let model: Transformer
    let matrices: [(name: String, directions: SingularDirections)]
    let choices: SingularTokens.Options
    /// The command's name, which names the files.
    let command: String
    /// What the first axis counts: heads or layers.
    let axis: String

    /// Of more matrices than this only a line each is printed.
    private static let mostTables = 3
    /// The most tables of tokens in the figure.
    private static let mostPanels = 6

    func write(_ page: PageOptions, _ output: OutputOptions, isGiven: Bool) throws {
        if isGiven, let poor = matrices.first(where: { $0.directions.rank < choices.directions }) {
            throw SingularRangeError(
                description: "\(poor.directions.matrix) of \(model.name) has rank "
                    + "\(poor.directions.rank); give --directions 1 to \(poor.directions.rank)")
        }
        let axis = Axis(axis, labels: matrices.map(\.name))
        let provenance = try Provenance(of: model)
        let described = { (array: LabelledArray) in
            var array = array
            array.provenance = provenance
            array.settings = settings
            return array
        }
        let tokens = described(
            try SingularTokens(model, choices).table(
                command, of: matrices.map(\.directions), axis: axis))
        let style = Heatmap.Style(width: page.width, dpi: page.dpi)
        let drawn = drawnMatrices
        let table = try HeatmapGrid(
            drawn.count == matrices.count
                ? tokens
                : .stacking(
                    drawn.map(tokens.part), along: self.axis,
                    labels: drawn.map { matrices[$0].name }), style: style)
        let lines = try LinePlot(
            described(spectrum(axis)),
            style: LinePlot.Style(
                title: page.title ?? "Singular values", width: page.width, dpi: page.dpi))
        let isShort = matrices.count <= Self.mostTables
        var summary = isShort ? spectrumTables : overview(tokens)
        if drawn.count < matrices.count {
            summary +=
                "\nthe figure shows \(drawn.count) of \(matrices.count), those with the largest "
                + "first singular value"
        }
        try report(
            table, of: tokens, with: described(shares(axis)), and: [(lines, nil)], summary,
            command: command, output, isPreviewed: isShort)
    }

    /// The matrices whose tables fit the figure whole: those with the largest first value.
    private var drawnMatrices: [Int] {
        let panels = choices.sides.count * (choices.sign == .both ? 2 : 1)
        let order = matrices.indices.sorted {
            (matrices[$0].directions.values[0], $1) > (matrices[$1].directions.values[0], $0)
        }
        return order.prefix(Self.mostPanels / panels).sorted()
    }

    private var settings: [String: String] {
        [
            "matrices": matrices.map { "\($0.directions.matrix)" }.joined(separator: ","),
            "sign": choices.sign.rawValue, "basis": choices.basis.rawValue,
            "tokens": TopTokens.convention,
        ]
    }

    /// All singular values, [head, direction]; a text tells the group of nearly equal ones.
    private func spectrum(_ axis: Axis) -> LabelledArray {
        let values = matrices.map(\.directions.values)
        var spectrum = LabelledArray(
            command + "-spectrum", quantity: Quantity("singular value"),
            axes: [axis, Axis("direction", count: values[0].count)],
            values: Tensor([values.count, values[0].count], values.joined().map { Float($0) }))
        spectrum.texts = LabelledArray.Texts(
            "nearly_equal", matrices.flatMap { groupNames(of: $0.directions) })
        return spectrum
    }

    /// The share of each direction in the sum of squares of its matrix, [head, direction].
    private func shares(_ axis: Axis) -> LabelledArray {
        let values = matrices.map(\.directions.shares)
        return LabelledArray(
            command + "-shares", quantity: Quantity("share of the sum of squares"),
            axes: [axis, Axis("direction", count: values[0].count)],
            values: Tensor([values.count, values[0].count], values.joined().map { Float($0) }))
    }

    /// For each direction the range of those it cannot be told from; empty for one that stands
    /// apart.
    private func groupNames(of directions: SingularDirections) -> [String] {
        directions.groups.flatMap { group in
            let name =
                group.lowerBound >= directions.rank ? "zero" : "\(group.first!)–\(group.last!)"
            return [String](repeating: group.count > 1 ? name : "", count: group.count)
        }
    }

    /// Values, shares and groups of each matrix, by direction.
    private var spectrumTables: String {
        matrices.map { name, directions in
            let count = choices.directions
            let groups = groupNames(of: directions)
            func row(_ title: String, _ cells: [String]) -> String {
                title + String(repeating: " ", count: max(1, 16 - title.count))
                    + cells.prefix(count).map { TerminalText.padded($0, to: 9) }.joined()
            }
            let isFlagged = groups.prefix(count).contains { !$0.isEmpty }
            let lines = [
                "\(directions.matrix), rank \(directions.rank), weights: \(model.processing)",
                row("direction", (0..<count).map(String.init)),
                row(
                    "singular value",
                    directions.values.map { NumberText.fixed($0, decimals: 4, minus: "-") }),
                row(
                    "share", directions.shares.map { NumberText.fixed(100 * $0, decimals: 1) + "%" }
                ),
            ]
            let flags = isFlagged ? [row("nearly equal", groups)] : []
            return (lines + flags).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// For each matrix its first singular value, its share, and that direction's tokens by side.
    private func overview(_ tokens: LabelledArray) -> String {
        let texts = tokens.texts?.values ?? []
        let (sides, signs, k, n) = (
            tokens.axes[1], tokens.axes[2], tokens.axes[3].count, tokens.axes[4].count
        )
        let lines = matrices.enumerated().flatMap { index, matrix in
            sides.labels.enumerated().map { side, sideName in
                let ends = signs.labels.enumerated().map { sign, signName in
                    let start = ((index * sides.count + side) * signs.count + sign) * k * n
                    let words = (0..<min(k, 5)).map { texts[start + $0 * n] }
                    return signName + " " + words.joined(separator: " ")
                }
                let directions = matrix.directions
                let value = NumberText.fixed(directions.values[0], decimals: 3, minus: "-")
                let share = NumberText.fixed(100 * directions.shares[0], decimals: 1)
                return matrix.name + String(repeating: " ", count: max(1, 8 - matrix.name.count))
                    + TerminalText.padded(value, to: 8) + TerminalText.padded(share, to: 6) + "%  "
                    + (sides.count > 1 ? TerminalText.padded(sideName, to: 6) + "  " : "")
                    + ends.joined(separator: "   ")
            }
        }
        let header = "first direction: singular value, share, tokens (weights: \(model.processing))"
        return ([header] + lines).joined(separator: "\n")
    }
}
