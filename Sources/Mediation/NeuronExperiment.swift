internal import Glibc
public import Interventions
public import Models
import Tensors

/// One prompt whose neurons are changed one at a time, or several together.
///
/// ```swift
/// let runs = try NeuronRuns(prompt, in: model)
/// let effects = try NeuronExperiment(runs, .manIndirect).ratios()     // [site][neuron], flat
/// ```
/// All else follows from the changed neurons: attention and other activations are computed again.
public struct NeuronExperiment: Sendable {
    /// The runs.
    public let runs: NeuronRuns
    /// What is done to a neuron.
    public let intervention: NeuronIntervention
    /// The sites that are swept.
    public let sites: NeuronSites
    private let points: [HookPoint]
    /// What happens at each point, all neurons together.
    private let edits: [Edit]

    /// Prepares an experiment.
    ///
    /// - Parameters:
    ///   - runs: The prompt's plain runs.
    ///   - intervention: What is done to a neuron.
    ///   - alpha: How much of it; see ``NeuronIntervention``.
    ///   - sites: Which values are neurons.
    public init(
        _ runs: NeuronRuns, _ intervention: NeuronIntervention, alpha: Float = 1,
        sites: NeuronSites = .mlpOut
    ) throws {
        (self.runs, self.intervention, self.sites) = (runs, intervention, sites)
        points = sites.points(in: runs.model)
        edits = try points.map { point in
            let value = { (run: NeuronRuns.Prompt) in try runs.value(of: run, at: point) }
            switch intervention {
            case .manIndirect: return .replace(try value(.man).scaled(by: alpha))
            case .womanIndirect: return .replace(try value(.woman).scaled(by: alpha))
            case .manDirect, .womanDirect: return .replace(try value(.base).scaled(by: alpha))
            case .manMinusWoman:
                return .add(try value(.man).minus(value(.woman)).scaled(by: alpha))
            case .womanMinusMan:
                return .add(try value(.woman).minus(value(.man)).scaled(by: alpha))
            }
        }
    }

    /// The prompt that runs.
    private var context: NeuronRuns.Prompt {
        switch intervention {
        case .manDirect: .man
        case .womanDirect: .woman
        default: .base
        }
    }

    /// Every neuron, site by site.
    public var units: [NeuronUnit] {
        let width = sites.width(in: runs.model)
        return points.indices.flatMap { site in
            (0..<width).map { NeuronUnit(site: site, neuron: $0) }
        }
    }

    /// The branch that changes some neurons together.
    public func branch(_ units: [NeuronUnit]) -> Branch {
        Branch(
            units.map { unit in
                Intervention(
                    sites.site(points[unit.site], unit.neuron, at: runs.position(in: context)),
                    edits[unit.site])
            })
    }

    /// The odds with each set of neurons changed, divided by those of the plain base run.
    ///
    /// - Parameters:
    ///   - sets: Neurons that are changed together; `nil` for every neuron alone.
    ///   - options: How the work is cut.
    public func ratios(
        of sets: [[NeuronUnit]]? = nil, options: Engine.Options = .init()
    ) throws -> [Double] {
        let base = try runs[.base].logOdds()
        let sign = intervention.isTowardsFirst ? -1.0 : 1.0
        return try runs[context].logOdds(
            of: sets ?? alone, options: options, as: branch
        ).map { exp(sign * ($0 - base)) }
    }

    /// The candidates' scores with each set of neurons changed; `nil` for every neuron alone.
    public func scores(
        of sets: [[NeuronUnit]]? = nil, options: Engine.Options = .init()
    ) throws -> [(first: Double, second: Double)] {
        try runs[context].scores(in: (sets ?? alone).map(branch), options: options)
    }

    /// The floating-point operations that changing every neuron needs at least.
    public func neededOperations() throws -> Double {
        try runs[context].neededOperations(of: alone, as: branch)
    }

    /// Every neuron as a set of its own.
    private var alone: [[NeuronUnit]] { units.map { [$0] } }
}

/// The plain runs of a prompt and its alternatives.
public struct NeuronRuns: Sendable {
    /// Which of the three.
    public enum Prompt: Int, Sendable, CaseIterable {
        case base, man, woman
    }

    /// The prompt.
    public let prompt: NeuronPrompt
    /// The model.
    public let model: Transformer
    private let runs: [CandidateRun]

    /// Runs the three prompts.
    public init(_ prompt: NeuronPrompt, in model: Transformer) throws {
        (self.prompt, self.model) = (prompt, model)
        runs = try prompt.tokens.map {
            try CandidateRun(context: $0, candidates: prompt.candidates, in: model)
        }
    }

    /// The runs of one of the three prompts.
    public subscript(prompt: Prompt) -> CandidateRun { runs[prompt.rawValue] }

    /// Where the word stands.
    func position(in prompt: Prompt) -> Int { self.prompt.positions[prompt.rawValue] }

    /// The activation at the word, [1, 1, …].
    func value(of prompt: Prompt, at point: HookPoint) throws -> Tensor {
        guard let value = self[prompt].run.cache[point] else {
            throw InterventionError.notCached(point.description)
        }
        // The same in both sequences.
        return value.selecting([0], axis: 0).selecting([position(in: prompt)], axis: 1)
    }

    /// The odds after an alternative divided by those after the base: the total effect, plus 1.
    ///
    /// - Parameter prompt: The alternative; of *man* the odds are the first candidate's, of
    ///   *woman* the second's.
    public func totalRatio(_ prompt: Prompt) throws -> Double {
        let difference = try self[prompt].logOdds() - self[.base].logOdds()
        return exp(prompt == .man ? -difference : difference)
    }
}

extension Tensor {
    fileprivate func scaled(by factor: Float) -> Tensor {
        factor == 1 ? self : Tensor(shape, values.map { factor * $0 })
    }

    fileprivate func minus(_ other: Tensor) -> Tensor {
        Tensor(shape, zip(values, other.values).map { $0 - $1 })
    }
}
