import ArgumentParser
import Figures
import FoundationEssentials
import Glibc
import Kernels
import Models
import Results

/// Where results go and how much is said.
struct OutputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder to write to. (default: probe-out/<command>)", valueName: "folder"),
        completion: .directory)
    var out: String?

    @Option(
        help: ArgumentHelp(
            "The figure's formats, of png, pdf, svg. (default: png)", valueName: "formats"),
        transform: OutputOptions.formats)
    var format: [FigureFormat] = [.png]

    @Flag(help: "Print the result's JSON instead of a table; of several results a list.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        if out?.isEmpty == true { throw ValidationError("--out is empty; give a folder") }
    }

    /// The folder, by the command's name unless given.
    func folder(for command: String) -> String { out ?? "probe-out/\(command)" }

    private static func formats(_ list: String) throws -> [FigureFormat] {
        let formats = try list.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let format = FigureFormat(rawValue: String(name)) else {
                throw ValidationError("there is no figure format '\(name)'; give png, pdf or svg")
            }
            return format
        }
        return FigureFormat.allCases.filter(formats.contains)
    }
}

/// How much is said, and how many threads work.
struct VerbosityOptions: ParsableArguments {
    @Flag(help: "Say nothing on the way, and print no preview.")
    var quiet = false

    @Option(help: ArgumentHelp("How many threads work. (default: all cores)", valueName: "number"))
    var threads: Int?

    func validate() throws {
        guard let threads else { return }
        guard (1...1024).contains(threads) else {
            throw ValidationError("--threads is \(threads); give 1 to 1024")
        }
    }

    /// Sets the number of threads.
    func apply() {
        if let threads { Threads.count = threads }
    }

    /// Progress of the command's long work, unless quiet.
    func progress(_ what: String) -> ProgressLine { ProgressLine(what, isQuiet: quiet) }
}

extension Provenance {
    /// The provenance of a result of this command line.
    init(of model: Transformer, seed: UInt64? = nil) throws {
        self.init(
            command: ["probe"] + CommandLine.arguments.dropFirst(), version: Probe.version,
            model: model.name, checkpoint: try model.checkpointHash() ?? "none",
            processing: model.processing.description, seed: seed, time: Date.now.ISO8601Format())
    }
}

/// The terminal, as far as output depends on it.
enum Terminal {
    /// Whether standard output shows colours.
    static let hasColour = isatty(STDOUT_FILENO) == 1 && !isSet("NO_COLOR") && !isDumb

    /// Whether standard error shows a line that changes.
    static let hasLine = isatty(STDERR_FILENO) == 1 && !isDumb

    /// The width of standard output in characters.
    static let width: Int = {
        var size = winsize()
        let status = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size)
        return status == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }()

    private static func isSet(_ variable: String) -> Bool {
        getenv(variable).map { strlen($0) > 0 } ?? false
    }

    private static let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? false

    /// Writes a line to standard error.
    static func note(_ text: String) { writeToError(text + "\n") }

    /// Writes text to standard error, which is not buffered.
    static func writeToError(_ text: String) {
        var text = text
        text.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
