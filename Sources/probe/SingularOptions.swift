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
            only the end with the longer tail (positive sum of cubes), maxabs only the one with \
            the largest magnitude. The sign + is skew's in both.
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

    func write(_ page: PageOptions, _ output: OutputOptions) throws {
        let axis = Axis(axis, labels: matrices.map(\.name))
        let provenance = try Provenance(of: model)
        var tokens = SingularTokens(model, choices).table(
            command, of: matrices.map(\.directions), axis: axis)
        tokens.provenance = provenance
        tokens.settings = settings
        for (name, directions) in matrices.prefix(Self.mostTables) {
            for (i, share) in directions.shares.prefix(choices.directions).enumerated() {
                tokens.summary.append(("share of \(name) \(i)", share))
            }
        }
        var spectrum = spectrum(axis)
        spectrum.provenance = provenance
        spectrum.settings = settings
        let table = try HeatmapGrid(
            tokens,
            style: Heatmap.Style(title: page.title, width: page.width, dpi: page.dpi))
        let lines = try LinePlot(
            spectrum, style: LinePlot.Style(title: "Singular values", dpi: page.dpi))
        let isShort = matrices.count <= Self.mostTables
        try report(
            table, and: [lines], isShort ? spectrumTables : overview(tokens), command: command,
            output, isPreviewed: isShort)
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

    /// A line for each matrix: its first singular value, its share, and that direction's tokens.
    private func overview(_ tokens: LabelledArray) -> String {
        let texts = tokens.texts?.values ?? []
        let (signs, k, n) = (tokens.axes[2].count, tokens.axes[3].count, tokens.axes[4].count)
        let size = tokens.axes[1].count * signs * k * n
        return matrices.enumerated().map { index, matrix in
            let ends = (0..<signs).map { sign in
                let words = (0..<min(k, 5)).map { texts[index * size + (sign * k + $0) * n] }
                return tokens.axes[2].labels[sign] + " " + words.joined(separator: " ")
            }
            let value = NumberText.fixed(matrix.directions.values[0], decimals: 3, minus: "-")
            let share = NumberText.fixed(100 * matrix.directions.shares[0], decimals: 1)
            return matrix.name + String(repeating: " ", count: max(1, 8 - matrix.name.count))
                + TerminalText.padded(value, to: 8) + TerminalText.padded(share, to: 6) + "%  "
                + ends.joined(separator: "   ")
        }.joined(separator: "\n")
    }
}
