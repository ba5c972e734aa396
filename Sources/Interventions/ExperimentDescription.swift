private import FoundationEssentials
public import Models
public import Tensors

/// An experiment as JSON: branches and a metric, with runs by name.
///
/// ```json
/// {"metric": {"kind": "logit difference", "answer": " she", "wrong": " he", "positions": [-1]},
///  "branches": [[{"point": "blocks.3.attn.hook_z", "head": 7, "edit": "patch", "from": "clean"}]]}
/// ```
public struct ExperimentDescription: Codable, Hashable, Sendable {
    /// What is measured.
    public var metric: MetricDescription
    /// The edits of each branch.
    public var branches: [[InterventionDescription]]

    /// Describes an experiment.
    public init(metric: MetricDescription, branches: [[InterventionDescription]]) {
        (self.metric, self.branches) = (metric, branches)
    }

    /// Reads a description.
    ///
    /// - Throws: ``JSONProblem`` with the place.
    public init(json: some Sequence<UInt8>) throws(JSONProblem) {
        self = try decodeJSON(ExperimentDescription.self, from: json)
    }

    /// The description as JSON with sorted keys.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self))
    }

    /// The branches, with the runs that patches name.
    ///
    /// - Throws: ``InterventionError/badDescription(_:)`` for what names nothing.
    public func makeBranches(from sources: [String: ActivationCache]) throws -> [Branch] {
        try branches.map { branch in
            Branch(try branch.map { try $0.intervention(from: sources) })
        }
    }
}

/// One edit at one site, as JSON.
public struct InterventionDescription: Codable, Hashable, Sendable {
    /// The hook point's full name.
    public var point: String
    /// See ``Site``.
    public var positions: [Int]?
    /// See ``Site``.
    public var source: Int?
    /// See ``Site``.
    public var head: Int?
    /// See ``Site``.
    public var neuron: Int?
    /// `patch`, `replace`, `zero`, `add` or `scale`.
    public var edit: String
    /// The name of the run that a patch takes its value from.
    public var from: String?
    /// The factor of a scale.
    public var factor: Float?
    /// The shape of the value of a replacement or an addition, with its values beside it.
    public var shape: [Int]?
    /// The values, last axis fastest.
    public var values: [Float]?

    /// Describes an intervention.
    ///
    /// - Parameter name: The name of the run that a patch takes its value from.
    /// - Throws: ``InterventionError/badDescription(_:)`` for a function, which is code, and for a
    ///   patch without a name.
    public init(
        _ intervention: Intervention, from name: String? = nil
    ) throws(InterventionError) {
        let site = intervention.site
        point = site.point.description
        (positions, source, head, neuron) = (site.positions, site.source, site.head, site.neuron)
        switch intervention.edit {
        case .patch:
            guard let name else {
                throw .badDescription("the run that \(point) is from has no name")
            }
            (edit, from) = ("patch", name)
        case .zero: edit = "zero"
        case .scale(let factor): (edit, self.factor) = ("scale", factor)
        case .function: throw .badDescription("the function at \(point) is code, not data")
        case .replace(let value): (edit, shape, values) = ("replace", value.shape, value.values)
        case .add(let value): (edit, shape, values) = ("add", value.shape, value.values)
        }
    }

    /// The intervention, with the runs that patches name.
    ///
    /// - Throws: ``InterventionError/badDescription(_:)`` for what names nothing.
    public func intervention(from sources: [String: ActivationCache]) throws -> Intervention {
        guard let point = HookPoint(point) else {
            throw InterventionError.badDescription("there is no hook point \(quoted(point))")
        }
        let site = Site(
            point, positions: positions, source: source, head: head, neuron: neuron)
        switch edit {
        case "zero": return Intervention(site, .zero)
        case "scale":
            guard let factor else {
                throw InterventionError.badDescription("a scale at \(point) has no factor")
            }
            return Intervention(site, .scale(factor))
        case "replace": return Intervention(site, .replace(try value(at: point)))
        case "add": return Intervention(site, .add(try value(at: point)))
        case "patch":
            guard let from, let cache = sources[from] else {
                let known = sources.keys.sorted().joined(separator: ", ")
                throw InterventionError.badDescription(
                    "a patch at \(point) is from \(quoted(from ?? "")); runs are \(known)")
            }
            return Intervention(site, .patch(from: cache))
        default:
            throw InterventionError.badDescription(
                "there is no edit \(quoted(edit)); edits are patch, replace, zero, add, scale")
        }
    }

    private func value(at point: HookPoint) throws(InterventionError) -> Tensor {
        guard let shape, let values, shape.count == point.kind.axes.count,
            shape.allSatisfy({ (0...1 << 24).contains($0) }),
            shape.reduce(1.0, { $0 * Double($1) }) == Double(values.count)
        else {
            throw .badDescription("the value at \(point) has no shape that fits its values")
        }
        return Tensor(shape, values)
    }
}

/// A metric of tokens, as JSON.
public struct MetricDescription: Codable, Hashable, Sendable {
    /// The raw value of a ``Metric/Kind``; not a function or a divergence, which need code or a
    /// run.
    public var kind: String
    /// The right answer as text.
    public var answer: String?
    /// The right answer's id, instead of its text.
    public var answerID: Int?
    /// The wrong answer as text.
    public var wrong: String?
    /// The wrong answer's id, instead of its text.
    public var wrongID: Int?
    /// See ``Metric/positions``.
    public var positions: [Int]?
    /// The first of all positions; `nil` is 0.
    public var start: Int?
    /// Whether it is read where the model predicts, whatever the positions say; `nil` is false.
    public var readsPrediction: Bool?
    /// The value that counts as 0; see ``Metric/Range``.
    public var base: Double?
    /// The value that counts as 1.
    public var clean: Double?

    /// Describes a metric.
    ///
    /// - Throws: ``InterventionError/badDescription(_:)`` for a function and a divergence.
    public init(_ metric: Metric) throws(InterventionError) {
        guard metric.kind != .function, metric.kind != .divergence else {
            throw .badDescription("the metric \(metric.name) needs code or a run")
        }
        kind = metric.kind.rawValue
        switch metric.answer {
        case .text(let text)?: answer = text
        case .id(let id)?: answerID = id
        case nil: break
        }
        switch metric.wrong {
        case .text(let text)?: wrong = text
        case .id(let id)?: wrongID = id
        case nil: break
        }
        positions = metric.positions
        start = metric.start == 0 ? nil : metric.start
        readsPrediction = metric.readsPrediction ? true : nil
        (base, clean) = (metric.range?.base, metric.range?.clean)
    }

    /// The metric.
    ///
    /// - Throws: ``InterventionError/badDescription(_:)`` for an unknown kind or missing answers.
    public func metric() throws(InterventionError) -> Metric {
        func token(_ text: String?, _ id: Int?) throws(InterventionError) -> TokenReference {
            if let id { return .id(id) }
            guard let text else {
                throw .badDescription("the metric \(quoted(kind)) lacks an answer")
            }
            return .text(text)
        }
        let right = { () throws(InterventionError) in try token(answer, answerID) }
        let other = { () throws(InterventionError) in try token(wrong, wrongID) }
        var metric: Metric
        switch Metric.Kind(rawValue: kind) {
        case .logitDifference: metric = .logitDifference(try right(), try other())
        case .logProbability: metric = .logProbability(try right())
        case .probability: metric = .probability(try right())
        case .probabilityDifference: metric = .probabilityDifference(try right(), try other())
        case .oddsRatio: metric = .oddsRatio(try right(), try other())
        case .loss:
            guard start ?? 0 >= 0 else {
                throw .badDescription("the metric starts at position \(start ?? 0)")
            }
            metric = .loss(from: start ?? 0)
        case .divergence, .function, nil:
            throw .badDescription("there is no metric \(quoted(kind)) that can be read from JSON")
        }
        if readsPrediction != true { metric.positions = positions }
        guard let base, let clean else { return metric }
        guard base != clean else { throw .indistinguishable(value: base) }
        return metric.scaled(from: base, to: clean)
    }
}
