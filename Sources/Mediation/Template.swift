import Tensors

/// A text with one slot, written `{}`.
public struct Template: Sendable, Hashable, CustomStringConvertible {
    /// The text with its slot.
    public let description: String
    /// What stands before the slot.
    public let before: String
    /// What stands after it.
    public let after: String

    /// Reads a template.
    ///
    /// - Throws: ``MediationError/badText(_:)`` unless there is exactly one `{}`.
    public init(_ text: String) throws(MediationError) {
        let pieces = text.splitAtSlots()
        guard pieces.count == 2 else {
            throw .badText(
                "the template \(quoted(text)) has \(pieces.count - 1) slots; mark the "
                    + "one with {}")
        }
        (description, before, after) = (text, pieces[0], pieces[1])
    }

    /// The text with a word in its slot.
    public func filled(with word: String) -> String { before + word + after }

    /// The text up to the slot's end.
    func beginning(with word: String) -> String { before + word }

    /// The templates of the professions study of Vig et al. 2020, in its order.
    public static let professions: [Template] = {
        let that = ["said", "yelled", "whispered", "wanted", "desired", "wished"]
        let because = [
            "ate", "ran", "drove", "slept", "cried", "laughed", "went home", "stayed up",
            "was fired", "was promoted", "yelled",
        ]
        return that.map { Template(before: "The ", after: " \($0) that") }
            + because.map { Template(before: "The ", after: " \($0) because") }
    }()

    init(before: String, after: String) {
        (self.before, self.after, description) = (before, after, before + "{}" + after)
    }
}

extension String {
    /// The parts between slots.
    fileprivate func splitAtSlots() -> [String] {
        var parts = [""]
        var rest = self[...]
        while let character = rest.first {
            if rest.hasPrefix("{}") {
                parts.append("")
                rest = rest.dropFirst(2)
            } else {
                parts[parts.count - 1].append(character)
                rest = rest.dropFirst()
            }
        }
        return parts
    }
}
