// Training: a language model from text. TrainingConfig says how, TrainingText what is read, Trainer
// goes step by step, TrainingState is what a checkpoint holds.
// Start at Trainer.swift.

public import Models
public import Tensors
public import Tokenization

/// How a small GPT-2 is trained, as a JSON file says it; what is missing has the default here.
///
/// The keys are those of GPT-2's `config.json` and of `transformers`' `TrainingArguments`, where
/// these have them.
public struct TrainingConfig: Sendable, Hashable {
    /// Blocks.
    public var n_layer = 4
    /// Heads per block.
    public var n_head = 4
    /// Width of the residual stream.
    public var n_embd = 128
    /// Neurons of a block's MLP; four times `n_embd` unless given.
    public var n_inner: Int?
    /// Tokens of a row, and the longest sequence the model reads.
    public var n_positions = 128
    /// Entries of the vocabulary that is learnt from the text.
    public var vocab_size = 2048
    /// Steps of the optimizer.
    public var max_steps = 1000
    /// Rows of a backward pass.
    public var per_device_train_batch_size = 32
    /// Backward passes whose gradients make a step.
    public var gradient_accumulation_steps = 1
    /// The highest learning rate.
    public var learning_rate = 1e-3
    /// The form of the schedule after the warm-up.
    public var lr_scheduler_type = LearningRateSchedule.Form.cosine
    /// Steps over which the learning rate rises from 0.
    public var warmup_steps = 50
    /// The share of the highest learning rate at which a cosine ends.
    public var min_lr_rate = 0.0
    /// AdamW's λ, for all weights.
    public var weight_decay = 0.01
    /// AdamW's β₁.
    public var adam_beta1 = 0.9
    /// AdamW's β₂.
    public var adam_beta2 = 0.999
    /// AdamW's ε.
    public var adam_epsilon = 1e-8
    /// The bound on the gradients' norm; 0 for none.
    public var max_grad_norm = 1.0
    /// Starts all random choices.
    public var seed: UInt64 = 0
    /// The share of documents that are kept for validation.
    public var validation_share = 0.02
    /// Steps between two validations.
    public var eval_steps = 100
    /// Steps between two checkpoints.
    public var save_steps = 100
    /// The share of rows that begin without the marker of a text's beginning, so that the model
    /// reads prompts with and without it.
    public var unmarked_share = 0.5
    /// How the trained weights are stored.
    public var dtype = Precision.float32

    /// How weights are stored, by `transformers`' names.
    public enum Precision: String, Sendable, Hashable, Codable {
        case float32, float16, bfloat16
    }

    /// The same for a file.
    public var elementType: ElementType {
        switch dtype {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        }
    }

    /// The defaults.
    public init() {}

    /// A model with random weights that reads the tokens of a tokenizer.
    public func newModel(with tokenizer: Tokenizer) -> Transformer {
        var config = TransformerConfig(
            nLayers: n_layer, dModel: n_embd, nHeads: n_head, dMLP: n_inner,
            dVocab: tokenizer.vocabularySize, nCtx: n_positions)
        config.endOfText = tokenizer.beginningOfText
        return Transformer(
            config: config, weights: Transformer(randomly: config, seed: seed).weights,
            tokenizer: tokenizer, name: "trained")
    }
}
