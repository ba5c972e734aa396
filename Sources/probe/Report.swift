import Figures
import Results

/// Writes a result with its figure, and prints it.
///
/// - Parameters:
///   - figure: What is drawn.
///   - result: The result that is written, where the figure draws another form of it.
func report(
    _ figure: some Figure, of result: LabelledArray? = nil, _ summary: String, command: String,
    _ output: OutputOptions
) throws {
    let folder = output.folder(for: command)
    let result = result ?? figure.array
    let paths = try result.write(to: folder, with: figure.files(in: folder, as: output.format))
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
