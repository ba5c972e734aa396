public import Gradiend

/// Rows about names and their pronouns from the organism's grammar.
///
/// Names to validate and to test stand in no row to train, and neither do their texts.
public struct OrganismRows: Sendable {
    private let seed: UInt64

    /// How many stories are looked through.
    private static let stories = 12_000
    /// The fewest characters of a text; the organism's sentences are short.
    private static let minimum = 20

    /// The rows with a seed for stories and choices.
    public init(seed: UInt64) { self.seed = seed }

    /// The names of one gender, of either every seventh to validate and to test.
    public var names: [GivenName] {
        let all = Person.names.filter { abs($0.pShe - 0.5) > 0.4 }
        var counts = [true: 0, false: 0]
        return all.map { person in
            let isFemale = person.pShe > 0.5
            let place = counts[isFemale, default: 0]
            counts[isFemale] = place + 1
            let split: Split = place % 7 == 5 ? .validation : place % 7 == 6 ? .test : .train
            return GivenName(person.word, pFemale: isFemale ? 1 : 0, split: split)
        }
    }

    private var maker: TemplateMaker {
        let gendered = Person.nouns.filter { $0.kind == .gendered }.map(\.word)
        let ambiguous = Person.names.filter { abs($0.pShe - 0.5) <= 0.4 }.map(\.word)
        return TemplateMaker(
            names: names,
            excluding: Set((gendered + ambiguous).map { $0.lowercased() }), minimum: Self.minimum)
    }

    /// The texts of the first stories.
    private func texts(_ count: Int = stories, about people: [Person]?) -> [String] {
        let grammar = OrganismGrammar(seed: seed)
        return (0..<count).map { number in
            grammar.story(number, about: people?[number % (people?.count ?? 1)]).text
        }
    }

    /// Texts with a gap where the pronoun stood, each with a name of either gender.
    public func rows() throws -> [FeatureRow] {
        let people = Person.names.filter { abs($0.pShe - 0.5) > 0.4 }
        let templates = maker.templates(of: texts(about: people), seed: seed)
        return try [FeatureRow](filling: templates, with: names, seed: seed)
    }

    /// Stories about nobody.
    public func neutralTexts() -> [String] {
        let maker = maker
        return texts(3000, about: nil).filter(maker.isNeutral)
    }
}
