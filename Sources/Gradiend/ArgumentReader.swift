import Tensors

/// Reads fields of the package's arguments, with errors that name them.
struct ArgumentReader {
    let values: [String: JSONValue]

    private func wrong(_ name: String, _ expected: String) -> GradiendError {
        .badOption("\(name) is \(shown(values[name] ?? .null)); give \(expected)")
    }

    /// A field that may be null: `nil` where it is left out, `.some(nil)` where it is null.
    func optional<Value>(
        _ name: String, _ read: (String, JSONValue) throws -> Value
    ) throws -> Value?? {
        guard let value = values[name] else { return nil }
        return .some(value == .null ? nil : try read(name, value))
    }

    func number(_ name: String) throws -> Double? {
        guard let value = values[name] else { return nil }
        guard case .number(let number) = value else { throw wrong(name, "a number") }
        return number
    }

    func whole(_ name: String) throws -> Int? {
        guard let value = values[name] else { return nil }
        return try whole(name, value)
    }

    func whole(_ name: String, _ value: JSONValue) throws -> Int {
        guard case .number(let number) = value, abs(number) <= 0x1p53,
            let whole = Int(exactly: number)
        else { throw wrong(name, "a whole number") }
        return whole
    }

    func flag(_ name: String) throws -> Bool? {
        guard let value = values[name] else { return nil }
        guard case .flag(let flag) = value else { throw wrong(name, "true or false") }
        return flag
    }

    /// A field that is one of some words.
    func word<Word: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws -> Word? where Word.RawValue == String {
        guard let value = values[name] else { return nil }
        if case .text(let text) = value, let word = Word(rawValue: text) { return word }
        throw wrong(name, Word.allCases.map(\.rawValue).joined(separator: ", "))
    }

    func texts(_ name: String, _ value: JSONValue) throws -> [String] {
        guard case .list(let items) = value else { throw wrong(name, "a list of names") }
        return try items.map {
            guard case .text(let text) = $0 else { throw wrong(name, "a list of names") }
            return text
        }
    }

    func table(_ name: String, _ value: JSONValue) throws -> [String: JSONValue] {
        guard case .table(let table) = value else { throw wrong(name, "an object or null") }
        return table
    }

    /// Refuses fields other than some, unless they have one of the values that are allowed.
    func require(_ known: Set<String>, fixed: [String: Set<JSONValue>]) throws {
        for (name, value) in values.sorted(by: { $0.key < $1.key }) where !known.contains(name) {
            guard let allowed = fixed[name] else {
                throw GradiendError.badOption("\(quoted(name)) is no field of a prune config")
            }
            guard allowed.contains(value) else {
                throw wrong(name, allowed.map(\.json).sorted().joined(separator: " or "))
            }
        }
    }

    func applySteps(to options: inout TrainingOptions) throws {
        options.source = try word("source") ?? options.source
        options.target = try word("target") ?? options.target
        options.batchSize =
            try optional("base_gradient_batch_size", whole)
            .flatMap(\.self) ?? whole("train_batch_size") ?? options.batchSize
        options.learningRate = try number("learning_rate") ?? options.learningRate
        options.weightDecay = try number("weight_decay") ?? options.weightDecay
        options.epsilon = try number("adam_epsilon") ?? options.epsilon
        options.epochs = try whole("num_train_epochs") ?? options.epochs
        if let steps = try whole("max_steps") { options.maxSteps = steps < 0 ? nil : steps }
        options.evaluateEvery = try whole("eval_steps") ?? options.evaluateEvery
        let limits = try [
            optional("encoder_eval_train_max_size", whole),
            optional("encoder_eval_max_size", whole),
        ].compactMap(\.self)
        if !limits.isEmpty {
            options.evaluationRows = nil
            options.evaluationRowsPerDirection = limits.lazy.compactMap(\.self).first
        }
        if let limit = try optional("train_max_size", whole) {
            options.trainingRowsPerDirection = limit
        }
        options.addsIdentities =
            try flag("add_identity_for_other_classes") ?? options.addsIdentities
        options.normalizesSign = try flag("normalize_gradiend") ?? options.normalizesSign
    }

    func applySeeds(to options: inout TrainingOptions) throws {
        if let seed = try optional("seed", whole).flatMap(\.self) {
            guard seed >= 0 else { throw wrong("seed", "0 or more") }
            options.seed = UInt64(seed)
        }
        options.maxSeeds = try whole("max_seeds") ?? options.maxSeeds
        if let count = try optional("min_convergent_seeds", whole) {
            options.minConvergentSeeds = count ?? options.maxSeeds
        }
        if let bound = try optional("convergent_score_threshold", { name, _ in try number(name) }) {
            options.convergence.correlation = bound.flatMap(\.self) ?? 0.5
        }
        if let bound = try optional(
            "convergent_mean_by_class_threshold", { name, _ in try number(name) })
        {
            options.convergence.mean = bound.flatMap(\.self) ?? 0.5
        }
        options.savedSeeds = try word("saved_seed_runs") ?? options.savedSeeds
        options.failsWithoutConvergence =
            try flag("fail_on_non_convergence") ?? options.failsWithoutConvergence
        if let value = values["use_cache"] {
            guard let reuse = Reuse.allCases.first(where: { $0.argument == value }) else {
                throw wrong(
                    "use_cache", Reuse.allCases.map(\.argument.json).joined(separator: ", "))
            }
            options.reuse = reuse
        }
    }
}
