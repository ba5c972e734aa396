import Figures
import Results

/// Writes a result with its figure, and prints it.
///
/// - Parameters:
///   - figure: What is drawn.
///   - result: The result that is written, where the figure draws another form of it.
///   - more: A result that is written with it.
///   - figures: More figures of the same run, which are written with their results, each its own
///     array unless another is given.
///   - files: More files of the same run, by their full paths.
///   - isPreviewed: Whether the terminal shows the figure below the summary.
func report(
    _ figure: some Figure, of result: LabelledArray? = nil, with more: LabelledArray? = nil,
    and figures: [(figure: any Figure, result: LabelledArray?)] = [],
    files: [(path: String, bytes: [UInt8])] = [], _ summary: String,
    command: String, _ output: OutputOptions,
    isPreviewed: Bool = true
) throws {
    let folder = output.folder(for: command)
    let result = result ?? figure.array
    var others = try more?.files(in: folder) ?? []
    for (figure, result) in figures {
        others += try (result ?? figure.array).files(in: folder)
        others += try figure.files(in: folder, as: output.format)
    }
    others += files
    // The main figure's path is the last.
    others += try figure.files(in: folder, as: output.format)
    let paths = try result.write(to: folder, with: others)
    if output.json {
        let all = [result] + [more].compactMap(\.self) + figures.map { $1 ?? $0.array }
        let texts = try all.map { try $0.json(includingValues: true) }
        // One result is an object, several are a list.
        print(
            texts.count == 1 ? texts[0] : "[" + texts.joined(separator: ",") + "]\n", terminator: ""
        )
        return
    }
    print(summary)
    if isPreviewed { print(figure.preview(colour: false, width: Terminal.width)) }
    if isPreviewed && Terminal.hasColour && !output.verbosity.quiet {
        print(figure.preview(colour: true, width: Terminal.width))
    }
    print(paths.joined(separator: "\n"))
}
