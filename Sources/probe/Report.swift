import Figures
import Results

/// Writes a result with its figure, and prints it.
///
/// - Parameters:
///   - figure: What is drawn.
///   - result: The result that is written, where the figure draws another form of it.
///   - more: A result that is written with it.
func report(
    _ figure: some Figure, of result: LabelledArray? = nil, with more: LabelledArray? = nil,
    _ summary: String, command: String, _ output: OutputOptions
) throws {
    let folder = output.folder(for: command)
    let result = result ?? figure.array
    let others = try figure.files(in: folder, as: output.format) + (more?.files(in: folder) ?? [])
    let paths = try result.write(to: folder, with: others)
    if output.json {
        print(try result.json(includingValues: true), terminator: "")
        return
    }
    print(summary)
    print(figure.preview(colour: false, width: Terminal.width))
    if Terminal.hasColour && !output.verbosity.quiet {
        print(figure.preview(colour: true, width: Terminal.width))
    }
    print(paths.joined(separator: "\n"))
}
