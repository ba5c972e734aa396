import Figures
import Results

/// Writes a result with its heat map, and prints it.
func report(
    _ map: Heatmap, _ summary: String, command: String, _ output: OutputOptions
) throws {
    let folder = output.folder(for: command)
    let paths = try map.array.write(
        to: folder, with: map.files(in: folder, as: output.format))
    if output.json {
        print(try map.array.json(), terminator: "")
        return
    }
    print(summary)
    print(map.preview(colour: false, width: Terminal.width))
    if Terminal.hasColour && !output.verbosity.quiet {
        print(map.preview(colour: true, width: Terminal.width))
    }
    print(paths.joined(separator: "\n"))
}
