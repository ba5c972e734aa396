import ArgumentParser
import Gradiend
import Results
import Tensors

/// `probe gradiend-data`: the rows and neutral texts that the other commands work on, as files.
struct GradiendData: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make rows and neutral texts from plain text, to look at or to edit.",
        discussion: """
            Writes rows.csv, which --data reads here and in the Python package gradiend, and \
            neutral.csv for --neutral. Without options they are the organism's own.
            """)

    @OptionGroup(title: "Data") var data: FeatureDataOptions

    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(help: ArgumentHelp("Starts the choice of names and splits.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp(
            "The folder to write to. (default: probe-out/gradiend-data)", valueName: "folder"),
        completion: .directory)
    var out = "probe-out/gradiend-data"

    func run() throws {
        let task = try data.task(for: model.load(), model)
        let rows = try data.rows(seed: seed, for: task)
        let neutral = try data.neutralTexts(seed: seed)
        try AtomicFile.write([
            ("\(out)/rows.csv", Array(rows.csv().utf8)),
            (
                "\(out)/neutral.csv",
                Array(csvText(header: ["text"], rows: neutral.map { [$0] }).utf8)
            ),
        ])
        for split in Split.allCases {
            print("\(split.rawValue): \(rows.count { $0.split == split }) rows")
        }
        print("\(neutral.count) neutral texts; all in \(out)")
    }
}
