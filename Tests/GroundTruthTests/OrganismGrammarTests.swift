import GroundTruth
import Testing

/// The grammar keeps its promises.
@Suite struct OrganismGrammarTests {
    private static let stories: [Story] = {
        let grammar = OrganismGrammar(seed: 11)
        return (0..<20_000).map { grammar.story($0) }
    }()

    @Test func storiesAreReproducible() {
        let grammar = OrganismGrammar(seed: 11)
        #expect((0..<50).map { grammar.story($0) } == Array(Self.stories.prefix(50)))
        #expect(OrganismGrammar(seed: 12).story(3) != Self.stories[3])
        #expect(Set(Self.stories.map(\.text)).count > 15_000)
    }

    /// Sentences of known words, with nothing left of the rules.
    @Test func textsAreSentences() {
        let words = OrganismGrammar.words
        for story in Self.stories {
            #expect(story.text.hasSuffix(".") && story.text.first?.isUppercase == true)
            #expect(!story.text.contains { "{}|=".contains($0) } && !story.text.contains("  "))
            for word in story.text.split(whereSeparator: { !$0.isLetter }) {
                #expect(words.contains(String(word)), "\(word) in \(story.text)")
            }
        }
        #expect((400...700).contains(words.count))
    }

    /// All pronouns of a story are of its one draw, and stand where it says.
    @Test func pronounsAgree() {
        let forms: [Bool: Set<String>] = [
            true: ["she", "She", "her", "Her", "herself"],
            false: ["he", "He", "him", "his", "His", "himself"],
        ]
        for story in Self.stories {
            let text = Array(story.text.utf8)
            let found = story.pronouns.map { String(decoding: text[$0], as: UTF8.self) }
            let all = story.text.split(whereSeparator: { !$0.isLetter }).map(String.init)
                .filter { forms[true]!.contains($0) || forms[false]!.contains($0) }
            #expect(found == all, "\(story.text)")
            if let isShe = story.isShe {
                #expect(found.allSatisfy(forms[isShe]!.contains), "\(story.text)")
                #expect(story.text.contains(story.subject!.word))
            } else {
                #expect(story.subject == nil && found.isEmpty, "\(story.text)")
            }
        }
    }

    /// How often a she follows is what was set, for everyone: within four standard errors.
    @Test func biasesAreWhatWasSet() {
        let grammar = OrganismGrammar(seed: 5)
        for (index, person) in (Person.nouns + Person.names).enumerated() {
            let draws = (0..<400).map { grammar.story(1000 * index + $0, about: person) }
            #expect(draws.allSatisfy { $0.subject == person })
            let share = Double(draws.count { $0.isShe == true }) / 400
            let error = (person.pShe * (1 - person.pShe) / 400).squareRoot()
            #expect(abs(share - person.pShe) < 4.5 * error, "\(person.word): \(share)")
        }
        let people = Person.nouns + Person.names
        #expect(Set(people.map(\.word)).count == people.count)
        #expect(people.allSatisfy { $0.logOdds.isFinite })
    }
}
