/// Why training cannot begin or go on.
public enum TrainingError: Error, Hashable, CustomStringConvertible {
    /// A setting that is unknown or impossible.
    case badConfig(path: String, reason: String)
    /// A text that cannot be read.
    case badText(path: String, line: Int, reason: String)
    /// A text of fewer than two tokens.
    case noText
    /// A checkpoint that is damaged.
    case badCheckpoint(path: String, reason: String)
    /// A checkpoint of another training.
    case otherTraining(path: String, differences: [String])
    /// A loss, gradient or weight that is infinite or not a number.
    case notFinite(step: Int, reason: String, checkpoint: String?)

    /// A sentence that says what to do next.
    public var description: String {
        switch self {
        case .badConfig(let path, let reason): "\(path): \(reason)"
        case .badText(let path, let line, let reason): "\(path), line \(line): \(reason)"
        case .noText: "there are no two tokens to train on; give a longer text"
        case .badCheckpoint(let path, let reason):
            "\(path): \(reason); remove it to begin again"
        case .otherTraining(let path, let differences):
            "\(path) is of another training: " + differences.joined(separator: "; ")
                + "; choose another folder, or remove the file to begin again"
        case .notFinite(let step, let reason, let checkpoint):
            "training stopped at step \(step): \(reason); "
                + (checkpoint.map { "the last good checkpoint is \($0)" }
                    ?? "there is no checkpoint yet")
                + "; train again in another folder with a lower learning_rate or max_grad_norm, or "
                + "with more warmup_steps"
        }
    }
}
