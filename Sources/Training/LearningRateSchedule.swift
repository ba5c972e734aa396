internal import Glibc

/// The learning rate of each step: a linear rise from 0, then constant or half a cosine.
///
/// As `transformers`' `cosine_with_min_lr` and `constant_with_warmup`: the rate of step s, counted
/// from 0, is
///
/// ```
/// η · s / warmup                                                     while s < warmup
/// η                                                                  constant
/// η · (m + (1 − m) (1 + cos(π (s − warmup) / (steps − warmup))) / 2)  cosine
/// ```
public struct LearningRateSchedule: Sendable, Hashable {
    /// What follows the warm-up.
    public enum Form: String, Sendable, Hashable, Codable, CaseIterable {
        /// Half a cosine down to the least rate.
        case cosine
        /// The highest rate.
        case constant
    }

    private let config: TrainingConfig

    /// The schedule of a config.
    public init(_ config: TrainingConfig) { self.config = config }

    /// The learning rate of a step, counted from 0.
    public func rate(ofStep step: Int) -> Double {
        let (highest, warmup) = (config.learning_rate, config.warmup_steps)
        if step < warmup { return highest * Double(step) / Double(warmup) }
        switch config.lr_scheduler_type {
        case .constant: return highest
        case .cosine:
            let done = Double(step - warmup) / Double(max(config.max_steps - warmup, 1))
            let least = config.min_lr_rate
            return highest * (least + (1 - least) * (1 + cos(.pi * min(done, 1))) / 2)
        }
    }
}
