import Tensors

extension Kept {
    /// What a prune config keeps: a threshold goes before a share or a number of weights.
    fileprivate init(_ fields: ArgumentReader, otherwise share: Double) throws {
        func number(_ name: String) throws -> Double? {
            try fields.optional(name) { name, _ in try fields.number(name) }?.flatMap(\.self)
        }
        if let bound = try number("threshold") {
            self = .threshold(bound)
            return
        }
        let kept = try number("topk") ?? share
        self = kept > 1 ? .number(try fields.whole("topk") ?? 1) : .share(kept)
    }

    fileprivate var argument: [String: JSONValue] {
        switch self {
        case .share(let share): ["topk": .number(share), "threshold": .null]
        case .number(let count): ["topk": .number(Double(count)), "threshold": .null]
        case .threshold(let bound): ["topk": .null, "threshold": .number(bound)]
        }
    }
}

extension PrePruning {
    /// The package's `PrePruneConfig`.
    init(_ fields: ArgumentReader) throws {
        try fields.require(
            ["topk", "threshold", "n_samples", "batch_size", "source", "seed"],
            fixed: [
                "feature_class_key": [.text("feature_class_id")],
                "target_feature_class_ids": [.null], "dataset": [.null],
                // Where gradients are kept on the way.
                "use_cached_gradients": [.flag(true), .flag(false)],
                "use_streaming": [.null, .flag(true), .flag(false)],
            ])
        self.init(try Kept(fields, otherwise: 0.1))
        batches = try fields.whole("n_samples") ?? batches
        batchSize = try fields.whole("batch_size") ?? batchSize
        signal = try fields.word("source") ?? signal
        seed = try fields.optional("seed", fields.whole)?.map { UInt64(bitPattern: Int64($0)) }
    }
}

extension PostPruning {
    /// The package's `PostPruneConfig`.
    init(_ fields: ArgumentReader) throws {
        try fields.require(
            ["topk", "threshold", "part"],
            fixed: [
                "mask": [.null], "inplace": [.flag(true), .flag(false)],
                "return_mask": [.flag(true), .flag(false)],
            ])
        self.init(
            try Kept(fields, otherwise: 0.01), by: try fields.word("part") ?? .decoderWeight)
    }
}

extension JSONValue {
    /// `pre_prune_config`; null where nothing is pruned.
    init(_ pruning: PrePruning?) {
        // As a whole number 1 would be one weight to the package.
        guard let pruning, pruning.kept != .share(1) else {
            self = .null
            return
        }
        let rest: [String: JSONValue] = [
            "n_samples": .number(Double(pruning.batches)),
            "batch_size": .number(Double(pruning.batchSize)),
            "source": .text(pruning.signal.rawValue),
            "seed": pruning.seed.map { .number(Double($0)) } ?? .null,
            "feature_class_key": .text("feature_class_id"), "target_feature_class_ids": .null,
            "dataset": .null, "use_cached_gradients": .flag(false), "use_streaming": .null,
        ]
        self = .table(pruning.kept.argument.merging(rest) { $1 })
    }

    /// `post_prune_config`; null where nothing is pruned.
    init(_ pruning: PostPruning?) {
        guard let pruning, pruning.kept != .share(1) else {
            self = .null
            return
        }
        let rest: [String: JSONValue] = [
            "part": .text(pruning.part.rawValue), "mask": .null, "inplace": .flag(true),
            "return_mask": .flag(false),
        ]
        self = .table(pruning.kept.argument.merging(rest) { $1 })
    }
}
