import Circuits
import Interventions
import Kernels
import Models
import Synchronization
import Tensors
import TestSupport
import Testing

/// The audit holds on sound models, and each identity notices when what it examines is wrong.
@Suite struct AuditTests {
    @Test(arguments: TestModel.allCases) func holdsOn(_ test: TestModel) throws {
        let audit = try Audit(
            test.load(), clean: test.prompts.clean, corrupted: test.prompts.corrupted)
        let identities = try audit.run()
        #expect(identities.filter { !$0.passes } == [])
        #expect(identities.count == 42)
        #expect(Set(identities.map(\.name)).count == identities.count)
        #expect(Set(identities.map(\.group)) == Set(Identity.Group.allCases))
    }

    /// Prompts that differ at the start, at the end, or of one token; one layer; untied embeddings.
    @Test(arguments: [
        ([3, 1, 4, 1], [2, 1, 4, 1]), ([3, 1, 4, 1], [3, 1, 4, 5]), ([3], [4]),
        ([Int](0..<16), [Int](0..<15) + [29]),
    ])
    func holdsOnOtherShapes(_ clean: [Int], _ corrupted: [Int]) throws {
        for model in [Transformer.small(tied: false), .small(nLayers: 1), .small(nLayers: 3)] {
            let identities = try Audit(model, clean: clean, corrupted: corrupted).run()
            #expect(identities.filter { !$0.passes } == [])
            let names = identities.map(\.name)
            #expect(names.contains { $0.hasPrefix("composition") } == (model.config.nLayers > 1))
            #expect(
                names.contains("patches before the first difference give 0")
                    == (clean[0] == corrupted[0]))
            #expect(
                names.contains("z and mlp_out of all layers everywhere give 1")
                    == (clean.last == corrupted.last))
        }
    }

    /// Every damage is noticed by the identities that it concerns, and by no other.
    @Test(arguments: Damage.all) func noticesDamage(_ damage: Damage) throws {
        let failed = try tinyAudit(damage.operations).run().filter { !$0.passes }.map(\.name)
        #expect(Set(failed) == Set(damage.noticed), "\(damage.name)")
    }

    @Test func everyIdentityCanFail() throws {
        let names = try tinyAudit(AuditedOperations()).run().map(\.name)
        #expect(Set(Damage.all.flatMap(\.noticed)) == Set(names))
    }

    /// A value that is not a number fails, even if the values after it are right.
    @Test func whatIsNotANumberFails() throws {
        var operations = AuditedOperations()
        operations.measure = { metric, branches, base, options in
            let values = try metric.measure(branches, departingFrom: base, options: options)
            return [.nan] + values.dropFirst()
        }
        let identities = try tinyAudit(operations).run().filter { $0.group == .interventions }
        for identity in identities {
            #expect(!identity.passes && identity.error.isNaN, "\(identity.name)")
        }
    }

    /// A damaged checkpoint gives a table, not an error.
    @Test func weightsThatAreNotFiniteFail() throws {
        let model = try TinyModel.raw()
        var weights = model.weights
        weights.blocks[0].attn.W_O[0, 0] = .nan
        let damaged = Transformer(config: model.config, weights: weights)
        let identities = try Audit(
            damaged, clean: TinyModel.clean, corrupted: TinyModel.corrupted, answers: (11, 42)
        ).run()
        for group in Identity.Group.allCases {
            #expect(identities.contains { $0.group == group && $0.error.isNaN && !$0.passes })
        }
        // What the number does not reach is still right.
        #expect(identities.first { $0.name == "b_V is 0, default" }?.passes == true)
    }

    @Test func aCheckOfNothingFails() throws {
        var operations = AuditedOperations()
        operations.generate = { _, _, _, _ in [] }
        let failed = try tinyAudit(operations).run().filter { !$0.passes }
        #expect(failed.map(\.name) == ["cached keys and values = none"])
        #expect(failed.first?.place == "nothing was compared")
    }

    @Test func whatCannotBeAuditedIsRefused() throws {
        let model = Transformer.small()
        #expect(throws: AuditError.processed(.centerUnembed)) {
            try Audit(model.processed(by: .centerUnembed), clean: [1, 2], corrupted: [1, 3])
        }
        #expect(throws: AuditError.unfitPrompts(2, 3)) {
            try Audit(model, clean: [1, 2], corrupted: [1, 2, 3])
        }
        #expect(throws: AuditError.unfitPrompts(2, 2)) {
            try Audit(model, clean: [1, 2], corrupted: [1, 2])
        }
        #expect(throws: AuditError.self) {
            try Audit(model, clean: [1, 2], corrupted: [1, 3], answers: (5, 5))
        }
        #expect(throws: RunError.unknownToken(id: 31, dVocab: 31)) {
            try Audit(model, clean: [1, 2], corrupted: [1, 3], answers: (5, 31))
        }
    }

    @Test func tolerancesFollowFromSizes() {
        #expect(Tolerance.elements(3000) == 1e-5 * 3000)
        #expect(Tolerance.logits(0.1) == 5e-5 && Tolerance.logits(3000) == 2e-6 * 3000)
        #expect(Tolerance.logits(.nan).isNaN && Tolerance.elements(.nan).isNaN)
    }

    private func tinyAudit(_ operations: AuditedOperations) throws -> Audit {
        var audit = try Audit(
            TinyModel.raw(), clean: TinyModel.clean, corrupted: TinyModel.corrupted)
        audit.operations = operations
        return audit
    }
}

/// An operation that goes wrong, and the identities that must notice.
struct Damage: Sendable, CustomStringConvertible {
    let name: String
    let noticed: [String]
    var operations = AuditedOperations()

    var description: String { name }

    private init(
        _ name: String, _ noticed: [String], _ damage: (inout AuditedOperations) -> Void
    ) {
        (self.name, self.noticed) = (name, noticed)
        damage(&operations)
    }

    static let all = weights + stream + interventions + running + factored

    private static let variants =
        WeightProcessing.steps.map(\.name) + ["default", "all"]

    /// A wrong change of the rewritten weights.
    private static func weights(
        _ name: String, _ noticed: [String], in steps: [WeightProcessing]? = nil,
        _ change: @escaping @Sendable (inout Weights) -> Void
    ) -> Damage {
        Damage(name, noticed) {
            $0.process = { model, wanted in
                let processed = try model.processed(by: wanted)
                guard steps?.contains(wanted) ?? true else { return processed }
                var weights = processed.weights
                change(&weights)
                return Transformer(
                    config: processed.config, weights: weights, processing: processed.processing)
            }
        }
    }

    private static let refactor = "refactor_factored_attn_matrices"
    private static let written = ["center_writing_weights", "default"]
        .map { "what is written sums to 0, \($0)" }
    private static let read = ["fold_ln", "default"].map { "what is read sums to 0, \($0)" }

    // Tokens 1 and 3 are in neither prompt, and neither is position 9.
    private static let weights = [
        weights("a wrong W_U", variants.map { "log-probabilities stay, \($0)" } + read) {
            $0.W_U_transposed[1, 2] += 0.1
        },
        weights("a W_E that is not centred", written) { $0.W_E[3, 1] += 0.1 },
        weights("a W_pos that is not centred", written) { $0.W_pos[9, 1] += 0.1 },
        weights(
            "a b_V that is left", ["fold_value_biases", "default", "all"].map { "b_V is 0, \($0)" }
        ) {
            let last = $0.blocks[1].attn.b_QKV.count - 1
            $0.blocks[1].attn.b_QKV[last] += 1e-9
        },
        weights(
            "a wrong W_O", ["log-probabilities stay, \(refactor)", "W_V W_O stays, \(refactor)"],
            in: [.refactorFactoredAttention]
        ) { $0.blocks[1].attn.W_O[9, 3] += 0.1 },
        weights(
            "a wrong b_Q",
            ["log-probabilities stay, \(refactor)", "[W_Q; b_Q] [W_K; b_K]ᵀ stays, \(refactor)"],
            in: [.refactorFactoredAttention]
        ) { $0.blocks[0].attn.b_QKV[3] += 0.1 },
    ]

    /// A hook in the run whose parts are added up.
    private static func hook(
        at kind: HookKind, _ noticed: [String], _ action: @escaping @Sendable (inout Tensor) -> Void
    ) -> Damage {
        Damage("a changed \(kind)", noticed) {
            $0.run = { model, input, caching, stop in
                var hooks = Hooks()
                if stop == nil, case .tokens(let tokens) = input, tokens.count == 1 {
                    hooks.add(at: kind) { value, _ in action(&value) }
                }
                return try model.run(input, hooks: hooks, caching: caching, stoppingAt: stop)
            }
        }
    }

    private static let sums = (
        heads: "stream = heads + MLPs + embeddings + biases",
        neurons: "stream = heads + neurons + embeddings + biases"
    )
    private static let attributions = ["component", "head", "neuron"]
        .map { "logit difference = Σ \($0)s + the rest" }

    private static let stream = [
        hook(
            at: .residMid,
            ["resid_post = embed + pos_embed + Σ attn_out + Σ mlp_out", sums.heads, sums.neurons]
                + attributions
        ) { $0[0, 2, 5] += 0.1 },
        hook(
            at: .attnOut,
            ["attn_out = Σ heads + b_O", sums.heads, sums.neurons, attributions[1]]
        ) { $0[0, 2, 5] += 0.1 },
        hook(at: .mlpOut, ["mlp_out = Σ neurons + b_out", sums.neurons, attributions[2]]) {
            $0[0, 2, 5] += 0.1
        },
        hook(at: .pattern, ["attention patterns sum to 1"]) { $0[0, 1, 3, 2] += 0.01 },
        hook(at: .unembedIn, attributions) { $0[0, 2, 5] += 0.1 },
    ]

    /// An engine that goes wrong.
    private static func engine(
        _ name: String, _ noticed: [String],
        _ measure: @escaping @Sendable (Metric, [Branch], Run, Engine.Options) throws -> [Double]
    ) -> Damage {
        Damage(name, noticed) { $0.measure = measure }
    }

    private static let everywhere = [
        "resid_pre of layer 0 everywhere gives 1", "z and mlp_out of all layers everywhere give 1",
        "the engine = a full forward pass for each branch",
    ]

    private static let interventions = [
        engine(
            "an engine that is off",
            everywhere + [
                "patching nothing gives 0", "clean into clean gives 1",
                "patches before the first difference give 0",
            ]
        ) { try $0.measure($1, departingFrom: $2, options: $3).map { $0 + 0.01 } },
        engine("an engine that forgets an edit", everywhere) {
            let branches = $1.map { Branch(Array($0.interventions.dropFirst())) }
            return try $0.measure(branches, departingFrom: $2, options: $3)
        },
        engine("chunks that matter", ["sizes of chunks do not matter"]) {
            let error = $3.rowsPerChunk == 7 ? 0.01 : 0
            return try $0.measure($1, departingFrom: $2, options: $3).map { $0 + error }
        },
        {
            // Each call gives other last bits, as threads that race would.
            let calls = Atomic<Int>(0)
            return engine("last bits that vary", ["threads do not matter, to the last bit"]) {
                let call = calls.add(1, ordering: .relaxed).newValue
                return try $0.measure($1, departingFrom: $2, options: $3)
                    .map { $0 + 1e-12 * Double(call) }
            }
        }(),
    ]

    private static let running = [
        Damage("gradients that are off", ["gradients = the slopes of small patches"]) {
            $0.estimate = { sweep, metric, base in
                try AttributionPatching([sweep], metric, departingFrom: base)
                    .estimates(of: sweep).map { $0 + 0.1 }
            }
        },
        Damage(
            "a wrong start from a layer", ["stopping before a layer and going on = one run"]
        ) {
            $0.run = { model, input, caching, stop in
                var hooks = Hooks()
                if case .residual = input { hooks.add(at: .residPre) { x, _ in x[0, 2, 5] += 0.1 } }
                return try model.run(input, hooks: hooks, caching: caching, stoppingAt: stop)
            }
        },
        Damage("a wrong cache of values", ["cached keys and values = none"]) {
            $0.generate = { model, prompt, count, hooks in
                var hooks = hooks
                hooks.add(at: .v) { value, _ in if value.shape[1] == 1 { value[0, 0, 1, 2] += 0.1 }
                }
                return try model.generate(
                    from: prompt, count: count, sampling: .greedy, hooks: hooks)
            }
        },
        Damage("a batch that mixes", ["a batch of two lengths = each alone"]) {
            $0.run = { model, input, caching, stop in
                var hooks = Hooks()
                if case .tokens(let tokens) = input, tokens.count == 2 {
                    hooks.add(at: .z) { z, _ in z[0, 1, 0, 0] += z[1, 1, 0, 0] }
                }
                return try model.run(input, hooks: hooks, caching: caching, stoppingAt: stop)
            }
        },
    ]

    private static let factored = [
        Damage("a wrong singular value", ["U S Vᵀ = A B"]) {
            $0.singularValues = { matrix in
                var A = matrix.A
                A[0, 0] += 0.1
                return try FactoredMatrix(A, matrix.B).svd()
            }
        },
        Damage("a wrong norm", ["norm"]) { $0.norm = { try 1.001 * $0.norm() } },
        Damage("eigenvalues of the wrong sign", ["eigenvalues sum to the trace of A B"]) {
            $0.eigenvalues = { try $0.eigenvalues().map { (-$0.real, $0.imaginary) } }
        },
        Damage(
            "eigenvalues that are off",
            [
                "eigenvalues sum to the trace of A B",
                "squared eigenvalues sum to the trace of A B A B",
            ]
        ) {
            $0.eigenvalues = { try $0.eigenvalues().map { (1.01 * $0.real, 1.01 * $0.imaginary) } }
        },
        Damage("a wrong score", ["composition scores = those of A B"]) {
            $0.compositionScores = { model, mode in
                var weights = model.weights
                weights.blocks[0].attn.W_QKV[0, model.config.dModel * 2 + 9] += 0.5
                return try Transformer(config: model.config, weights: weights)
                    .compositionScores(mode)
            }
        },
    ]
}
