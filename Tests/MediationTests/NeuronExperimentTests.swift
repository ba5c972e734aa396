import Interventions
import Mediation
import Models
import Tensors
import TestSupport
import Testing

/// Neurons against values from an independent implementation, and what must hold of them.
@Suite struct NeuronExperimentTests {
    private let golden: Golden
    private let model = MediationModel.make()
    private let runs: NeuronRuns

    init() throws {
        golden = try Golden.read()
        runs = try NeuronRuns(GoldenPrompt.make(7), in: model)
    }

    private func experiment(
        _ kind: NeuronIntervention, alpha: Float = 1, sites: NeuronSites = .mlpOut
    ) throws -> NeuronExperiment {
        try NeuronExperiment(runs, kind, alpha: alpha, sites: sites)
    }

    @Test func theModelIsThatOfTheGoldenValues() {
        let sum = model.weights.W_E.values.reduce(0) { $0 + Double($1) }
        #expect(sum == golden.checks["wte"])
        let positions = model.weights.W_pos.values.reduce(0) { $0 + Double($1) }
        #expect(positions == golden.checks["wpe"])
    }

    @Test func plainScores() throws {
        for (prompt, expected) in zip(NeuronRuns.Prompt.allCases, golden.neurons.probabilities) {
            let scores = runs[prompt].scores
            #expect(isClose(scores.first, expected[0], 1e-6))
            #expect(isClose(scores.second, expected[1], 1e-6))
        }
        #expect(isClose(try runs.totalRatio(.man), 0.0568890122))
        #expect(isClose(try runs.totalRatio(.woman), 2.9426978283))
    }

    @Test(arguments: NeuronIntervention.allCases)
    func everyNeuron(_ kind: NeuronIntervention) throws {
        let expected = try #require(golden.neurons.ratios[kind.rawValue]).flatMap { $0 }
        let ratios = try experiment(kind).ratios()
        #expect(ratios.count == expected.count)
        for (ratio, expected) in zip(ratios, expected) { #expect(isClose(ratio, expected)) }
    }

    @Test func alphasAndSets() throws {
        let unit = { NeuronUnit(site: $0 + 1, neuron: $1) }
        let cases: [(NeuronIntervention, Float, [NeuronUnit], Double)] = [
            (.manMinusWoman, 0.5, [unit(-1, 0)], golden.neurons.alpha[0]),
            (.manIndirect, 2, [unit(0, 1)], golden.neurons.alpha[1]),
            (.manMinusWoman, 2, [unit(0, 1), unit(1, 6)], golden.neurons.alpha[2]),
            (
                .manIndirect, 1, [unit(-1, 0), unit(-1, 5), unit(0, 2), unit(1, 7)],
                golden.neurons.set[0]
            ),
            (
                .manDirect, 1, [unit(-1, 0), unit(-1, 5), unit(0, 2), unit(1, 7)],
                golden.neurons.set[1]
            ),
        ]
        for (kind, alpha, units, expected) in cases {
            let ratio = try experiment(kind, alpha: alpha).ratios(of: [units])[0]
            #expect(isClose(ratio, expected))
        }
    }

    @Test func wholeSites() throws {
        let whole = (0..<4).map { [NeuronUnit(site: $0, neuron: nil)] }
        let ratios = try experiment(.manIndirect).ratios(of: whole + [whole.flatMap { $0 }])
        for (ratio, expected) in zip(ratios, golden.neurons.wholeSites + [golden.neurons.allSites])
        {
            #expect(isClose(ratio, expected))
        }
        // All neurons of the embedding make the prompt the other one.
        #expect(isClose(ratios[0], try runs.totalRatio(.man)))
    }

    /// A neuron of the last MLP before the last position cannot change the logits.
    @Test func theLastMLPIsOutOfReach() throws {
        let last = { (kind: NeuronIntervention) in try experiment(kind).ratios().suffix(8) }
        for ratio in try last(.manIndirect) { #expect(isClose(ratio, 1, 1e-6)) }
        for ratio in try last(.manDirect) {
            #expect(isClose(ratio, try runs.totalRatio(.man), 1e-6))
        }
    }

    @Test(arguments: NeuronSites.allCases)
    func equalPromptsHaveNoEffects(_ sites: NeuronSites) throws {
        let same = NeuronPrompt(
            word: Profession("same", definitional: 0, stereotypical: 0),
            tokens: [[3, 7, 11, 2], [3, 7, 11, 2], [3, 7, 11, 2]], positions: [1, 1, 1],
            candidates: GoldenPrompt.candidates)
        let runs = try NeuronRuns(same, in: model)
        for kind in NeuronIntervention.allCases {
            let ratios = try NeuronExperiment(runs, kind, sites: sites).ratios()
            #expect(ratios.count == sites.labels(in: model).count * sites.width(in: model))
            for ratio in ratios { #expect(isClose(ratio, 1, 1e-5)) }
        }
    }

    /// The engine against one full forward pass per neuron, at sites that golden values lack.
    @Test(arguments: NeuronSites.allCases, [NeuronIntervention.manIndirect, .womanMinusMan])
    func sitesMatchTheNaiveForm(_ sites: NeuronSites, _ kind: NeuronIntervention) throws {
        let experiment = try experiment(kind, sites: sites)
        let units = Array(experiment.units.enumerated().filter { $0.offset % 5 == 0 })
        let metric = Metric.oddsRatio(.id(6), .id(4))
        let base = try model.run([[3, 7, 11, 2]])
        let naive = try metric.measureNaively(
            units.map { experiment.branch([$0.element]) }, departingFrom: base)
        let plain = try metric.value(of: base)
        let ratios = try experiment.ratios()
        for ((index, _), odds) in zip(units, naive) {
            let expected = kind.isTowardsFirst ? plain / odds : odds / plain
            #expect(isClose(ratios[index], expected))
        }
    }

    /// Upstream's values shifted to other neurons when batches held a neuron twice.
    @Test(arguments: [1, 3, 800]) func batchesDoNotMatter(_ rows: Int) throws {
        let experiment = try experiment(.womanDirect)
        let sets = experiment.units.map { [NeuronUnit(site: 1, neuron: 3), $0] }
        let ratios = try experiment.ratios(of: sets, options: .init(rowsPerChunk: rows))
        for (ratio, expected) in zip(ratios, try experiment.ratios(of: sets)) {
            #expect(isClose(ratio, expected, 1e-5))
        }
        let twice = try experiment.ratios(of: [[NeuronUnit(site: 1, neuron: 3)], sets[8 + 3]])
        #expect(isClose(twice[0], twice[1], 1e-6))
    }

    /// Words of several tokens: the value goes from word's end to word's end.
    @Test func promptsOfOtherLengths() throws {
        let prompt = NeuronPrompt(
            word: Profession("two tokens", definitional: 0, stereotypical: 0),
            tokens: [[3, 13, 7, 11, 2], [3, 5, 11, 2], [3, 9, 11, 2]], positions: [2, 1, 1],
            candidates: [[4, 1], [6]])
        let runs = try NeuronRuns(prompt, in: model)
        let indirect = try NeuronExperiment(runs, .manIndirect)
        let direct = try NeuronExperiment(runs, .manDirect)
        #expect(try indirect.ratios().allSatisfy { $0.isFinite && $0 > 0 })
        let last = try direct.ratios().last ?? 0
        #expect(isClose(last, try runs.totalRatio(.man), 1e-5))
    }
}
