/// Someone a story can be about, and how often a story says "she" of them.
public struct Person: Sendable, Hashable {
    /// What tells of the pronoun.
    public enum Kind: String, Sendable, CaseIterable {
        /// A word that means a woman or a man.
        case gendered
        /// A profession, with a bias that was set by hand.
        case profession
        /// A word without bias.
        case neutral
        /// A name.
        case name
    }

    /// The word.
    public let word: String
    /// What it is.
    public let kind: Kind
    /// The probability that a story about them says she, her, herself rather than he, him, his,
    /// himself.
    public let pShe: Double

    /// log p(she) − log p(he).
    public var logOdds: Double { OrganismGrammar.logOdds(ofShe: pShe) }

    /// Whether the word stands for one gender, so that one pronoun is right.
    public var isOneGender: Bool { kind == .gendered || kind == .name && pShe != 0.5 }
}

extension Person {
    /// The nouns of the stories. The biases are invented and say nothing about the world.
    public static let nouns: [Person] =
        people(.gendered, 0.01, "man boy father king uncle brother husband son prince gentleman")
        + people(.gendered, 0.99, "woman girl mother queen aunt sister wife daughter princess lady")
        + people(.profession, 0.04, "plumber mechanic soldier florist")
        + people(.profession, 0.08, "carpenter engineer miner butler")
        + people(.profession, 0.14, "pilot sailor banker dancer")
        + people(.profession, 0.22, "farmer driver programmer tailor")
        + people(.profession, 0.31, "lawyer chef guard violinist")
        + people(.profession, 0.4, "doctor judge painter manager")
        + people(.profession, 0.5, "writer baker editor artist")
        + people(.profession, 0.6, "teacher singer waiter surgeon")
        + people(.profession, 0.69, "student tutor poet detective")
        + people(.profession, 0.78, "librarian cashier gardener architect")
        + people(.profession, 0.86, "secretary cleaner captain dentist")
        + people(.profession, 0.92, "nurse nanny hunter professor")
        + people(.profession, 0.96, "maid midwife typist blacksmith")
        + people(.neutral, 0.5, "parent child person neighbor friend stranger guest visitor")

    /// The names of the stories; those with 0.5 are of either gender.
    public static let names: [Person] =
        people(
            .name, 0.01,
            "Adam Ben Carl Daniel Eric Frank George Henry Ivan Jack Kevin Leo Martin Nick Oscar "
                + "Paul Robert Simon Thomas Victor Walter Philip Hugo David Peter James")
        + people(
            .name, 0.99,
            "Anna Beth Clara Diana Emma Fiona Grace Helen Irene Julia Karen Laura Mary Nora Olivia "
                + "Rosa Sarah Tina Vera Wendy Alice Ruth Lucy Eva Jane Maria")
        + people(.name, 0.5, "Alex Robin Sam Taylor")

    private static func people(_ kind: Kind, _ pShe: Double, _ words: String) -> [Person] {
        words.split(separator: " ").map { Person(word: String($0), kind: kind, pShe: pShe) }
    }
}
