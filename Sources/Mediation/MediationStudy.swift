import GroundTruth
public import Tensors

/// What a study asks about: words in templates for neurons, contexts in two forms for attention
/// heads.
///
/// As a file it is one JSON object; every key has a default, and other keys are refused:
///
/// ```json
/// {"templates": ["The {} said that"], "fillers": ["man", "woman"], "candidates": ["he", "she"],
///  "words": [["nurse", 0, -0.9]],
///  "items": [{"context": "The nurse met the guard because {}", "fillers": ["she", "he"],
///             "candidates": ["was kind", "was strong"], "score": 0.3}]}
/// ```
/// A list of words alone, as in the study's `professions.json`, is a file too; its templates are
/// ``Template/professions``.
public struct MediationStudy: Sendable {
    /// Where words are put in.
    public var templates: [Template]
    /// The first and second alternative to the words: *man* and *woman*.
    public var fillers: (man: String, woman: String)
    /// What may come next: *he* and *she*.
    public var candidates: (first: String, second: String)
    /// The words.
    public var words: [Profession]
    /// The items of the heads' study.
    public var items: [HeadItem]

    /// Puts a study together.
    public init(
        templates: [Template] = Template.professions,
        fillers: (man: String, woman: String) = ("man", "woman"),
        candidates: (first: String, second: String) = ("he", "she"), words: [Profession] = [],
        items: [HeadItem] = []
    ) {
        (self.templates, self.fillers, self.candidates) = (templates, fillers, candidates)
        (self.words, self.items) = (words, items)
    }

    /// Reads a study.
    ///
    /// - Throws: ``MediationError/badFile(path:reason:)`` with the place.
    public init(_ file: Blob) throws {
        self.init()
        // A byte-order mark, as some editors write, is no part of the text.
        let bytes = file.bytes.dropFirst(file.bytes.starts(with: "\u{feff}".utf8) ? 3 : 0)
        let isList = bytes.first { !" \n\r\t".utf8.contains($0) } == UInt8(ascii: "[")
        do {
            if isList {
                words = try decodeJSON([Profession].self, from: bytes)
            } else {
                try self.init(decodeJSON(Document.self, from: bytes))
            }
            try checkWords()
        } catch let error as JSONProblem {
            throw MediationError.badFile(path: file.name, reason: error.description)
        } catch let error as MediationError {
            throw MediationError.badFile(path: file.name, reason: error.description)
        }
        guard !words.isEmpty || !items.isEmpty else {
            throw MediationError.badFile(
                path: file.name, reason: "it has no words and no items; give at least one")
        }
    }

    /// A word that is there twice could have two biases.
    private func checkWords() throws {
        var names: Set<String> = []
        for (index, word) in words.enumerated() where !names.insert(word.name).inserted {
            throw JSONProblem(
                place: "word \(index + 1)", reason: "\(quoted(word.name)) is there twice")
        }
    }

    private init(_ document: Document) throws {
        self.init()
        func pair(_ list: [String]?, _ name: String) throws -> (String, String)? {
            guard let list else { return nil }
            guard list.count == 2, list[0] != list[1] else {
                throw JSONProblem(place: name, reason: "should be two different texts")
            }
            return (list[0], list[1])
        }
        if let texts = document.templates { templates = try texts.map(Template.init) }
        guard !templates.isEmpty else {
            throw JSONProblem(place: "templates", reason: "there is none")
        }
        fillers = try pair(document.fillers, "fillers") ?? fillers
        candidates = try pair(document.candidates, "candidates") ?? candidates
        words = document.words ?? []
        items = try (document.items ?? []).enumerated().map { index, item in
            let place = "items[\(index)]."
            let fillers =
                try pair(item.fillers, place + "fillers")
                ?? pair(document.fillers, "fillers").map { ($0.1, $0.0) } ?? ("she", "he")
            guard let candidates = try pair(item.candidates, place + "candidates") else {
                throw JSONProblem(place: place + "candidates", reason: "should be two texts")
            }
            return HeadItem(
                context: try Template(item.context), fillers: fillers, candidates: candidates,
                score: item.score)
        }
    }

    /// The file's keys.
    private struct Document: Decodable {
        struct Item: Decodable {
            let context: String
            let fillers: [String]?
            let candidates: [String]
            let score: Double?

            enum CodingKeys: String, CodingKey, CaseIterable {
                case context, fillers, candidates, score
            }

            init(from decoder: any Decoder) throws {
                try decoder.checkKeys(CodingKeys.allCases)
                let keys = try decoder.container(keyedBy: CodingKeys.self)
                context = try keys.decode(String.self, forKey: .context)
                fillers = try keys.decodeIfPresent([String].self, forKey: .fillers)
                candidates = try keys.decode([String].self, forKey: .candidates)
                score = try keys.decodeIfPresent(Double.self, forKey: .score)
            }
        }
        let templates: [String]?
        let fillers: [String]?
        let candidates: [String]?
        let words: [Profession]?
        let items: [Item]?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case templates, fillers, candidates, words, items
        }

        init(from decoder: any Decoder) throws {
            try decoder.checkKeys(CodingKeys.allCases)
            let keys = try decoder.container(keyedBy: CodingKeys.self)
            templates = try keys.decodeIfPresent([String].self, forKey: .templates)
            fillers = try keys.decodeIfPresent([String].self, forKey: .fillers)
            candidates = try keys.decodeIfPresent([String].self, forKey: .candidates)
            words = try keys.decodeIfPresent([Profession].self, forKey: .words)
            items = try keys.decodeIfPresent([Item].self, forKey: .items)
        }
    }
}

extension Decoder {
    /// Refuses keys that would be ignored: a misspelt one would silently leave a default in place.
    fileprivate func checkKeys(_ known: [some CodingKey]) throws {
        let names = known.map(\.stringValue)
        let present = try container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        guard let unknown = present.sorted().first(where: { !names.contains($0) }) else { return }
        throw DecodingError.dataCorrupted(
            DecodingError.Context(
                codingPath: codingPath + [AnyKey(unknown)],
                debugDescription: "there is no such key; keys are "
                    + names.joined(separator: ", ")))
    }
}

/// A key of any name.
private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}

/// One item of the heads' study: a context in two forms, and how it may go on.
public struct HeadItem: Sendable, Hashable {
    /// The context; in the published data sets its slot is at the end.
    public let context: Template
    /// What makes the input x, then the alternative x′: the female and the male pronoun.
    public let fillers: [String]
    /// The continuation that suits x, then the one that suits x′.
    public let candidates: [String]
    /// What is known of the item, for correlations with its effect; `nil` where nothing is.
    public let score: Double?

    /// Describes an item.
    public init(
        context: Template, fillers: (String, String), candidates: (String, String),
        score: Double? = nil
    ) {
        self.context = context
        self.fillers = [fillers.0, fillers.1]
        self.candidates = [candidates.0, candidates.1]
        self.score = score
    }

    /// The texts of x and x′.
    public var texts: [String] { fillers.map(context.filled) }
}

extension MediationStudy {
    /// The study of the embedded model: words of its language, whose true biases are known.
    ///
    /// A word's score is 1 − 2 p(she), so that negative means female, as in the professions study.
    /// An item's score is the true log of 1 + its total effect, in nats. The biases are invented
    /// and say nothing about the world.
    public static let organism: MediationStudy = {
        let words = Person.nouns.filter { !["man", "woman"].contains($0.word) }.map { person in
            let score = 1 - 2 * person.pShe
            return Profession(
                person.word, definitional: person.kind == .gendered ? score : 0,
                stereotypical: person.kind == .gendered ? 0 : score)
        }
        let templates = [" said that", " thought that", " was working because"].map {
            Template(before: "The ", after: $0)
        }
        // Each profession of one bias against one of the opposite bias.
        let professions = Person.nouns.filter { $0.kind == .profession }
        let female = professions.filter { $0.pShe > 0.5 }
        let male = professions.filter { $0.pShe < 0.5 }.sorted { $0.pShe > $1.pShe }
        let items = templates.flatMap { template in
            zip(female, male).map { female, male in
                HeadItem(
                    context: template, fillers: (female.word, male.word),
                    candidates: ("she", "he"), score: female.logOdds - male.logOdds)
            }
        }
        return MediationStudy(templates: templates, words: words, items: items)
    }()
}
