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
        let byteLevel = try file.byteLevel(source: source)
        let place = "model.vocab"
        let model = try Vocabulary(file.model.vocabulary, source: source, place: place)
        var rules = try MergeRules(vocabulary: model, source: source, place: place)
        try rules.add(MergeList(file.model.merges, source: source), vocabulary: model)

        let added = file.addedTokens ?? []
        var vocabulary = model
        for (index, token) in added.enumerated() {
            try vocabulary.add(token, source: source, place: "added_tokens[\(index)]")
        }
        self.init(
            vocabulary: vocabulary, added: added,
            algorithm: .byteLevelBPE(
                ByteLevelBPE(
                    rules: rules, addsPrefixSpace: byteLevel.addsPrefixSpace ?? false,
                    splitsWords: byteLevel.usesPattern ?? true,
                    wholeWords: file.model.ignoresMerges == true ? model : nil)))
    }

    /// Reads a `vocab.json` and a `merges.txt`, the two files of a GPT-2 tokenizer.
    ///
    /// They do not say which tokens are special: `<|endoftext|>` is, if the vocabulary has it.
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
        let endOfText = vocabulary.id(of: Array(Self.endOfText.utf8)[...])
        self.init(
            vocabulary: vocabulary,
            added: endOfText.map { [AddedToken(special: Self.endOfText, id: $0)] } ?? [],
            algorithm: .byteLevelBPE(ByteLevelBPE(rules: rules)))
    }

    private init(vocabulary: Vocabulary, added: [AddedToken], algorithm: Algorithm) {
        self.vocabulary = vocabulary
        addedTokens = AddedTokenFinder(added)
        specialTokens = Set(added.filter(\.isSpecial).map(\.id))
        self.algorithm = algorithm
    }
}

extension TokenizerFile {
    /// The byte-level step, after everything that would change the tokens otherwise is refused.
    func byteLevel(source: String) throws -> Component {
        func refuse(_ feature: String, if isAsked: Bool) throws {
            if isAsked { throw TokenizerError.unsupported(source: source, feature: feature) }
        }
        try refuse("the model \(model.type ?? "without a type")", if: !model.isBPE)
        try refuse("the normalizer \(normalizer?.type ?? "")", if: normalizer != nil)
        try refuse("dropout of merges (model.dropout)", if: (model.dropout ?? 0) != 0)
        try refuse("model.byte_fallback", if: model.fallsBackToBytes == true)
        try refuse(
            "model.continuing_subword_prefix", if: !(model.continuingSubwordPrefix ?? "").isEmpty)
        try refuse("model.end_of_word_suffix", if: !(model.endOfWordSuffix ?? "").isEmpty)
        if let decoder {
            try refuse("the decoder \(decoder.type)", if: decoder.type != "ByteLevel")
        }
        if let postProcessor {
            try refuse(
                "the post-processor \(postProcessor.type)",
                if: !Self.harmlessPostProcessors.contains(postProcessor.type))
        }
        return try byteLevelStep(source: source)
    }

    /// Post-processors that only add special tokens around a text or set offsets.
    private static let harmlessPostProcessors: Set = [
        "ByteLevel", "TemplateProcessing", "RobertaProcessing", "BertProcessing", "Sequence",
    ]

    private func byteLevelStep(source: String) throws -> Component {
        guard let preTokenizer else {
            throw TokenizerError.unsupported(source: source, feature: "no pre-tokenizer")
        }
        let steps = preTokenizer.type == "Sequence" ? preTokenizer.steps ?? [] : [preTokenizer]
        if let other = steps.first(where: { $0.type != "ByteLevel" }) {
            throw TokenizerError.unsupported(
                source: source, feature: "the pre-tokenizer \(other.type)")
        }
        guard steps.count == 1, let step = steps.first else {
            throw TokenizerError.unsupported(
                source: source, feature: "\(steps.count) pre-tokenizers in a sequence")
        }
        guard step.addsPrefixSpace != nil else {
            throw TokenizerError.malformed(
                source: source, place: "pre_tokenizer", reason: "there is no \"add_prefix_space\"")
        }
        return step
    }
}
