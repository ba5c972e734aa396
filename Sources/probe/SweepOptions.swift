import ArgumentParser
import Interventions
import Results

/// How sweeps are carried out.
struct SweepOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The most memory that a sweep's work takes beside the model, such as 512M or 2G.",
            valueName: "size"), transform: SweepOptions.bytes)
    var memory: Int?

    /// The same for the engine.
    var engine: Engine.Options { Engine.Options(memory: memory) }

    /// Reads a number of bytes with K, M, G or T for powers of 1024.
    private static func bytes(_ text: String) throws -> Int {
        let powers: [Character: Int] = ["K": 1, "M": 2, "G": 3, "T": 4]
        let power = text.last.flatMap { powers[Character($0.uppercased())] }
        let digits = power == nil ? text[...] : text.dropLast()
        guard let count = Int(digits), count > 0 else { throw invalid(text) }
        let (bytes, overflows) = count.multipliedReportingOverflow(by: 1 << (10 * (power ?? 0)))
        if overflows { throw invalid(text) }
        return bytes
    }

    private static func invalid(_ text: String) -> ValidationError {
        ValidationError("'\(text)' is no size; give one such as 512M or 2G")
    }
}

/// The stores of a command's sweeps, in the output folder until the results are there.
///
/// A command that is stopped leaves them, so that the same command goes on from there.
final class PartialResults {
    private let folder: String
    private var stores: [SweepStore] = []
    /// How many stores of a name were opened.
    private var names: [String: Int] = [:]

    init(in folder: String) { self.folder = folder }

    /// Opens a sweep's store, which stays open and locked until the command ends.
    ///
    /// The second sweep of a name in a command gets a number.
    func open(
        _ name: String, _ progress: ProgressLine, _ open: (String) throws -> SweepStore
    ) throws -> SweepStore {
        names[name, default: 0] += 1
        let number = names[name].map { $0 > 1 ? "-\($0)" : "" } ?? ""
        let store = try open("\(folder)/.\(name)\(number).partial")
        stores.append(store)
        if store.knownCount > 0 {
            progress.note("\(store.knownCount) of \(store.branchCount) are done already")
        }
        return store
    }

    /// Removes all; the results must have been written.
    func remove() {
        for store in stores { store.remove() }
        stores = []
    }
}
