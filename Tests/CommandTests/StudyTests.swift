import TestSupport
import Testing

/// The studies, run as their first lines say.
@Suite struct StudyTests {
    /// All figures of a study are among those that are shown.
    private func expectShown(_ figures: String) throws {
        let shown = try Repository.names(in: Repository.root + "/figures")
        let drawn = try Repository.names(in: figures).filter { $0.hasSuffix(".png") }
        #expect(!drawn.isEmpty && Set(drawn).isSubset(of: shown), "\(drawn)")
    }

    @Test(.enabled(if: Program("tracing-gendered-pronouns").isBuilt))
    func tracingGenderedPronouns() throws {
        try Repository.withTemporaryFolder { folder in
            let outcome = try Program("tracing-gendered-pronouns").run([], in: folder)
            #expect(outcome.end == .exit(0), "\(outcome.errors)")
            try expectShown(folder + "/figures")
        }
    }

    @Test(.enabled(if: Program("mediating-gender-bias").isBuilt))
    func mediatingGenderBias() throws {
        try Repository.withTemporaryFolder { folder in
            let outcome = try Program("mediating-gender-bias").run([], in: folder)
            #expect(outcome.end == .exit(0), "\(outcome.errors)")
            try expectShown(folder + "/figures")
        }
    }

    /// It exits with 0 where the neuron and the rewritten models reach their targets.
    @Test(.enabled(if: Program("rewriting-pronouns").isBuilt))
    func rewritingPronouns() throws {
        try Repository.withTemporaryFolder { folder in
            let outcome = try Program("rewriting-pronouns").run([], in: folder)
            #expect(outcome.end == .exit(0), "\(outcome.output)\(outcome.errors)")
            for model in ["base", "balanced", "female", "male"] {
                #expect(outcome.output.contains("\n   \(model)  "), "\(outcome.output)")
            }
            try expectShown(folder + "/figures")
        }
    }

    /// A few steps, after which the targets are not reached, and it says so.
    @Test(.enabled(if: Program("training-the-organism").isBuilt))
    func trainingTheOrganism() throws {
        try Repository.withTemporaryFolder { folder in
            let outcome = try Program("training-the-organism").run(
                ["--stories", "2000", "--steps", "2", "--out", "model"], in: folder)
            #expect(outcome.end == .exit(1), "\(outcome.errors)")
            #expect(outcome.output.contains("4. What it learnt"))
            try expectShown(folder + "/model")
            #expect(
                try Repository.names(in: folder + "/model") == [
                    "card.json", "checkpoint.safetensors", "config.json", "merges.txt",
                    "model.safetensors", "organism-loss.png", "organism-truth.png",
                    "tokenizer.json", "vocab.json",
                ])
        }
    }
}
