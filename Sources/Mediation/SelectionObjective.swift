internal import Glibc
public import Interventions
import Kernels
public import Models
import Synchronization

/// What a selection maximizes: the mean over items of an effect of parts changed together.
public protocol SelectionObjective: Sendable {
    /// A neuron or a head; of equal effects the smaller one is better.
    associatedtype Part: Hashable & Comparable & Sendable

    /// All parts there are, in order.
    var parts: [Part] { get }

    /// How many items the mean is over.
    var itemCount: Int { get }

    /// How many items may be worked on at once; with one, its work is shared by all threads.
    var itemsAtOnce: Int { get }

    /// The effect of each set in one item, relative: 0 for none.
    func effects(of sets: [[Part]], item: Int) throws -> [Double]
}

/// The mean indirect effect of attention heads.
public struct HeadObjective: SelectionObjective {
    /// All heads.
    public let parts: [Head]
    private let items: [HeadTokens]
    private let model: Transformer
    private let options: Engine.Options
    private let known = KnownItems()

    /// The number of items.
    public var itemCount: Int { items.count }

    /// All, unless memory is limited or there are few.
    public var itemsAtOnce: Int { options.itemsAtOnce(of: itemCount) }

    /// Takes items of the heads' study.
    public init(_ items: [HeadTokens], in model: Transformer, options: Engine.Options = .init()) {
        (self.items, self.model, self.options) = (items, model, options)
        parts = Head.all(in: model)
    }

    /// The indirect effect of each set of heads.
    public func effects(of sets: [[Head]], item: Int) throws -> [Double] {
        let experiment: HeadExperiment
        if let known = known[item] {
            experiment = known
        } else {
            experiment = try HeadExperiment(items[item], in: model)
            if options.memory == nil { known.keep(experiment, of: item, among: items.count) }
        }
        return try experiment.effects(.indirect, of: sets, options: options)
    }
}

/// What every step needs of an item again.
private final class KnownItems: Sendable {
    private let experiments = Mutex<[Int: HeadExperiment]>([:])
    /// The most bytes of all items; of long texts patterns are large, but little of the work.
    private let limit = 1 << 30

    subscript(item: Int) -> HeadExperiment? { experiments.withLock { $0[item] } }

    func keep(_ experiment: HeadExperiment, of item: Int, among count: Int) {
        let patterns = (0..<experiment.model.config.nLayers).map { HookPoint(.pattern, layer: $0) }
        let reduced = experiment.keeping(patterns)
        guard reduced.byteCount <= limit / count else { return }
        experiments.withLock { $0[item] = reduced }
    }
}

extension Engine.Options {
    /// How many items may be worked on at once: the limit on memory holds for one, and one's work
    /// occupies threads that few items would not.
    func itemsAtOnce(of count: Int) -> Int { memory == nil && count >= Threads.count ? .max : 1 }
}

/// The mean indirect effect of neurons, each prompt's against its word's bias.
public struct NeuronObjective: SelectionObjective {
    /// All neurons.
    public let parts: [NeuronUnit]
    private let prompts: [NeuronPrompt]
    private let model: Transformer
    private let sites: NeuronSites
    private let options: Engine.Options

    /// The number of prompts.
    public var itemCount: Int { prompts.count }

    /// All, unless memory is limited or there are few.
    public var itemsAtOnce: Int { options.itemsAtOnce(of: itemCount) }

    /// Takes prompts of words with a bias; others do not count.
    ///
    /// - Parameters:
    ///   - prompts: The prompts, filtered.
    ///   - model: The model.
    ///   - sites: Which values are neurons.
    ///   - options: How the work is cut.
    public init(
        _ prompts: [NeuronPrompt], in model: Transformer, sites: NeuronSites = .mlpOut,
        options: Engine.Options = .init()
    ) {
        self.prompts = prompts.filter { $0.word.total != 0 }
        (self.model, self.sites, self.options) = (model, sites, options)
        let width = sites.width(in: model)
        parts = sites.points(in: model).indices.flatMap { site in
            (0..<width).map { NeuronUnit(site: site, neuron: $0) }
        }
    }

    /// The indirect effect of each set of neurons.
    public func effects(of sets: [[NeuronUnit]], item: Int) throws -> [Double] {
        let prompt = prompts[item]
        let experiment = try NeuronExperiment(
            NeuronRuns(prompt, in: model), prompt.word.indirectIntervention ?? .manIndirect,
            sites: sites)
        return try experiment.ratios(of: sets, options: options).map { $0 - 1 }
    }
}

extension Profession {
    /// What moves the odds against the word's bias; `nil` for a word without one.
    public var indirectIntervention: NeuronIntervention? {
        total == 0 ? nil : total < 0 ? .manIndirect : .womanIndirect
    }
}
