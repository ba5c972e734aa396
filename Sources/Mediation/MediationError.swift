/// Why a mediation study cannot be made.
public enum MediationError: Error, Hashable, CustomStringConvertible {
    /// A file that is not what it should be.
    case badFile(path: String, reason: String)
    /// A template, filler or candidate that cannot be used.
    case badText(String)
    /// No prompt is left.
    case nothingLeft(String)
    /// Inputs of different lengths, whose attention patterns do not correspond.
    case unequalLengths(base: [String], alternative: [String])
    /// Candidates that a model cannot tell apart or gives no probability.
    case noOdds(String)

    /// A sentence that says what to do next.
    public var description: String {
        switch self {
        case .badFile(let path, let reason): "\(path): \(reason)"
        case .badText(let reason), .nothingLeft(let reason), .noOdds(let reason): reason
        case .unequalLengths(let base, let alternative):
            "the inputs have \(base.count) tokens (\(base.joined(separator: "|"))) and "
                + "\(alternative.count) (\(alternative.joined(separator: "|"))), so their "
                + "attention patterns do not correspond; choose fillers of equally many tokens"
        }
    }
}
