import Tensors

/// Expands rules to a story.
struct StoryWriter {
    let rules: [String: Alternatives]
    var generator: SeededGenerator
    private var story = Story()
    private var person = Person.nouns[0]
    private var pronouns = Pronouns.he

    /// How many of the stories are about someone with a name.
    private static let namedShare = 0.3

    init(rules: [String: Alternatives], generator: SeededGenerator) {
        (self.rules, self.generator) = (rules, generator)
    }

    /// Writes a story about someone, drawn if not given.
    mutating func story(about given: Person?) -> Story {
        // Drawn in any case, so that the rest does not depend on it.
        let drawn = someone(named: Self.namedShare)
        person = given ?? drawn
        pronouns = generator.uniform() < person.pShe ? .she : .he
        repeat {
            story = Story()
            write([.name("story")])
        } while given != nil && story.subject == nil
        return story
    }

    private mutating func someone(named share: Double) -> Person {
        let people = generator.uniform() < share ? Person.names : Person.nouns
        return people[Int(generator.uniform() * Double(people.count))]
    }

    private mutating func write(_ parts: [Alternatives.Part]) {
        for part in parts {
            switch part {
            case .text(let text): story.text += text
            case .name(let name): expand(name)
            }
        }
    }

    private mutating func expand(_ name: String) {
        switch name {
        case "subject":
            story.subject = person
            story.isShe = pronouns.areShe
            expand(person.kind == .name ? "named" : "phrase")
        case "noun": story.text += person.word
        case "other", "Other":
            var other = someone(named: 0.2)
            while other.word == person.word { other = someone(named: 0.2) }
            let article = name == "Other" ? "The " : "the "
            story.text += (other.kind == .name ? "" : article) + other.word
        default:
            if let form = pronouns.forms[name] {
                let start = story.text.utf8.count
                story.text += form
                story.pronouns.append(start..<story.text.utf8.count)
            } else if let rule = rules[name] {
                write(rule.draw(&generator))
            } else {
                preconditionFailure("there is no rule \(name)")
            }
        }
    }
}

/// The forms of a pronoun, by those of "he".
struct Pronouns {
    let areShe: Bool
    let forms: [String: String]

    static let he = Pronouns(
        areShe: false,
        forms: [
            "he": "he", "him": "him", "his": "his", "himself": "himself", "He": "He", "His": "His",
        ])
    static let she = Pronouns(
        areShe: true,
        forms: [
            "he": "she", "him": "her", "his": "her", "himself": "herself", "He": "She",
            "His": "Her",
        ])
}
