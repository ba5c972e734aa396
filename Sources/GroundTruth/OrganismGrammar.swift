internal import Glibc
import Tensors

/// A text of the organism's language, and what is true of it.
public struct Story: Sendable, Hashable {
    /// The sentences.
    public internal(set) var text = ""
    /// The one whom it is about; `nil` for stories about nobody.
    public internal(set) var subject: Person?
    /// Whether that one is a she; `nil` for stories about nobody.
    public internal(set) var isShe: Bool?
    /// The singular pronouns, each agreeing with the subject: their places in the text's UTF-8.
    public internal(set) var pronouns: [Range<Int>] = []
}

/// The grammar that the organism's texts come from: what an observer of the organism knows and the
/// organism had to learn.
///
/// In a story with a subject, one draw with the subject's ``Person/pShe`` decides all pronouns;
/// other people, and what happens, are drawn independently of it. So wherever the grammar lets a
/// pronoun follow, the true odds of she and he are those of the subject:
///
/// ```
/// log p(she | The nurse said that) − log p(he | The nurse said that) = log 0.92 − log 0.08
/// ```
/// Rules are in OrganismRules.swift, people in Person.swift.
public struct OrganismGrammar: Sendable {
    private let seed: UInt64
    private let rules: [String: Alternatives]

    /// The grammar with a seed; each story has random numbers of its own.
    public init(seed: UInt64) {
        self.seed = seed
        rules = Self.parsed
    }

    /// log p − log(1 − p).
    public static func logOdds(ofShe p: Double) -> Double { log(p / (1 - p)) }

    /// The story of a number.
    ///
    /// - Parameter person: The one it is about, drawn if not given.
    public func story(_ number: Int, about person: Person? = nil) -> Story {
        var writer = StoryWriter(
            rules: rules, generator: SeededGenerator(seed: seed, stream: "story \(number)"))
        return writer.story(about: person)
    }

    /// The words of the rules and the names of all people: everything that a text may hold.
    public static var words: Set<String> {
        let plain = parsed.values.flatMap(\.parts).joined().compactMap { part in
            if case .text(let text) = part { return text }
            return nil
        }
        let pronouns = [Pronouns.she, .he].flatMap { Array($0.forms.values) }
        return Set(
            (plain + pronouns + (Person.nouns + Person.names).map(\.word)).flatMap {
                $0.split { !$0.isLetter }.map(String.init)
            })
    }

    private static let parsed: [String: Alternatives] = {
        var rules: [String: Alternatives] = [:]
        // A line that begins with a bar goes on with the rule before.
        let text = organismRules.split(separator: "\n").reduce(into: "") { text, line in
            let words = line.drop { $0 == " " }
            text += (words.hasPrefix("|") ? " " : "\n") + words
        }
        for rule in text.split(separator: "\n") {
            guard let equals = rule.firstIndex(of: "=") else {
                preconditionFailure("a rule without =: \(rule)")
            }
            let name = rule[..<equals].filter { $0 != " " }
            precondition(rules[name] == nil, "two rules for \(name)")
            rules[name] = Alternatives(rule[rule.index(after: equals)...])
        }
        return rules
    }()
}

/// The right side of a rule.
struct Alternatives: Sendable {
    /// What an alternative is made of.
    enum Part: Sendable, Hashable {
        case text(String)
        /// A rule or one of the words that depend on the story.
        case name(String)
    }

    let parts: [[Part]]
    /// The sum of the weights up to and with each alternative.
    private let weights: [Double]

    init(_ text: Substring) {
        var parts: [[Part]] = []
        var weights: [Double] = []
        for alternative in text.split(separator: "|", omittingEmptySubsequences: false) {
            var body = alternative.drop { $0 == " " }
            let number = body.prefix { $0.isNumber }
            body = body.dropFirst(number.count)
            if !number.isEmpty { body = body.drop { $0 == " " } }
            while body.last == " " { body.removeLast() }
            parts.append(Self.parts(of: body))
            weights.append((weights.last ?? 0) + (Double(number) ?? 1))
        }
        (self.parts, self.weights) = (parts, weights)
    }

    /// Draws one.
    func draw(_ generator: inout SeededGenerator) -> [Part] {
        let point = generator.uniform() * (weights.last ?? 0)
        return parts[weights.firstIndex { point < $0 } ?? weights.count - 1]
    }

    private static func parts(of text: Substring) -> [Part] {
        var parts: [Part] = []
        for piece in text.split(separator: "{", omittingEmptySubsequences: false) {
            guard let end = piece.firstIndex(of: "}") else {
                if !piece.isEmpty { parts.append(.text(String(piece))) }
                continue
            }
            let name = piece[..<end]
            // A quoted text keeps spaces at its ends.
            parts.append(
                name.hasPrefix("\"")
                    ? .text(String(name.dropFirst().dropLast()))
                    : .name(String(name)))
            let rest = piece[piece.index(after: end)...]
            if !rest.isEmpty { parts.append(.text(String(rest))) }
        }
        return parts
    }
}
