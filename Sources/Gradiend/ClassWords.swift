import Tokenization

/// Which words count for a class in a row's gap.
public enum WordCounting: String, Sendable, Hashable, CaseIterable {
    /// All words that the rows have of the class, their probabilities added up.
    case classes
    /// The row's own two words, each for its class. This is for classes that share words, such as
    /// the cases of German articles: a sum over *der, die* and one over *die, das* would both count
    /// *die*, whichever it stands for.
    case rows
}

/// The words of two classes, as their rows have them, and the case they take in a gap.
struct ClassWords {
    /// The words of either class in lower case where that occurs, sorted.
    let positive, negative: [String]
    /// All forms that occur.
    private let forms: Set<String>

    /// Collects the words of rows from one class to the other.
    init(_ rows: [FeatureRow], _ classes: ClassPair) {
        let byClass = rows.wordsByClass
        let forms = byClass.values.reduce(into: Set()) { $0.formUnion($1) }
        func words(_ name: String) -> [String] {
            Set((byClass[name] ?? []).map { Self.base($0, forms) }).sorted()
        }
        (positive, negative) = (words(classes.positive), words(classes.negative))
        self.forms = forms
    }

    /// A word in lower case; one that is always upper, such as *I*, as it is.
    private static func base(_ word: String, _ forms: Set<String>) -> String {
        forms.contains(word.lowercasedFirst) ? word.lowercasedFirst : word
    }

    /// A word as it would stand in a row's gap, where a sentence may begin.
    func form(of word: String, in row: FeatureRow) -> String {
        let isUpper = [row.factual, row.alternative].contains { told in
            told.first?.isUppercase == true && forms.contains(told.lowercasedFirst)
        }
        return isUpper ? word.uppercasedFirst : word
    }

    /// The tokens of each word in either case, within and at the beginning of texts.
    func tokens(in tokenizer: Tokenizer) -> Set<[Int]> {
        var all: Set<[Int]> = []
        for word in positive + negative {
            for form in [word, word.lowercasedFirst, word.uppercasedFirst] {
                all.formUnion([tokenizer.encode(form), tokenizer.encode(" " + form)])
            }
        }
        return all.subtracting([[]])
    }
}
