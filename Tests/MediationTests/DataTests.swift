import Mediation
import Models
import Tensors
import TestSupport
import Testing

/// Studies from files: the project's schema, and the published data sets in their formats.
@Suite struct DataTests {
    private static let folder = Repository.shared + "/data/mediation"

    private func withFile<Result>(
        _ text: String, _ body: (Blob) throws -> Result
    ) throws -> Result {
        try Repository.withTemporaryFolder { folder in
            try Repository.write(Array(text.utf8), to: "\(folder)/a.json")
            return try body(Blob(mapping: "\(folder)/a.json"))
        }
    }

    @Test func studiesInJSON() throws {
        let study = try withFile(
            """
            {"templates": ["A {} went because"], "fillers": ["king", "queen"],
             "candidates": ["he", "she"], "words": [["nurse", 0, -0.9], ["big_boss", 0.1, 0.5]],
             "items": [{"context": "The {} ran", "candidates": ["x", "y z"], "score": 2}]}
            """, MediationStudy.init)
        #expect(study.templates.map(\.description) == ["A {} went because"])
        #expect(study.words[1].text == "big boss" && study.words[1].total == 0.6)
        // Items begin with the female filler.
        #expect(study.items[0].texts == ["The queen ran", "The king ran"])
        #expect(study.items[0].score == 2)
        let list = try withFile("[[\"nurse\", 0, -0.9]]", MediationStudy.init)
        #expect(list.templates == Template.professions && list.templates.count == 17)
        let marked = try withFile("\u{feff}[[\"nurse\", 0, -0.9]]", MediationStudy.init)
        #expect(marked.words == list.words)
    }

    @Test(arguments: [
        "", "{}", "[]", "[[\"nurse\", 0]]", "[[\"nurse\", 0, -2]]", "[[\"\", 0, 0]]",
        "[[\"nurse\", 0, 0, 0]]", "{\"words\": [[\"a\", 0, 0]], \"templates\": [\"no slot\"]}",
        "{\"words\": [[\"a\", 0, 0]], \"templates\": [\"{} and {}\"]}",
        "{\"words\": [[\"a\", 0, 0]], \"templates\": []}",
        "{\"words\": [[\"a\", 0, 0]], \"candidates\": [\"he\"]}",
        "{\"items\": [{\"context\": \"{}\", \"candidates\": [\"a\", \"a\"]}]}",
        "{\"words\": [[\"a\", 0, 0]], \"template\": [\"A {} ran\"]}",
        "{\"items\": [{\"context\": \"{}\", \"candidates\": [\"a\", \"b\"], \"filler\": 1}]}",
        "[[\"nurse\", 0, 0.1], [\"nurse\", 0, 0.2]]",
        "{\"items\": [{\"candidates\": [\"a\", \"b\"]}]}", "{\"words\": [[\"a\", \"0\", 0]]}",
    ]) func studiesThatAreNone(_ text: String) throws {
        let error = #expect(throws: MediationError.self) {
            try withFile(text, MediationStudy.init)
        }
        #expect(error?.description.contains("a.json") == true)
    }

    /// The default study runs on the embedded model: words, and items of one length.
    @Test func theOrganismsStudy() throws {
        let model = try Transformer.embedded()
        let study = MediationStudy.organism
        let prompts = try NeuronPrompts(study, in: model)
        #expect(prompts.prompts.count >= 90)
        for prompt in prompts.prompts {
            #expect(Set(prompt.tokens.map(\.count)).count == 1 && Set(prompt.positions).count == 1)
        }
        let skipped = Set(prompts.skipped.map(\.word))
        let kept = Set(prompts.prompts.map(\.word.name))
        #expect(
            kept.union(skipped) == Set(study.words.map(\.name)) && kept.isDisjoint(with: skipped))
        let aligned = try NeuronPrompts(study, in: model, several: .align)
        #expect(aligned.prompts.count == study.words.count * study.templates.count)
        #expect(aligned.skipped.isEmpty)
        #expect(throws: MediationError.self) {
            try NeuronPrompts(study, in: model, templates: [99])
        }
    }

    @Test func wordsThatCannotBeUsed() throws {
        let model = try Transformer.embedded()
        var study = MediationStudy.organism
        study.words = [Profession("xqzj wvkk", definitional: 0, stereotypical: 0)]
        let error = #expect(throws: MediationError.self) { try NeuronPrompts(study, in: model) }
        #expect(error?.description.contains("xqzj wvkk") == true)
        study = .organism
        study.candidates = ("he", " he")
        #expect(throws: MediationError.self) { try NeuronPrompts(study, in: model) }
        study = .organism
        study.templates = [Template.professions[0]]
        let long = String(repeating: "very ", count: 80) + "man"
        study.words.append(Profession(long, definitional: 0, stereotypical: 0))
        let prompts = try NeuronPrompts(study, in: model, several: .align)
        #expect(prompts.skipped.count == 1 && prompts.skipped[0].reason.contains("context is 64"))
        study = .organism
        study.candidates.second = ""
        #expect(throws: MediationError.self) { try NeuronPrompts(study, in: model) }
        #expect(throws: RunError.self) {
            try NeuronPrompts(.organism, in: MediationModel.make())
        }
    }

    /// A word too long for one template counts in the other.
    @Test func wordsThatCountInSomeTemplates() throws {
        let many = String(repeating: " that", count: 35)
        var study = MediationStudy.organism
        study.templates = [Template.professions[0], try Template("The {}\(many)")]
        study.words.append(
            Profession("man\(many)", definitional: 0, stereotypical: 0))
        let prompts = try NeuronPrompts(study, in: .embedded(), several: .align)
        #expect(prompts.skipped.count == 1)
        #expect(prompts.skipped.first?.reason.hasSuffix(", in template 2 only") == true)
    }

    @Test func itemsThatCannotBeUsed() throws {
        let model = try Transformer.embedded()
        let item = { (text: String, candidates: (String, String)) in
            HeadItem(
                context: try Template(text), fillers: ("nurse", "engineer"),
                candidates: candidates)
        }
        let items = try [
            item("The {} said that", ("she", "he")), item("The {} said that", ("he", " he")),
            item(String(repeating: "The nurse said that ", count: 40) + "{}", ("she", "he")),
        ]
        let sweep = try HeadSweep(items, in: model, filterQuantile: nil)
        #expect(sweep.items == [items[0]] && sweep.skipped.count == 2)
    }

    @Test func filters() throws {
        let filter = try TotalEffectFilter([0.5, 1, 1.1, 1.2, 1.3, 1.4, 1.5], quantile: 0.25)
        #expect(filter.aligned == 5 && isClose(filter.threshold, 1.2, 1e-12))
        #expect(filter.kept == [4, 5, 6])
        #expect(throws: MediationError.self) { try TotalEffectFilter([0.5, 1]) }
        #expect(throws: MediationError.self) { try TotalEffectFilter([2]) }
    }

    private static let isShared = Repository.exists(folder)

    @Test(.enabled(if: isShared, "no ../shared: the published data sets are skipped"))
    func professions() throws {
        let read = { (name: String) in
            try MediationStudy(Blob(mapping: "\(Self.folder)/professions/\(name).json")).words
        }
        let all = try read("professions")
        #expect(all.count == 320)
        #expect(all.count { $0.total < 0 } == 70 && all.count { $0.total > 0 } == 229)
        #expect(all.count { !$0.isNotDefinitional } == 20)
        #expect(try read("professions_female_stereo") == all.filter { $0.total < 0 })
        #expect(try read("professions_male_stereo").count == 229)
    }

    @Test(
        .enabled(if: isShared, "no ../shared: the published data sets are skipped"),
        arguments: [("dev", 160, 154), ("test", 130, 125)])
    func winoBias(_ split: String, _ count: Int, _ nominative: Int) throws {
        let read = { (name: String) in try Blob(mapping: "\(Self.folder)/winobias/\(name)") }
        let data = try WinoBias(
            read("pro_stereotyped_type1.txt.\(split)"), female: read("female_occupations.txt"),
            male: read("male_occupations.txt"))
        #expect(data.items.count == count && data.skipped.count == 198 - count)
        #expect(data.items.count { $0.fillers == ["she", "he"] } == nominative)
        #expect(data.items.allSatisfy { $0.context.after.isEmpty })
    }

    /// The items of the published results are among ours, with the same continuations.
    @Test(.enabled(if: isShared, "no ../shared: the published data sets are skipped"))
    func winoBiasIsThatOfThePublishedResults() throws {
        let read = { (name: String) in try Blob(mapping: "\(Self.folder)/\(name)") }
        let data = try WinoBias(
            read("winobias/pro_stereotyped_type1.txt.dev"),
            female: read("winobias/female_occupations.txt"),
            male: read("winobias/male_occupations.txt"))
        let results = try HeadResults(
            read("results/attention_intervention_gpt2_filtered_dev.json"))
        let known = Dictionary(grouping: data.items) { $0.texts }
        let letters = { (text: String) in text.filter { $0.isLetter } }
        for result in results.results {
            let items = try #require(known[[result.base, result.alternative]])
            #expect(
                items.contains {
                    $0.candidates.map(letters)
                        == [result.candidate1, result.candidate2].map(letters)
                })
        }
    }

    @Test(
        .enabled(if: isShared, "no ../shared: the published data sets are skipped"),
        arguments: zip(Winogender.Statistic.allCases, [9, 22]))
    func winogender(_ statistic: Winogender.Statistic, _ female: Int) throws {
        let read = { (name: String) in try Blob(mapping: "\(Self.folder)/winogender/\(name)") }
        let table = try read("winogender_templates_structurefilter.tsv")
        let data = try Winogender(
            table, statistics: read("winogender_occupation_stats.tsv"), by: statistic)
        #expect(data.items.count == 44)
        #expect(data.items.count { $0.fillers == ["she", "he"] } == 39)
        // Where the occupation is the female one its own continuation is the first.
        let lines = String(decoding: try Repository.bytes(table.name), as: UTF8.self)
            .split(separator: "\n")
        let own = lines.dropFirst().map { $0.split(separator: "\t") }.filter { $0[2] == "0" }
        let firsts = data.items.count { item in
            own.contains {
                item.context.before.contains($0[0])
                    && $0[3].hasSuffix(item.candidates[0])
            }
        }
        #expect(firsts == female)
    }

    @Test func damagedDataSets() throws {
        let occupations = "nurse\n", others = "guard\n"
        try Repository.withTemporaryFolder { folder in
            func blob(_ name: String, _ text: String) throws -> Blob {
                try Repository.write(Array(text.utf8), to: "\(folder)/\(name)")
                return try Blob(mapping: "\(folder)/\(name)")
            }
            let female = try blob("female", occupations), male = try blob("male", others)
            for text in ["", "1 one line\n", "1 no [brackets]\n2 [the] [[\n", "\u{0}\n\u{0}\n"] {
                #expect(throws: MediationError.self) {
                    try WinoBias(blob("w", text), female: female, male: male)
                }
            }
            let pair = """
                1 [The guard] met the nurse because [he] ran.
                2 The guard met [the nurse] because [she] was late.
                """
            let items = try WinoBias(blob("w", pair), female: female, male: male).items
            #expect(items[0].candidates == ["was late.", "ran."])
            let statistics = try blob(
                "s", "occupation\tbergsma_pct_female\tbls_pct_female\nnurse\t90\t80\n")
            let header = "o\tp\ta\ts\n"
            // A number that is missing does not become its neighbour's.
            let gap = try blob(
                "gap", "occupation\tbergsma_pct_female\tbls_pct_female\nnurse\t\t80\n")
            #expect(throws: MediationError.self) {
                try Winogender(
                    blob(
                        "g",
                        header + "nurse\tman\t0\tThe nurse ran as $NOM_PRONOUN saw\n"
                            + "nurse\tman\t1\tThe nurse ran as $NOM_PRONOUN fell\n"),
                    statistics: gap, by: .bls)
            }
            for text in [
                "", header, header + "nurse\tman\t0\n",
                header + "nurse\tman\t2\tx $NOM_PRONOUN y\n",
                header + "nurse\tman\t0\tno pronoun\nnurse\tman\t1\tno pronoun\n",
            ] {
                #expect(throws: MediationError.self) {
                    try Winogender(blob("g", text), statistics: statistics, by: .bls)
                }
            }
        }
    }
}
