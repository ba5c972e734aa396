import Foundation
import Mediation
import Results
import Statistics
import Tensors
import TestSupport
import Testing

/// The published study's JSON, and what is computed of it.
@Suite struct HeadReportTests {
    private static let folder = Repository.shared + "/data/mediation/results"

    private struct Values: Decodable {
        let sum: Double
        let top: [Int]
        let indirect: Double
        let direct: Double
        let t: Double
        let p: Double
        let slope: Double
        let intercept: Double
        let r_squared: Double
        let r_squared_of_equality: Double
    }

    private func excerpt() throws -> HeadResults {
        try HeadResults(Blob(mapping: Repository.golden("mediation/excerpt.json")))
    }

    @Test func anExcerptOfThePublishedResults() throws {
        let values = try decodeJSON(
            Values.self, from: Repository.bytes(Repository.golden("mediation/excerpt-values.json")))
        let results = try excerpt()
        let report = HeadReport(results)
        let totals = report.totals.map(\.mean)
        let header = [results.meanTotal, results.meanIndirect, results.meanDirect, values.sum]
        for (value, other) in zip(totals, header) { #expect(isClose(value, other, 1e-12)) }
        let head = try #require(report.topHeads(1).first)
        #expect([head.head.layer, head.head.head] == values.top)
        #expect(isClose(head.indirect, values.indirect, 1e-12))
        #expect(isClose(head.direct, values.direct, 1e-12))
        #expect(isClose(head.t, values.t, 1e-9) && isClose(head.p, values.p, 1e-9))
        let fit = try #require(report.decomposition())
        #expect(isClose(fit.slope, values.slope, 1e-9))
        #expect(isClose(fit.intercept, values.intercept, 1e-9))
        #expect(isClose(fit.rSquared, values.r_squared, 1e-9))
        let equality = try #require(report.decomposition(given: (1, 0)))
        #expect(isClose(equality.rSquared, values.r_squared_of_equality, 1e-9))
        #expect(report.scoreCorrelation == nil)
    }

    @Test func filesReadBackTheSame() throws {
        var results = try excerpt()
        results.results[0].score = 0.5
        results.results[1].indirectOddsHead = results.results[1].indirectHead
        try Repository.withTemporaryFolder { folder in
            try Repository.write(results.json(), to: "\(folder)/a.json")
            #expect(try HeadResults(Blob(mapping: "\(folder)/a.json")) == results)
        }
        #expect(results.fileStem == "attention_intervention_gpt2_filtered_dev")
    }

    @Test(arguments: [
        "", "{}", "[1]", "{\"results\": []}", "nan",
    ]) func filesThatAreNone(_ text: String) throws {
        try Repository.withTemporaryFolder { folder in
            try Repository.write(Array(text.utf8), to: "\(folder)/a.json")
            let error = #expect(throws: MediationError.self) {
                try HeadResults(Blob(mapping: "\(folder)/a.json"))
            }
            #expect(error?.description.contains("a.json") == true)
        }
    }

    @Test func aShortenedFile() throws {
        var results = try excerpt()
        results.results.removeLast()
        try Repository.withTemporaryFolder { folder in
            try Repository.write(results.json(), to: "\(folder)/a.json")
            let error = #expect(throws: MediationError.self) {
                try HeadResults(Blob(mapping: "\(folder)/a.json"))
            }
            #expect(error?.description.contains("num_examples_analyzed") == true)
        }
    }

    /// Only the file's name says that weights are random, and only our files that BOS came first.
    @Test func whatPublishedFilesDoNotHold() throws {
        let items = try excerpt().results
        let results = HeadResults(
            model: "gpt2_random", split: "dev", loaded: 9, prependBOS: true, items: items)
        #expect(results.modelVersion == "gpt2" && results.modelName == "gpt2_random")
        let stem = "attention_intervention_gpt2_random_unfiltered_dev"
        #expect(results.fileStem == stem)
        try Repository.withTemporaryFolder { folder in
            try Repository.write(results.json(), to: "\(folder)/\(stem).json")
            let read = try HeadResults(Blob(mapping: "\(folder)/\(stem).json"))
            #expect(read == results && read.prependBOS == true)
        }
        let plain = String(decoding: try excerpt().json(), as: UTF8.self)
        #expect(!plain.contains("prepend_bos"))
    }

    /// The published regression of Winogender's effects on the occupations' shares of women.
    @Test(
        .enabled(if: Repository.exists(folder), "no ../shared: the published results are skipped"))
    func thePublishedCorrelation() throws {
        let data = Repository.shared + "/data/mediation/winogender/winogender_"
        let items = try Winogender(
            Blob(mapping: data + "templates_structurefilter.tsv"),
            statistics: Blob(mapping: data + "occupation_stats.tsv"), by: .bls
        ).items
        var results = try HeadResults(
            Blob(mapping: "\(Self.folder)/attention_intervention_bls_gpt2_filtered.json"))
        for index in results.results.indices {
            let base = results.results[index].base
            let item = try #require(items.first { $0.texts[0] == base })
            results.results[index].score = item.score
        }
        let correlation = try #require(HeadReport(results).scoreCorrelation)
        #expect(isClose(correlation, 0.196246, 1e-6))
    }

    @Test func effectsOfAnotherShape() throws {
        var results = try excerpt()
        results.results[2].directLayer.removeLast()
        try Repository.withTemporaryFolder { folder in
            try Repository.write(results.json(), to: "\(folder)/a.json")
            let error = #expect(throws: MediationError.self) {
                try HeadResults(Blob(mapping: "\(folder)/a.json"))
            }
            #expect(error?.description.contains("results[2]") == true)
        }
    }

    /// Needs the published results in ../shared: n, TE, NIE-all, NDE-all, NIE-sum, top head, its
    /// effect, the layer.
    @Test(
        .enabled(if: Repository.exists(folder), "no ../shared: the published results are skipped"),
        arguments: [
            "gpt2_filtered_dev 87 0.249274 0.182031 0.079363 0.195247 5-8 0.054919 5",
            "distilgpt2_filtered_dev 61 0.118375 0.032669 0.087163 0.036367 3-1 0.023674 3",
            "gpt2-medium_filtered_dev 99 0.774405 0.626143 0.120750 0.617892 10-9 0.103464 10",
            "gpt2_random_filtered_dev 57 0.066165 0.011170 0.053921 0.010943 0-10 0.005345 0",
            "bls_gpt2_filtered 21 0.103405 0.059799 0.045049 0.069523 5-10 0.026876 5",
            "distilbert-base-uncased_filtered_dev_1 69 0.224484 0.059691 0.177294 - 2-9 - -",
        ])
    func thePublishedTables(_ row: String) throws {
        let fields = row.split(separator: " ").map(String.init)
        let report = HeadReport(
            try HeadResults(
                Blob(mapping: "\(Self.folder)/attention_intervention_\(fields[0]).json")))
        #expect(String(report.results.analyzed) == fields[1])
        let digits = { (value: Double) in String(format: "%.6f", value) }
        for (total, field) in zip(report.totals, fields[2...5]) where field != "-" {
            #expect(digits(total.mean) == field, "\(total.name)")
        }
        let head = try #require(report.topHeads(1).first)
        #expect(head.head.description == fields[6])
        if fields[7] != "-" { #expect(digits(head.indirect) == fields[7]) }
        let layers = report.layers
        let order = (0..<layers.axes[0].count).sorted {
            layers.values[$0, 0] > layers.values[$1, 0]
        }
        if fields[8] != "-" { #expect(String(order[0]) == fields[8]) }
    }

    @Test(
        .enabled(if: Repository.exists(folder), "no ../shared: the published results are skipped"))
    func thePublishedDetails() throws {
        let report = HeadReport(
            try HeadResults(
                Blob(mapping: "\(Self.folder)/attention_intervention_gpt2_filtered_dev.json")))
        #expect(isClose(report.totals[0].median, 0.176759, 1e-6))
        let heads = report.topHeads(10)
        #expect(
            heads.map(\.head.description) == [
                "5-8", "5-10", "4-6", "5-9", "6-0", "4-3", "5-5", "7-1", "7-5", "7-8",
            ])
        for (head, t) in zip(heads, [34.7913, 21.1306, 20.6374, 19.3832, 9.0947]) {
            #expect(abs(head.t - t) < 5e-5)
        }
        for (head, p) in zip(heads[6...], [0.0003, 0.0010, 0.3145, 0.3934]) {
            #expect(abs(head.p - p) < 5e-5)
        }
        // Without 5-8 least of the effect is left; its p is of direct effects.
        let without = try #require(report.topHeads(1, by: .direct).first)
        #expect(without.head.description == "5-8" && abs(without.p - 0.0136) < 5e-5)
        #expect(abs(without.direct - 0.193193) < 5e-7 && without.t < 0)
        let expected: [HeadEffect: [Double]] = [
            .indirect: [
                -0.000388, 0.002180, -0.000582, -0.002884, 0.043172, 0.140325, 0.017102, 0.007647,
                0.000511, 0.003260, 0.001157, -0.001355,
            ],
            .direct: [
                0.251084, 0.248967, 0.251075, 0.248556, 0.217457, 0.112831, 0.230672, 0.240336,
                0.248983, 0.246546, 0.247758, 0.252144,
            ],
        ]
        for (column, effect) in HeadEffect.allCases.enumerated() {
            let all = report.allHeads(effect).values.values
            #expect(all.count == 12)
            for (layer, other) in (expected[effect] ?? []).enumerated() {
                #expect(abs(Double(all[layer]) - other) < 6e-7)
                #expect(report.layers.values[layer, column] == all[layer])
            }
        }
        #expect(Array(report.itemsByEffect.prefix(3)) == [68, 41, 55])
        let row = HeadReport.comparison([("a", report)]).values.values
        #expect(row[0] == 160 && abs(row[1] - 116.0 / 160) < 1e-6 && row[2] == 87)
        #expect(abs(row[7] + 0.072603) < 1e-5)
        let fit = try #require(report.decomposition())
        #expect(abs(fit.slope - 1.041401) < 5e-7 && abs(fit.rSquared - 0.779818) < 5e-7)
        let equality = try #require(report.decomposition(given: (1, fit.intercept)))
        #expect(abs(equality.rSquared - 0.778572) < 5e-7)
    }
}
