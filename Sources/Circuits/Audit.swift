internal import Interventions
internal import Kernels
public import Models
import Tensors

/// A statement that holds for every model, up to the rounding of 32-bit numbers, and by how much it
/// was missed.
public struct Identity: Sendable, Hashable {
    /// What the statement is about.
    public enum Group: String, CaseIterable, Sendable {
        /// Rewriting the weights leaves the predictions as they are.
        case weights
        /// Activations are sums of their parts.
        case residualStream = "residual stream"
        /// Patches do what their definition says, by the fast engine as by plain forward passes.
        case interventions
        /// Ways of running the model that must not matter.
        case running
        /// Products of thin matrices against the same products multiplied out.
        case factoredMatrices = "factored matrices"
    }

    /// The statement in words; no other of an audit has the same.
    public let name: String
    /// What it is about.
    public let group: Group
    /// The difference where it is largest beside what is allowed there; NaN where something was not
    /// a number, or nothing was compared.
    public let error: Double
    /// What is allowed there; see ``Tolerance``.
    public let tolerance: Double
    /// Where that is, such as `layer 3, pos 0`.
    public let place: String

    /// Whether the error is allowed; NaN never is.
    public var passes: Bool { error <= tolerance }
}

/// Checks a checkpoint against identities that need no reference values.
///
/// Each is computed twice in different ways and compared. What all of them hold on a model is
/// evidence that this build reads, rewrites, runs and patches it correctly; it says nothing about
/// what the model knows.
///
/// ```swift
/// let audit = try Audit(model, clean: clean, corrupted: corrupted)
/// let failed = try audit.run().filter { !$0.passes }
/// ```
public struct Audit: Sendable {
    /// The run whose activations are put in, with all of them cached.
    public let clean: Run
    /// The corrupted run, which patches depart from.
    public let base: Run
    /// The tokens whose logit difference is measured at the last position.
    public let answers: (right: Int, wrong: Int)
    /// The logit difference of the clean and of the corrupted run.
    public let differences: (clean: Double, corrupted: Double)
    /// What is examined; tests put damaged ones in.
    package var operations = AuditedOperations()
    /// What a logit of each position may miss, of the clean and of the corrupted run.
    let tolerances: (clean: [Double], base: [Double])

    /// The model.
    public var model: Transformer { clean.model }

    /// Runs both prompts and prepares the audit.
    ///
    /// - Parameters:
    ///   - model: A model with its weights as loaded.
    ///   - clean: Token ids.
    ///   - corrupted: As many token ids, of which at least one differs.
    ///   - answers: The tokens whose logit difference is measured; `nil` for the two whose logits
    ///     the prompts move most, up and down.
    /// - Throws: ``AuditError``; ``RunError`` for tokens the model does not have.
    public init(
        _ model: Transformer, clean: [Int], corrupted: [Int],
        answers: (right: Int, wrong: Int)? = nil
    ) throws {
        guard model.processing == .none else { throw AuditError.processed(model.processing) }
        try model.config.requirePlainStream(for: "the audit's identities")
        guard clean.count == corrupted.count, clean != corrupted else {
            throw AuditError.unfitPrompts(clean.count, corrupted.count)
        }
        self.clean = try model.run([clean], caching: .all)
        base = try model.run([corrupted], caching: .all)
        self.answers = answers ?? Audit.mostMoved(from: base, to: self.clean)
        let metric = Metric.logitDifference(.id(self.answers.right), .id(self.answers.wrong))
        differences = (try metric.value(of: self.clean), try metric.value(of: base))
        tolerances = (Tolerance.logits(of: self.clean), Tolerance.logits(of: base))
        let distance = abs(differences.clean - differences.corrupted)
        // With a NaN the audit goes on, and says so line by line.
        if distance <= 10 * tolerance { throw AuditError.indistinguishable(distance, tolerance) }
    }

    /// The logit difference at the last position.
    var metric: Metric { .logitDifference(.id(answers.right), .id(answers.wrong)) }

    /// What the logit difference of a run may miss.
    var tolerance: Double { max(tolerances.clean.last ?? .nan, tolerances.base.last ?? .nan) }

    /// The position of the first token that differs.
    var firstDifference: Int {
        zip(clean.tokens?.ids[0] ?? [], base.tokens?.ids[0] ?? []).prefix { $0 == $1 }.count
    }

    /// Checks every identity that applies to the model.
    ///
    /// - Parameter progress: Called after each step with how many are done, of how many.
    /// - Returns: The identities, group by group.
    public func run(progress: (Int, Int) -> Void = { _, _ in }) throws -> [Identity] {
        let steps =
            weightSteps + streamSteps + interventionSteps + runningSteps + gradientSteps
            + factoredSteps
        progress(0, steps.count)
        return try steps.enumerated().flatMap { index, step in
            let identities = try step.identities()
            progress(index + 1, steps.count)
            return identities
        }
    }

    /// The two tokens whose logits at the last position move most, up and down.
    private static func mostMoved(from base: Run, to clean: Run) -> (right: Int, wrong: Int) {
        guard let before = base.logits?.rows, let after = clean.logits?.rows else { return (0, 0) }
        let last = before.count - 1
        let moves = zip(before[last], after[last]).map { $1 - $0 }
        return (
            moves.indices.max { moves[$0] < moves[$1] } ?? 0,
            moves.indices.min { moves[$0] < moves[$1] } ?? 0
        )
    }
}

/// Identities that are checked together, as they share a costly value.
struct AuditStep {
    let group: Identity.Group
    /// The identities.
    let names: [String]
    /// Measures them, in the order of the names.
    let measure: () throws -> [Discrepancy]

    /// A step of one identity.
    init(_ group: Identity.Group, _ name: String, _ measure: @escaping () throws -> Discrepancy) {
        self.init(group, [name]) { [try measure()] }
    }

    init(
        _ group: Identity.Group, _ names: [String],
        _ measure: @escaping () throws -> [Discrepancy]
    ) {
        (self.group, self.names, self.measure) = (group, names, measure)
    }

    func identities() throws -> [Identity] {
        var found: [Discrepancy]
        do {
            found = try measure()
        } catch let error as LinearAlgebraError {
            // Weights that are not finite are a finding, and no reason to end without a table.
            found = names.map { _ in Discrepancy(place: error.description) }
        }
        precondition(found.count == names.count, "\(found.count) errors for \(names)")
        return zip(names, found).map { name, found in
            Identity(
                name: name, group: group, error: found.error, tolerance: found.tolerance,
                place: found.place)
        }
    }
}

/// Why a model cannot be audited.
public enum AuditError: Error, Hashable, CustomStringConvertible {
    /// Weights that are no longer as loaded.
    case processed(WeightProcessing)
    /// Prompts of different lengths, or equal ones.
    case unfitPrompts(Int, Int)
    /// Prompts that the answers hardly tell apart: no patch could be seen to fail.
    case indistinguishable(Double, Double)

    /// A sentence that says what to do next.
    public var description: String {
        switch self {
        case .processed(let steps):
            "the audit compares weights before and after processing, so it needs them as loaded; "
                + "these went through \(steps)"
        case .unfitPrompts(let clean, let corrupted):
            "the prompts have \(clean) and \(corrupted) tokens; they must be equally many, and at "
                + "least one must differ"
        case .indistinguishable(let distance, let tolerance):
            "the answers' logit difference moves by \(distance) between the prompts, which is "
                + "within reach of rounding (\(tolerance)), so no patch could be seen to fail; "
                + "choose prompts or answers that differ more"
        }
    }
}
