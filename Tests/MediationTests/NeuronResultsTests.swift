import Foundation
import Mediation
import Models
import Results
import Tensors
import TestSupport
import Testing

/// The neurons' study as a whole: files read back, reports, parts.
@Suite struct NeuronResultsTests {
    private let model = MediationModel.make()

    private func results(scores: Bool = true) throws -> NeuronResults {
        // Texts that tell prompts apart.
        let prompts = GoldenPrompt.pool.enumerated().map { index, prompt in
            NeuronPrompt(
                word: Profession(
                    "w\(prompt.word.name.split(separator: " ")[1])", definitional: 0,
                    stereotypical: prompt.word.stereotypical),
                texts: [
                    "The w\(prompt.word.name.split(separator: " ")[1]) \(index / 5)", "m", "w",
                ],
                tokens: prompt.tokens, positions: prompt.positions, candidates: prompt.candidates)
        }
        let sweep = try NeuronSweep(
            prompts, NeuronIntervention.effects, measuresScores: scores, in: model)
        return try #require(try sweep.measure())
    }

    @Test func ratiosFollowFromScores() throws {
        let (with, without) = (try results(), try results(scores: false))
        for kind in NeuronIntervention.effects {
            for (one, other) in zip(with.ratios[kind] ?? [], without.ratios[kind] ?? []) {
                for (a, b) in zip(one, other) { #expect(isClose(Double(a), Double(b), 1e-5)) }
            }
        }
        #expect(without.scores.isEmpty)
    }

    @Test func arraysReadBack() throws {
        let results = try results(scores: false)
        try Repository.withTemporaryFolder { folder in
            try results.array.write(to: folder)
            try results.promptTable.write(to: folder)
            let array = try LabelledArray(reading: "\(folder)/mediate-neurons-prompts.json")
            #expect(array.axes == results.array.axes)
            let read = try NeuronResults(
                ratios: array,
                prompts: LabelledArray(reading: "\(folder)/mediate-neurons-totals.json"), path: "p")
            #expect(read.ratios == results.ratios)
            // Totals are kept as 32-bit numbers.
            for (one, other) in zip(NeuronReport(read).totals, NeuronReport(results).totals) {
                #expect(one.count == other.count)
                #expect(one.count == 0 || isClose(one.mean, other.mean, 1e-5))
            }
            let path = "\(folder)/mediate-neurons-prompts.npy"
            try Repository.write(Array(Repository.bytes(path).dropLast(4)), to: path)
            #expect(throws: ResultError.self) {
                try LabelledArray(reading: "\(folder)/mediate-neurons-prompts.json")
            }
        }
    }

    @Test func tablesReadBack() throws {
        let results = try results()
        try Repository.withTemporaryFolder { folder in
            let files = try NeuronTable.files(results, model: "tiny", in: folder)
            // Two templates of four interventions.
            #expect(files.count == 8)
            for file in files { try Repository.write(file.bytes, to: file.path) }
            let words = results.prompts.map(\.word)
            let blobs = try files.map { try Blob(mapping: $0.path) }
            let read = try NeuronTable.read(blobs, words: words)
            #expect(Set(read.prompts) == Set(results.prompts))
            let places = try read.prompts.map { prompt in
                try #require(results.prompts.firstIndex { $0.texts[0] == prompt.texts[0] })
            }
            for kind in NeuronIntervention.effects {
                let expected = places.map { results.ratios[kind]?[$0] ?? [] }
                #expect(read.ratios[kind] == expected)
            }
            #expect(throws: CSVError.self) { try NeuronTable.read(blobs, words: []) }
            #expect(NeuronTable.model(ofFile: files[0].path) == "tiny")
            // A file of another model, by its name or by its numbers.
            let other = files[1].path.dropLast("tiny.csv".count) + "other.csv"
            try Repository.write(files[1].bytes, to: String(other))
            let mixed = #expect(throws: MediationError.self) {
                try NeuronTable.read(
                    [Blob(mapping: files[0].path), Blob(mapping: String(other))], words: words)
            }
            #expect(mixed?.description.contains("other.csv: it is of other") == true)
            var changed = results
            changed.prompts[0].scores[0].first *= 0.5
            let others = try NeuronTable.files(changed, model: "tiny", in: folder)
            try Repository.write(others[1].bytes, to: others[1].path)
            #expect(throws: MediationError.self) {
                try NeuronTable.read(files[..<2].map { try Blob(mapping: $0.path) }, words: words)
            }
            let damaged = String(decoding: files[0].bytes, as: UTF8.self).split(separator: "\n")
            let noNumber = damaged[1].dropLast(2) + ",x"
            // Far more cells than rows.
            let farAway = damaged[1].dropLast(4) + ",65535,999999"
            let texts: [String] = [
                damaged.dropLast().joined(separator: "\n"), "a,b\n1,2\n",
                "\(damaged[0])\n\(noNumber)", "\(damaged[0])\n\(farAway)",
            ]
            for text in texts {
                try Repository.write(Array(text.utf8), to: files[0].path)
                #expect(throws: (any Error).self) {
                    try NeuronTable.read(
                        [Blob(mapping: files[0].path)], words: words)
                }
            }
        }
    }

    @Test func templatesOfOneFileName() throws {
        var results = try results()
        results.prompts[5].texts[0] = "The_\(results.prompts[5].word.text) 0"
        let error = #expect(throws: MediationError.self) {
            try NeuronTable.files(results, model: "tiny", in: "folder")
        }
        #expect(error?.description.contains("have the same file name") == true)
    }

    /// The aggregate's mean is that of the selection's objective, and the curve its best neurons.
    @Test func aggregatesAreThoseOfTheGoldenValues() throws {
        let golden = try Golden.read().selectedNeurons
        let results = try results()
        let report = NeuronReport(results)
        let effects = try #require(report.againstBias)
        for (value, expected) in zip(effects.values.values, golden.single) {
            #expect(isClose(Double(value), expected))
        }
        var options = NeuronReport.Options()
        options.topShare = 0.25
        let curve = NeuronReport(results, options: options)
        #expect(curve.strongestCount == 2)
        // The means of the best quarter of each site, of the published formula.
        let best = curve.curve(of: try #require(curve.aggregate))
        for (value, expected) in zip(
            best.values.values, [2.9734381862, 1.4083833936, 1.0805671763, 1])
        {
            #expect(isClose(Double(value) + 1, expected))
        }
    }

    /// The published script's columns: a row a neuron, sorted as texts, layer 0 the embedding.
    @Test func publishedAggregate() throws {
        let results = try results()
        let bytes = try #require(NeuronReport(results).publishedAggregate)
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(
            lines[0] == ",neuron_,layer_direct_mean,neuron_direct_mean,odds_ratio_indirect_mean,"
                + "odds_ratio_indirect_std,odds_ratio_direct_mean,odds_ratio_direct_std,"
                + "total_causal_effect_mean,total_causal_effect_std")
        #expect(lines.count == 1 + 4 * 8)
        let names = lines.dropFirst().map { $0.split(separator: ",")[1] }
        #expect(names == names.sorted() && names[0] == "0-0")
        let fields = lines[2].split(separator: ",")
        #expect(fields.prefix(4) == ["1", "0-1", "0.0", "1.0"])
        // By hand, of neuron 1 of the embedding.
        let rows = results.prompts.enumerated().map { index, prompt in
            let kinds: (NeuronIntervention, NeuronIntervention) =
                prompt.word.total < 0 ? (.manIndirect, .manDirect) : (.womanIndirect, .womanDirect)
            return [kinds.0, kinds.1].map { Double(results.ratios[$0]?[index][1] ?? .nan) }
        }
        let columns = [rows.map { $0[0] }, rows.map { $0[1] }, rows.map { $0[0] + $0[1] - 1 }]
        for (column, values) in columns.enumerated() {
            let mean = values.reduce(0, +) / 10
            let squares = values.map { ($0 - mean) * ($0 - mean) }.reduce(0, +)
            let found = try fields[4 + 2 * column..<6 + 2 * column].map { try #require(Double($0)) }
            #expect(isClose(found[0], mean, 1e-6))
            #expect(isClose(found[1], (squares / 9).squareRoot(), 1e-5))
        }
        // None of these words is gendered by definition, which the published script keeps.
        var options = NeuronReport.Options()
        options.isCompatible = true
        #expect(NeuronReport(results, options: options).publishedAggregate == nil)
        var gendered = results
        gendered.prompts[0].word = Profession("w", definitional: -0.8, stereotypical: 0)
        let only = try #require(NeuronReport(gendered, options: options).publishedAggregate)
        let row = String(decoding: only, as: UTF8.self).split(separator: "\n")[2]
            .split(separator: ",", omittingEmptySubsequences: false)
        let means = try [4, 6, 8].map { try #require(Double(row[$0])) }
        for (mean, value) in zip(means, rows[0] + [rows[0][0] + rows[0][1] - 1]) {
            #expect(isClose(mean, value, 1e-6))
        }
        // A deviation of one prompt is no number.
        #expect(row.count == 10 && row[5].isEmpty && row[7].isEmpty && row[9].isEmpty)
    }

    /// Both words and the odds decide the direction of a total effect.
    @Test func totalsByHand() throws {
        func prompt(_ bias: Double, _ base: (Double, Double)) -> NeuronResults.Prompt {
            NeuronResults.Prompt(
                word: Profession("a", definitional: 0, stereotypical: bias), texts: ["", "", ""],
                candidates: [],
                scores: [base, (0.4, 0.1), (0.1, 0.2)].map {
                    NeuronResults.Scores(first: $0.0, second: $0.1)
                })
        }
        let results = NeuronResults(
            sites: ["emb"], width: 1, interventions: [],
            prompts: [prompt(-0.5, (0.1, 0.2)), prompt(0.5, (0.2, 0.1)), prompt(0, (0.2, 0.001))])
        let totals = NeuronReport(results).totals
        let mean = { (name: String) in totals.first { $0.name == name }?.mean ?? .nan }
        // man: (0.4/0.1) / (0.1/0.2) = 8; woman: (0.2/0.1) / (0.1/0.2) = 4.
        #expect(isClose(mean("word direction, female to man"), 7, 1e-12))
        #expect(isClose(mean("word direction, male to woman"), 3, 1e-12))
        #expect(isClose(mean("word direction, all"), 5, 1e-12))
        #expect(isClose(mean("model direction, all"), 5, 1e-12))
        // The published script swaps the groups' names.
        var options = NeuronReport.Options()
        options.isCompatible = true
        let swapped = NeuronReport(results, options: options).totals
        #expect(
            swapped.first { $0.name == "word direction, male to woman" }?.mean
                == mean("word direction, female to man"))
        #expect(swapped.last == totals.last)
        // The third is left out there, as its second candidate is too improbable.
        #expect(totals.last?.count == 2 && totals[0].count == 3)
    }

    /// Parts of the work, put together, are the whole to the bit.
    @Test func partsAreTheWhole() throws {
        let sweep = try NeuronSweep(
            GoldenPrompt.pool, [.manIndirect, .womanIndirect], onlyAgainstBias: true, in: model)
        let whole = try #require(try sweep.measure())
        try Repository.withTemporaryFolder { folder in
            let store = { (name: String) in
                try SweepStore("\(folder)/\(name)", of: ["a": "b"], branches: sweep.branchCount)
            }
            for index in 1...3 {
                let shard = try #require(Shard("\(index)/3"))
                #expect(try sweep.measure(store: store("\(index)"), shard: shard) == nil)
            }
            var values: [Int: Double] = [:]
            for index in 1...3 {
                let part = try SweepStore(reading: "\(folder)/\(index)")
                #expect(part.experiment == ["a": "b"] && part.branchCount == sweep.branchCount)
                values.merge(try part.known) { old, _ in old }
            }
            do {
                let order = values.keys.sorted()
                try store("all").append(order.map { values[$0] ?? 0 }, of: order)
            }
            var done: [Int] = []
            let merged = try sweep.measure(store: store("all")) { count, _ in done.append(count) }
            #expect(merged?.ratios == whole.ratios && done == [10])
        }
        for text in ["", "1", "0/2", "3/2", "1/0", "a/b", "1/2/3", "-1/2"] {
            #expect(Shard(text) == nil)
        }
    }
}
