import ArgumentParser
import FoundationEssentials
import Results
import Tensors

/// `probe merge`: the parts that several machines or runs worked on, as one result.
struct MergeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Put the parts of a study together that were made with --shard.",
        discussion: """
            The command that made the parts is run again, with their numbers in place, so it must \
            find the same model and data. --title, --dpi, --format and --quiet are not taken over; \
            give them here. Its files are those of one run, byte for byte but for the command and \
            the time in the JSON.
            """)

    @Argument(
        help: ArgumentHelp("The parts' files.", valueName: "file"),
        completion: .file(extensions: ["part"]))
    var files: [String]

    @Option(
        help: ArgumentHelp(
            "The folder to write to. (default: probe-out/<command>)", valueName: "folder"),
        completion: .directory)
    var out: String?

    @Option(help: ArgumentHelp("The figures' formats, as of the command.", valueName: "formats"))
    var format: String?

    @Option(help: ArgumentHelp("The words above the plot.", valueName: "text"))
    var title: String?

    @Option(help: ArgumentHelp("Pixels per inch of a PNG.", valueName: "number"))
    var dpi: String?

    @Flag(help: "Say nothing on the way.")
    var quiet = false

    /// What the command line is called among the things that a part's numbers belong to.
    static let key = "command line"

    func validate() throws {
        if Set(files).count < files.count { throw ValidationError("a part is named twice") }
    }

    func run() throws {
        let parts = try files.map(Self.part)
        guard let first = parts.first, let line = first.experiment[Self.key] else {
            throw MergeError(
                path: files[0], reason: "it is no part of a study that was made with --shard")
        }
        for part in parts
        where part.experiment != first.experiment || part.branchCount != first.branchCount {
            throw MergeError(
                path: part.path, reason: "it is a part of another study than \(files[0])")
        }
        let count = try Self.branches(of: parts).ranges.reduce(0) { $0 + $1.count }
        guard count == first.branchCount else {
            throw MergeError(
                path: files.joined(separator: ", "),
                reason: "\(count) of \(first.branchCount) numbers are there; name all parts "
                    + "once they are done")
        }
        let arguments = try decodeJSON([String].self, from: line.utf8)
        let folder = out ?? "probe-out/\(arguments.first ?? "merge")"
        var experiment = first.experiment
        experiment[Self.key] = nil
        // The store of a run that was stopped right before its end; it is let go of before the run.
        do {
            let store = try SweepStore(
                "\(folder)/.\(arguments.first ?? "merge").partial", of: experiment,
                branches: first.branchCount)
            for part in parts {
                try part.forEachRecord { try store.append($1, of: $0) }
            }
        }
        var command = try Probe.parseAsRoot(arguments + ["--out", folder] + appearance)
        try command.run()
    }

    /// What the command is told that its numbers do not depend on.
    private var appearance: [String] {
        [("--format", format), ("--title", title), ("--dpi", dpi)].compactMap { name, value in
            value.map { "\(name)=\($0)" }
        } + (quiet ? ["--quiet"] : [])
    }

    /// Opens a part.
    private static func part(_ path: String) throws -> SweepStore {
        do {
            return try SweepStore(reading: path)
        } catch SweepStoreError.damaged {
            throw MergeError(
                path: path,
                reason: "it is no part of a study that was made with --shard, or damaged")
        }
    }

    /// Which numbers the parts have; they may be larger than memory.
    private static func branches(of parts: [SweepStore]) throws -> RangeSet<Int> {
        var present = RangeSet<Int>()
        for part in parts {
            try part.forEachRecord { branches, _ in
                var start = branches.startIndex
                while start < branches.endIndex {
                    // Most are one run.
                    let end =
                        branches.indices[start...].dropFirst().first {
                            branches[$0] != branches[$0 - 1] + 1
                        } ?? branches.endIndex
                    present.insert(contentsOf: branches[start]..<branches[end - 1] + 1)
                    start = end
                }
            }
        }
        return present
    }

    /// The command line without what may differ between parts, as JSON.
    static func recorded() throws -> String {
        var kept: [String] = []
        var skipsNext = false
        let valued = ["--shard", "--out", "--threads", "--format", "--title", "--dpi"]
        for argument in CommandLine.arguments.dropFirst() {
            if skipsNext {
                skipsNext = false
            } else if argument == "--quiet" {
                continue
            } else if valued.contains(argument) {
                skipsNext = true
            } else if !valued.contains(where: { argument.hasPrefix($0 + "=") }) {
                kept.append(argument)
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        return String(decoding: try encoder.encode(kept), as: UTF8.self)
    }
}

/// Why parts cannot be put together.
private struct MergeError: Error, CustomStringConvertible {
    let path: String
    let reason: String

    var description: String { "\(path): \(reason)" }
}
