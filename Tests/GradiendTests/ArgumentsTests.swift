import Gradiend
import Tensors
import TestSupport
import Testing

/// The Python package's TrainingArguments, read and written.
@Suite struct ArgumentsTests {
    private func read(_ text: String) throws -> Arguments {
        try Repository.withTemporaryFolder { folder in
            try Repository.write(Array(text.utf8), to: "\(folder)/arguments.json")
            return try Arguments.read(Blob(mapping: "\(folder)/arguments.json"))
        }
    }

    /// All 83 fields as the package writes them: what has a place here takes effect.
    @Test func thePackagesFile() throws {
        let file = try Blob(mapping: Repository.golden("gradiend/records/training.json"))
        let arguments = try Arguments.read(file)
        var expected = TrainingOptions()
        expected.source = .factual
        (expected.batchSize, expected.learningRate, expected.weightDecay) = (16, 1e-4, 0)
        (expected.epochs, expected.maxSteps, expected.evaluateEvery) = (2, 120, 30)
        (expected.evaluationRowsPerDirection, expected.trainingRowsPerDirection) = (40, 500)
        (expected.seed, expected.maxSeeds, expected.minConvergentSeeds) = (7, 4, 2)
        (expected.convergence.correlation, expected.convergence.mean) = (0.6, 0.4)
        (expected.parameters, expected.normalizesSign) = (["transformer.h.*"], false)
        var pruning = PrePruning(.share(0.25))
        (pruning.batches, pruning.signal) = (16, .diff)
        expected.prePruning = pruning
        expected.postPruning = PostPruning(.number(1000))
        (expected.reuse, expected.failsWithoutConvergence) = (.onlyConvergent, true)
        (expected.addsIdentities, expected.savedSeeds) = (true, .convergent)
        #expect(try arguments.applied(to: TrainingOptions()) == expected)
        // Whatever they are applied to: null takes away what a preset has.
        var from = TrainingOptions.quick
        from.convergence.mean = 0.9
        #expect(try arguments.applied(to: from) == expected)
        #expect(
            arguments.notes.map { $0.prefix { $0 != " " } } == [
                "base_model_device_map", "eval_batch_size", "experiment_dir", "runtime_monitor",
            ])
    }

    /// What is written is read as the same options, and changes nothing unless something is given.
    @Test func roundTrip() throws {
        var options = TrainingOptions()
        (options.seed, options.maxSteps, options.reuse) = (3, 9, .always)
        options.savedSeeds = .all
        options.prePruning = PrePruning(.threshold(0.5))
        #expect(try Arguments(options).applied(to: TrainingOptions()) == options)
        #expect(try read("{}").applied(to: options) == options)
        #expect(
            try read("{\"max_seeds\": 5, \"min_convergent_seeds\": null}")
                .applied(to: options).minConvergentSeeds == 5)
        // A seed of its own, or the first run's for all runs.
        let shared = try read("{\"seed\": 4, \"pre_prune_config\": {}, \"reuse_pre_prune\": true}")
        #expect(try shared.applied(to: options).prePruning?.seed == 4)
    }

    @Test(arguments: [
        ("{\"learning_rat\": 1}", "learning_rat"), ("{\"learning_rate\": \"tune\"}", "\"tune\""),
        ("{\"max_steps\": 1.5}", "max_steps"), ("{\"seed\": -1}", "seed"),
        ("{\"source\": \"both\"}", "factual, alternative, diff"),
        ("{\"latent_dim\": 2}", "latent_dim is 2; here it can only be null or 1"),
        ("{\"optim\": \"adam\"}", "optim"),
        ("{\"supervised_encoder\": true}", "supervised_encoder"),
        ("{\"target\": null}", "target"), ("{\"params\": [1]}", "params"),
        ("{\"use_cache\": \"often\"}", "only_convergent"),
        ("{\"pre_prune_config\": {\"dataset\": \"a\"}}", "dataset"),
        ("{\"post_prune_config\": {\"topk\": 2.5}}", "topk"),
        ("{\"post_prune_config\": {\"what\": 1}}", "what"),
        ("{\"torch_dtype\": \"torch.bfloat16\"}", "torch_dtype"), ("[1]", "object"),
        ("{\"max_steps\": 1e999}", "arguments.json"), ("", "empty"),
    ])
    func whatCannotBeHad(_ text: String, _ word: String) {
        do {
            _ = try read(text)
            Issue.record("\(text) is taken")
        } catch {
            #expect("\(error)".contains("arguments.json") && "\(error)".contains(word), "\(error)")
        }
    }
}
