/// What is done with a field of the Python package's `TrainingArguments`.
enum ArgumentRule: Sendable {
    /// It takes effect.
    case honoured
    /// Its default alone can be had, or one of some other values that mean the same.
    case fixed(or: [JSONValue] = [])
    /// It changes no number of training, or does so by another way that the words name.
    case noted(String)
}

extension Arguments {
    /// The fields of gradiend 0.2.3, in the groups of its documentation: what it writes unless
    /// another value is given, and what is done here with one.
    static let fields: [String: (standard: JSONValue, rule: ArgumentRule)] =
        data.merging(training) { a, _ in a }.merging(evaluation) { a, _ in a }
        .merging(seeds) { a, _ in a }.merging(running) { a, _ in a }

    private typealias Fields = [String: (standard: JSONValue, rule: ArgumentRule)]

    private static let data: Fields = [
        "add_identity_for_other_classes": (.flag(false), .honoured),
        "train_max_size": (.null, .honoured),
        "mask_placeholder": (.text("[MASK]"), .noted("give it with --gap")),
        "include_other_classes": (.flag(false), .fixed()),
        "split_resplit_per_seed": (.flag(false), .fixed()),
        "split_resplit_strategy": (.text("random"), .noted("splits stay the same")),
    ]

    private static let training: Fields = [
        "source": (.text("alternative"), .honoured),
        "target": (.text("diff"), .honoured),
        "supervised_encoder": (.flag(false), .fixed()),
        "supervised_decoder": (.flag(false), .fixed()),
        "prediction_objective": (
            .text("auto"), .fixed(or: [.text("mlm_mask_token"), .text("clm_next_token")])
        ),
        "train_batch_size": (.number(32), .honoured),
        "base_gradient_batch_size": (.null, .honoured),
        "gradiend_batch_size": (.number(1), .fixed(or: [.null])),
        "learning_rate": (.number(1e-5), .honoured),
        "lr_search_config": (.null, .noted("there is no search")),
        "weight_decay": (.number(1e-2), .honoured),
        "adam_epsilon": (.number(1e-8), .honoured),
        "optim": (.text("adamw"), .fixed()),
        "num_train_epochs": (.number(3), .honoured),
        "max_steps": (.number(-1), .honoured),
        "params": (.null, .honoured),
        "activation_encoder": (.null, .fixed(or: [.text("tanh")])),
        "activation_decoder": (.null, .fixed(or: [.text("id")])),
        "bias_decoder": (.null, .fixed(or: [.flag(true)])),
        "latent_dim": (.null, .fixed(or: [.number(1)])),
        "torch_dtype": (.text("torch.float32"), .fixed(or: [.null, .text("float32")])),
        "normalize_gradiend": (.flag(true), .honoured),
        "positive_class": (.null, .noted("give it with --classes")),
        "pre_prune_config": (.null, .honoured),
        "reuse_pre_prune": (.flag(false), .honoured),
        "post_prune_config": (.null, .honoured),
    ]

    private static let evaluation: Fields = [
        "eval_strategy": (.text("steps"), .fixed()),
        "eval_steps": (.number(250), .honoured),
        "do_eval": (.flag(true), .fixed()),
        "eval_batch_size": (.number(32), .noted("texts are encoded each by itself")),
        "encoder_eval_max_size": (.null, .honoured),
        "encoder_eval_train_max_size": (.null, .honoured),
        "encoder_eval_balance": (.flag(true), .fixed()),
        "seed_selection_eval_max_size": (.null, .fixed()),
        "decoder_eval_max_size_training_like": (.null, .noted(decode)),
        "decoder_eval_max_size_neutral": (.null, .noted(decode)),
        "decoder_eval_lrs": (.null, .noted(decode)),
        "decoder_eval_feature_factors": (.null, .noted(decode)),
        "decoder_mlm_head_epochs": (.number(5), .noted(noHead)),
        "decoder_mlm_head_batch_size": (.number(4), .noted(noHead)),
        "decoder_mlm_head_lr": (.number(1e-4), .noted(noHead)),
        "decoder_mlm_head_max_size": (.null, .noted(noHead)),
        "decoder_sequence_cloze_rhs_window": (.number(-1), .noted("no sequences are predicted")),
    ]

    private static let seeds: Fields = [
        "seed": (.number(0), .honoured),
        "max_seeds": (.number(3), .honoured),
        "min_convergent_seeds": (.number(1), .honoured),
        "convergent_metric": (.null, .fixed(or: [.text("correlation")])),
        "convergent_score_threshold": (.number(0.5), .honoured),
        "convergent_mean_by_class_threshold": (.number(0.5), .honoured),
        "saved_seed_runs": (.text("all_convergent"), .honoured),
        "fail_on_non_convergence": (.flag(false), .honoured),
        "highlight_non_convergence": (.flag(true), .noted("such features are always marked")),
        "analyze_seed_stability": (.flag(false), .noted("compare seeds with gradiend-compare")),
        "seed_stability_topk": (.number(1000), .noted("it is gradiend-compare's --top")),
        "seed_stability_part": (.text("decoder-weight"), .noted("it is gradiend-compare's --part")),
    ]

    private static let running: Fields = [
        "experiment_dir": (.null, .noted(place)),
        "output_dir": (.null, .noted(place)),
        "seed_runs_dir": (.null, .noted(place)),
        "use_cache": (.flag(false), .honoured),
        "model_use_cache": (.flag(false), .noted(memory)),
        "use_cached_gradients": (.flag(false), .noted(memory)),
        "delete_models": (.flag(false), .noted(place)),
        "precompute_gradient_batches": (.null, .noted(memory)),
        "precompute_gradient_buffer_size": (.number(1), .noted(memory)),
        "trust_remote_code": (.flag(false), .noted(code)),
        "dataset_trust_remote_code": (.null, .noted(code)),
        "base_model_device_map": (.null, .noted(memory)),
        "base_model_max_memory": (.null, .noted(memory)),
        "encoder_decoder_same_device": (.flag(false), .noted(memory)),
        "save_strategy": (.text("best"), .noted(best)),
        "save_steps": (.number(5000), .noted(best)),
        "save_only_best": (.flag(true), .noted(best)),
        "runtime_monitor": (.flag(false), .noted(monitor)),
        "runtime_monitor_interval": (.number(5), .noted(monitor)),
        "runtime_monitor_system_stats": (.flag(true), .noted(monitor)),
        "gradient_timing_steps": (.number(0), .noted(monitor)),
        "metadata": (.table([:]), .noted("it is not kept")),
    ]

    private static let decode = "the decoder is evaluated by gradiend-decode"
    private static let noHead = "no head is trained"
    private static let place = "--out says where"
    private static let memory = "memory is managed otherwise"
    private static let code = "no code of others is run"
    private static let best = "the best numbers are written"
    private static let monitor = "progress is shown instead"
}
