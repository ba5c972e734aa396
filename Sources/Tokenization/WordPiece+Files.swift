extension Tokenizer {
    /// Reads a `vocab.txt`, BERT's vocabulary: an entry a line, whose number from 0 on is its id.
    ///
    /// The file does not say how texts are changed first; `do_lower_case`, `strip_accents` and
    /// `tokenize_chinese_chars` in `tokenizer_config.json` do. `[CLS]`, `[SEP]`, `[MASK]`, `[PAD]`
    /// and `[UNK]` are special if the vocabulary has them; the last it must have.
    ///
    /// - Parameters:
    ///   - vocabularyText: The contents of `vocab.txt`.
    ///   - settings: The contents of `tokenizer_config.json`; without it letters become small, as
    ///     in `transformers`.
    ///   - sources: The files' names, for error messages.
    /// - Throws: ``TokenizerError``.
    public init(
        vocabularyText: [UInt8], settings: [UInt8]? = nil,
        sources: (vocabulary: String, settings: String)
    ) throws {
        let vocabulary = try Vocabulary(lines: vocabularyText, source: sources.vocabulary)
        let settings = try settings.map {
            try decodeJSON(BERTSettings.self, from: $0, source: sources.settings)
        }
        let special = vocabulary.special(SpecialTokens.ofBERT)
        func id(_ content: String) -> Int? { special.first { $0.content == content }?.id }
        guard let unknown = id("[UNK]") else {
            throw TokenizerError.malformed(
                source: sources.vocabulary, place: "\(vocabulary.size) lines",
                reason: "there is no [UNK]; a BERT vocabulary has one entry on each line")
        }
        let lowercases = settings?.do_lower_case ?? true
        let algorithm = WordPiece(
            vocabulary: vocabulary, unknown: unknown, prefix: Array("##".utf8),
            normalizer: BERTNormalizer(
                isolatesChinese: settings?.tokenize_chinese_chars ?? true,
                stripsAccents: settings?.strip_accents ?? lowercases, lowercases: lowercases),
            isolatesPunctuation: true)
        var around = SpecialTokens()
        if let start = id("[CLS]"), let end = id("[SEP]") {
            around = SpecialTokens(before: [start], after: [end])
        }
        self.init(
            vocabulary: vocabulary, added: special, algorithm: .wordPiece(algorithm),
            around: around)
    }
}

/// What `tokenizer_config.json` says about a `vocab.txt`.
private struct BERTSettings: Decodable {
    let do_lower_case: Bool?
    let strip_accents: Bool?
    let tokenize_chinese_chars: Bool?
}

extension Vocabulary {
    /// Takes the lines of a file; an empty one has a number but no entry.
    fileprivate init(lines text: [UInt8], source: String) throws {
        var entries = VocabularyEntries()
        var known = ByteStringTable()
        var lines: [Int] = []
        let rows = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, row) in rows.enumerated() {
            let row = row.last == UInt8(ascii: "\r") ? row.dropLast() : row
            if row.isEmpty { continue }
            guard let entry = String(validating: row, as: UTF8.self) else {
                throw TokenizerError.malformed(
                    source: source, place: "line \(index + 1)", reason: "it is not UTF-8 text")
            }
            if let number = known.number(of: row) {
                throw TokenizerError.malformed(
                    source: source, place: "line \(index + 1)",
                    reason: "\(entry.debugDescription) stands on line \(lines[number] + 1) already")
            }
            known.add(row)
            lines.append(index)
            entries.list.append((entry, index))
        }
        guard !entries.list.isEmpty else {
            throw TokenizerError.unreadable(source: source, reason: "it is empty")
        }
        try self.init(entries, source: source, place: "its lines")
    }
}

extension TokenizerFile {
    /// WordPiece, or whole words, after everything that would change the tokens otherwise is
    /// refused.
    func wordPiece(_ vocabulary: Vocabulary, source: String) throws -> WordPiece {
        let step = try onlyPreTokenizer(source: source)
        try refuse("the pre-tokenizer \(step.type)", in: source, if: step.type == "ByteLevel")
        if let normalizer {
            try refuse(
                "the normalizer \(normalizer.type)", in: source,
                if: normalizer.type != "BertNormalizer")
        }
        if let decoder {
            try refuse("the decoder \(decoder.type)", in: source, if: decoder.type != "WordPiece")
        }
        guard let name = model.unknown, let unknown = vocabulary.id(of: Array(name.utf8)[...])
        else {
            throw TokenizerError.malformed(
                source: source, place: "model.unk_token",
                reason: "the vocabulary has no entry \((model.unknown ?? "").debugDescription)")
        }
        let splitsWords = model.type == "WordPiece"
        let prefix = model.continuingSubwordPrefix ?? "##"
        try refuse(
            "another prefix of pieces in its decoder than in its model", in: source,
            if: splitsWords && decoder.map { $0.prefix ?? "##" } ?? prefix != prefix)
        let lowercases = normalizer?.lowercases ?? true
        var algorithm = WordPiece(
            vocabulary: vocabulary, unknown: unknown,
            prefix: splitsWords ? Array(prefix.utf8) : nil,
            normalizer: normalizer.map { normalizer in
                BERTNormalizer(
                    cleansText: normalizer.cleansText ?? true,
                    isolatesChinese: normalizer.isolatesChinese ?? true,
                    stripsAccents: normalizer.stripsAccents ?? lowercases, lowercases: lowercases)
            },
            isolatesPunctuation: step.type == "BertPreTokenizer")
        algorithm.longestWord = model.longestWord ?? 100
        algorithm.tidiesDecoding = decoder.map { $0.tidies ?? true } ?? false
        return algorithm
    }
}
