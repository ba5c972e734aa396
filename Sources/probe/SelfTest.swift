import ArgumentParser
import Figures
import FoundationEssentials
import GroundTruth
import Interventions
import Models

/// `probe self-test`: whether the sweeps find circuits that are known because they were planted.
struct SelfTest: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the sweeps on models with planted circuits, and check that they find them.",
        discussion: """
            Each sweep must rank the circuit's sites above all others (AUROC 1), with the effects \
            that a closed form gives (largest deviation at most 1e-4), and so must corrupting each \
            edge between parts. Estimated is the AUROC of attribution patching, for edges of edge \
            attribution patching, which saturation may fool. It takes less than a \
            second, needs no files, and exits with 1 if anything is wrong.
            """)

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func run() throws {
        verbosity.apply()
        let report = SelfTestReport(try PlantedModel.all.map { ($0, try $0.scores()) })
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            print(String(decoding: try encoder.encode(report), as: UTF8.self))
        } else if !verbosity.quiet {
            print(report.table)
        }
        let failed = report.sweeps.filter { !$0.passes }.map { "\($0.sweep) of \($0.model)" }
        if !failed.isEmpty { throw SelfTestFailure(sweeps: failed) }
    }
}

/// Sweeps that missed a planted circuit.
struct SelfTestFailure: Error, CustomStringConvertible {
    let sweeps: [String]

    var description: String {
        "the self-test failed for \(sweeps.joined(separator: ", ")); this build's results cannot "
            + "be trusted, so rebuild it, and report the table if it fails again"
    }
}

/// What a self-test found; numbers that are not finite are left out of its JSON.
struct SelfTestReport: Encodable {
    struct Circuit: Encodable {
        let model: String
        let summary: String
        let circuit: [String]
        let edges: [[String]]
    }

    struct Sweep: Encodable {
        let model: String
        let sweep: String
        let sites: Int
        let true_sites: Int
        let auroc: Double?
        let auroc_of_estimates: Double?
        let largest_deviation: Double?
        let passes: Bool
    }

    let tolerance = SweepScore.tolerance
    let models: [Circuit]
    let sweeps: [Sweep]

    init(_ results: [(model: PlantedModel, scores: [SweepScore])]) {
        models = results.map { result in
            Circuit(
                model: result.model.name, summary: result.model.summary,
                circuit: result.model.circuit.map(\.nameInTables).sorted(),
                edges: result.model.edges.map { [$0.from, $0.to] })
        }
        sweeps = results.flatMap(\.scores).map { score in
            Sweep(
                model: score.model, sweep: score.sweep, sites: score.sites,
                true_sites: score.trueSites, auroc: score.areaUnderCurve,
                auroc_of_estimates: score.areaOfEstimates,
                largest_deviation: score.deviation.isFinite ? score.deviation : nil,
                passes: score.passes)
        }
    }

    var table: String {
        let left = { (text: String, width: Int) in
            text + String(repeating: " ", count: max(1, width - TerminalText.width(of: text)))
        }
        let number = { (value: Double?, decimals: Int, width: Int) in
            TerminalText.padded(
                value.map { NumberText.fixed($0, decimals: decimals) } ?? "–", to: width)
        }
        let rows = sweeps.map { row in
            left(row.model, 17) + left(row.sweep, 16) + number(Double(row.sites), 0, 5)
                + number(Double(row.true_sites), 0, 6) + number(row.auroc, 3, 8)
                + number(row.auroc_of_estimates, 3, 11)
                + number(row.largest_deviation, 8, 12) + (row.passes ? "  ok" : "  FAILED")
        }
        let header =
            left("model", 17) + left("sweep", 16) + "sites  true   AUROC  estimated   deviation"
        return ([header] + rows).joined(separator: "\n")
    }
}

extension Site {
    /// The hook point with the head or neuron, such as `blocks.1.attn.hook_z[2]`.
    fileprivate var nameInTables: String {
        point.description + ((head ?? neuron).map { "[\($0)]" } ?? "")
    }
}
