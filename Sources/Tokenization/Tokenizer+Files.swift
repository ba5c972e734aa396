extension Tokenizer {
    /// Reads a `tokenizer.json`, the one file of a Hugging Face tokenizer.
    ///
    /// What the file asks for and this module cannot do is refused, so that the tokens are either
    /// right or not there.
    ///
    /// - Parameters:
    ///   - tokenizerJSON: The contents of the file.
    ///   - source: The file's name, for error messages.
    /// - Throws: ``TokenizerError``.
    public init(tokenizerJSON: [UInt8], source: String) throws {
        let file = try decodeJSON(TokenizerFile.self, from: tokenizerJSON, source: source)
        let model = try file.algorithm(source: source)
        let added = file.addedTokens ?? []
        var vocabulary = model.vocabulary
        for (index, token) in added.enumerated() {
            try vocabulary.add(token, source: source, place: "added_tokens[\(index)]")
        }
        self.init(
            vocabulary: vocabulary, added: added, algorithm: model.algorithm,
            around: try file.postProcessor?.specialTokens(source: source) ?? SpecialTokens())
    }

    /// Reads a `vocab.json` and a `merges.txt`, the two files of a GPT-2 or RoBERTa tokenizer.
    ///
    /// They do not say which tokens are special: `<|endoftext|>` is, if the vocabulary has it, and
    /// where it has `<s>`, `</s>` and `<mask>`, these and their like are, as in RoBERTa.
    ///
    /// - Parameters:
    ///   - vocabularyJSON: The contents of `vocab.json`.
    ///   - merges: The contents of `merges.txt`.
    ///   - sources: The files' names, for error messages.
    /// - Throws: ``TokenizerError``.
    public init(
        vocabularyJSON: [UInt8], merges: [UInt8], sources: (vocabulary: String, merges: String)
    ) throws {
        let (source, place) = (sources.vocabulary, "top level")
        let entries = try decodeJSON(VocabularyEntries.self, from: vocabularyJSON, source: source)
        let vocabulary = try Vocabulary(entries, source: source, place: place)
        var rules = try MergeRules(vocabulary: vocabulary, source: source, place: place)
        let list = try MergeList(text: merges, source: sources.merges)
        if list.count == 0 {
            throw TokenizerError.malformed(
                source: sources.merges, place: "line 1",
                reason: "there are no merges; every text would be split into bytes")
        }
        try rules.add(list, vocabulary: vocabulary)
        var added = vocabulary.special([Self.endOfText])
        var around = SpecialTokens()
        let ofRoBERTa = vocabulary.special(SpecialTokens.ofRoBERTa)
        if let start = ofRoBERTa.first(where: { $0.content == "<s>" }),
            let end = ofRoBERTa.first(where: { $0.content == "</s>" }),
            ofRoBERTa.contains(where: { $0.content == "<mask>" })
        {
            added += ofRoBERTa.map { token in
                var token = token
                token.stripsLeft = token.content == "<mask>"
                return token
            }
            around = SpecialTokens(before: [start.id], after: [end.id])
        }
        self.init(
            vocabulary: vocabulary, added: added,
            algorithm: .byteLevelBPE(ByteLevelBPE(rules: rules)), around: around)
    }

    init(
        vocabulary: Vocabulary, added: [AddedToken], algorithm: Algorithm, around: SpecialTokens
    ) {
        self.vocabulary = vocabulary
        if case .wordPiece(let model) = algorithm, let normalizer = model.normalizer {
            addedTokens = AddedTokenFinder(added) { normalizer($0) }
        } else {
            addedTokens = AddedTokenFinder(added)
        }
        specialTokens = Set(added.filter(\.isSpecial).map(\.id))
        (self.algorithm, self.around) = (algorithm, around)
    }
}

extension Vocabulary {
    /// Those of some entries that it has, as special tokens.
    func special(_ contents: [String]) -> [AddedToken] {
        contents.compactMap { content in
            id(of: Array(content.utf8)[...]).map { AddedToken(special: content, id: $0) }
        }
    }
}

extension TokenizerFile {
    /// The algorithm with its vocabulary, after everything that would change the tokens otherwise
    /// is refused.
    func algorithm(
        source: String
    ) throws -> (vocabulary: Vocabulary, algorithm: Tokenizer.Algorithm) {
        try refuse("the model \(model.type)", in: source, if: !Self.models.contains(model.type))
        if let postProcessor {
            try refuse(
                "the post-processor \(postProcessor.type)", in: source,
                if: !Self.postProcessors.contains(postProcessor.type))
        }
        let place = "model.vocab"
        let vocabulary = try Vocabulary(model.vocabulary, source: source, place: place)
        guard model.type == "BPE" else {
            return (vocabulary, .wordPiece(try wordPiece(vocabulary, source: source)))
        }
        let byteLevel = try byteLevel(source: source)
        var rules = try MergeRules(vocabulary: vocabulary, source: source, place: place)
        try rules.add(MergeList(model.merges, source: source), vocabulary: vocabulary)
        let algorithm = ByteLevelBPE(
            rules: rules, addsPrefixSpace: byteLevel.addsPrefixSpace ?? false,
            splitsWords: byteLevel.usesPattern ?? true,
            wholeWords: model.ignoresMerges == true ? vocabulary : nil)
        return (vocabulary, .byteLevelBPE(algorithm))
    }

    /// The byte-level step.
    private func byteLevel(source: String) throws -> Component {
        try refuse(
            "the normalizer \(normalizer?.type ?? "")", in: source, if: normalizer != nil)
        try refuse("dropout of merges (model.dropout)", in: source, if: (model.dropout ?? 0) != 0)
        try refuse("model.byte_fallback", in: source, if: model.fallsBackToBytes == true)
        try refuse(
            "model.continuing_subword_prefix", in: source,
            if: !(model.continuingSubwordPrefix ?? "").isEmpty)
        try refuse(
            "model.end_of_word_suffix", in: source, if: !(model.endOfWordSuffix ?? "").isEmpty)
        if let decoder {
            try refuse("the decoder \(decoder.type)", in: source, if: decoder.type != "ByteLevel")
        }
        let step = try onlyPreTokenizer(source: source)
        try refuse("the pre-tokenizer \(step.type)", in: source, if: step.type != "ByteLevel")
        guard step.addsPrefixSpace != nil else {
            throw TokenizerError.malformed(
                source: source, place: "pre_tokenizer", reason: "there is no \"add_prefix_space\"")
        }
        return step
    }

    func refuse(_ feature: String, in source: String, if isAsked: Bool) throws {
        if isAsked { throw TokenizerError.unsupported(source: source, feature: feature) }
    }

    private static let models: Set = ["BPE", "WordPiece", "WordLevel"]

    /// Post-processors that only add special tokens around a text or set offsets.
    private static let postProcessors: Set = [
        "ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing", "Sequence",
    ]

    /// The one step that splits a text into words.
    func onlyPreTokenizer(source: String) throws -> Component {
        guard let preTokenizer else {
            throw TokenizerError.unsupported(source: source, feature: "no pre-tokenizer")
        }
        let steps = preTokenizer.type == "Sequence" ? preTokenizer.steps ?? [] : [preTokenizer]
        let known = ["ByteLevel", "BertPreTokenizer", "WhitespaceSplit"]
        if let other = steps.first(where: { !known.contains($0.type) }) {
            throw TokenizerError.unsupported(
                source: source, feature: "the pre-tokenizer \(other.type)")
        }
        guard steps.count == 1, let step = steps.first else {
            throw TokenizerError.unsupported(
                source: source, feature: "\(steps.count) pre-tokenizers in a sequence")
        }
        return step
    }
}
