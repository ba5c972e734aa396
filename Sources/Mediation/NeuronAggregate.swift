public import Results
import Tensors

extension NeuronReport {
    /// The effects against words' biases, by neuron: [statistic, site, neuron].
    ///
    /// Of female words *man*, of others *woman* interventions; means and standard deviations (n −
    /// 1) over prompts of the indirect and the direct ratio and of their sum minus 1, the total
    /// causal effect. `nil` unless indirect effects were measured.
    public var aggregate: LabelledArray? {
        guard let parts = aggregateParts else { return nil }
        var array = LabelledArray(
            "mediation-neurons", quantity: Quantity("odds ratio"),
            axes: [
                Axis("statistic", labels: parts.flatMap { ["\($0.name)_mean", "\($0.name)_std"] }),
                Axis("site", labels: results.sites), Axis(results.axis, count: results.width),
            ],
            values: Tensor(
                [2 * parts.count, results.sites.count, results.width],
                parts.flatMap { ($0.means + $0.deviations).map { Float($0) } }),
            summary: [("prompts", Double(parts[0].count))])
        array.settings["direction"] = "against the words' biases"
        return array
    }

    /// The mean indirect effects against words' biases, [site, neuron].
    public var againstBias: LabelledArray? {
        aggregate.map { aggregate in
            var effects = aggregate.part(0).replacingValues { $1 - 1 }
            effects.name = "mediation-neurons"
            effects.quantity = Quantity("mean indirect effect")
            return effects
        }
    }

    /// The aggregate as the published script writes it: a row a neuron, sorted as texts; layer 0 is
    /// the embedding. `nil` unless indirect and direct effects were measured.
    ///
    /// Its columns are `neuron_`, `layer_direct_mean`, `neuron_direct_mean`,
    /// `odds_ratio_indirect_mean`, `odds_ratio_indirect_std`, the same of `odds_ratio_direct` and
    /// of `total_causal_effect`, behind the row's number; standard deviations have n − 1.
    public var publishedAggregate: [UInt8]? {
        guard let parts = aggregateParts, parts.count == 3 else { return nil }
        let names = ["odds_ratio_indirect", "odds_ratio_direct", "total_causal_effect"]
        let columns =
            ["", "neuron_", "layer_direct_mean", "neuron_direct_mean"]
            + names.flatMap { [$0 + "_mean", $0 + "_std"] }
        let neurons = (0..<results.sites.count * results.width).map { index in
            let (layer, neuron) = index.quotientAndRemainder(dividingBy: results.width)
            return (name: "\(layer)-\(neuron)", layer: layer, neuron: neuron, index: index)
        }
        let rows = neurons.sorted { $0.name < $1.name }.enumerated().map { number, entry in
            let statistics = parts.flatMap { [$0.means[entry.index], $0.deviations[entry.index]] }
            // A deviation of one prompt is no number, which stays empty.
            return "\(number),\(entry.name),\(Double(entry.layer)),\(Double(entry.neuron)),"
                + statistics.map { $0.isNaN ? "" : "\($0)" }.joined(separator: ",")
        }
        return Array(
            ([columns.joined(separator: ",")] + rows).map { $0 + "\n" }.joined().utf8)
    }

    /// Means and standard deviations of one kind of effect, by neuron.
    private struct Moments {
        let name: String
        let count: Int
        let means: [Double]
        let deviations: [Double]

        init(_ name: String, _ rows: [[Float]]) {
            (self.name, count) = (name, rows.count)
            var sums = [Double](repeating: 0, count: rows[0].count)
            for row in rows { for i in row.indices { sums[i] += Double(row[i]) } }
            let means = sums.map { $0 / Double(rows.count) }
            var squares = [Double](repeating: 0, count: sums.count)
            for row in rows {
                for i in row.indices {
                    let difference = Double(row[i]) - means[i]
                    squares[i] += difference * difference
                }
            }
            self.means = means
            deviations = squares.map {
                rows.count > 1 ? ($0 / Double(rows.count - 1)).squareRoot() : .nan
            }
        }
    }

    /// Indirect effects, and direct and total ones if they were measured of the same prompts.
    private var aggregateParts: [Moments]? {
        var rows: (indirect: [[Float]], direct: [[Float]]) = ([], [])
        for (index, prompt) in results.prompts.enumerated() where isAggregated(prompt.word) {
            let (indirect, direct): (NeuronIntervention, NeuronIntervention) =
                prompt.word.total < 0 ? (.manIndirect, .manDirect) : (.womanIndirect, .womanDirect)
            guard let first = results.ratios[indirect]?[index], !first.isEmpty else { continue }
            rows.indirect.append(first)
            if let second = results.ratios[direct]?[index], !second.isEmpty {
                rows.direct.append(second)
            }
        }
        guard !rows.indirect.isEmpty else { return nil }
        let indirect = Moments("indirect", rows.indirect)
        guard rows.direct.count == rows.indirect.count else { return [indirect] }
        let totals = zip(rows.indirect, rows.direct).map { zip($0, $1).map { $0 + $1 - 1 } }
        return [indirect, Moments("direct", rows.direct), Moments("total", totals)]
    }

    private func isAggregated(_ word: Profession) -> Bool {
        options.isCompatible ? word.definitional.magnitude > 0.75 : word.isNotDefinitional
    }
}
