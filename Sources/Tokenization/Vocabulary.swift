import Tensors

/// The entries of a tokenizer and their ids, each way.
struct Vocabulary: Sendable {
    /// The entry of each id as the file spells it; `nil` where no token has the id.
    private(set) var entries: [String?] = []
    private var table: ByteStringTable
    /// The id of each string of the table.
    private var ids: [Int] = []

    /// Takes the entries of a file.
    ///
    /// - Parameters:
    ///   - numbers: The entries and their ids.
    ///   - source: The file's name, for error messages.
    ///   - place: Where in the file the entries are, for error messages.
    init(_ numbers: VocabularyEntries, source: String, place: String) throws {
        let list = numbers.list.sorted { $0.id < $1.id }
        table = ByteStringTable(capacity: list.count)
        ids.reserveCapacity(list.count)
        for entry in [list.first, list.last].compactMap(\.self) {
            try Self.check(entry.id, of: entry.token, among: list.count, source, place)
        }
        entries = [String?](repeating: nil, count: (list.last?.id ?? -1) + 1)
        for (token, id) in list { try add(token, id: id, source: source, place: place) }
    }

    /// Refuses ids that cannot be meant.
    ///
    /// Gaps are allowed, but a stray number must not cost gigabytes.
    private static func check(
        _ id: Int, of token: String, among count: Int, _ source: String, _ place: String
    ) throws {
        if id >= 0, id < 2 * count + 65_536 { return }
        throw TokenizerError.malformed(
            source: source, place: place,
            reason: "the id \(id) of \(quoted(token)) is "
                + (id < 0 ? "negative" : "far too large for \(count) entries"))
    }

    /// One more than the highest id.
    var size: Int { entries.count }

    /// The id of an entry given as UTF-8.
    func id(of token: ArraySlice<UInt8>) -> Int? {
        table.number(of: token).map { ids[$0] }
    }

    /// The entry of an id, or `nil` for an id that no token has.
    func entry(of id: Int) -> String? {
        entries.indices.contains(id) ? entries[id] : nil
    }

    /// Adds a token from outside the model's own vocabulary, or checks that both agree on its id.
    mutating func add(_ token: AddedToken, source: String, place: String) throws {
        if token.content.isEmpty {
            throw TokenizerError.malformed(
                source: source, place: place, reason: "the added token \(token.id) is empty")
        }
        if let known = self.id(of: Array(token.content.utf8)[...]) {
            if known == token.id { return }
            throw TokenizerError.malformed(
                source: source, place: place,
                reason: "\(quoted(token.content)) has the id \(token.id) here, "
                    + "but \(known) in the vocabulary")
        }
        try Self.check(token.id, of: token.content, among: ids.count, source, place)
        if token.id >= size {
            entries += [String?](repeating: nil, count: token.id + 1 - size)
        }
        try add(token.content, id: token.id, source: source, place: place)
    }

    /// Adds a new entry at an id below `size`.
    private mutating func add(_ token: String, id: Int, source: String, place: String) throws {
        if let other = entries[id] {
            let both = [other, token].sorted().map { quoted($0) }
            throw TokenizerError.malformed(
                source: source, place: place,
                reason: "\(both[0]) and \(both[1]) have the same id, \(id)")
        }
        entries[id] = token
        table.add(Array(token.utf8)[...])
        ids.append(id)
    }
}
