import FoundationEssentials

/// The parts of a `tokenizer.json` that decide how a text is split.
///
/// Its `truncation` and `padding` are not read: they are habits of a batch, not of the tokens.
struct TokenizerFile: Decodable {
    /// Tokens found in the text itself.
    let addedTokens: [AddedToken]?
    /// How the text is changed first; only none can be read.
    let normalizer: Component?
    /// How the text is split into words.
    let preTokenizer: Component?
    /// What is added to the tokens of a text; without effect on the tokens themselves.
    let postProcessor: Component?
    /// How tokens become text again.
    let decoder: Component?
    /// The algorithm that splits words, with its vocabulary.
    let model: Model

    private enum CodingKeys: String, CodingKey {
        case normalizer, decoder, model
        case addedTokens = "added_tokens"
        case preTokenizer = "pre_tokenizer"
        case postProcessor = "post_processor"
    }

    /// A step around the algorithm.
    struct Component: Decodable {
        let type: String
        let addsPrefixSpace: Bool?
        let usesPattern: Bool?
        /// The steps of a `Sequence` of pre-tokenizers.
        let steps: [Component]?

        private enum CodingKeys: String, CodingKey {
            case type
            case addsPrefixSpace = "add_prefix_space"
            case usesPattern = "use_regex"
            case steps = "pretokenizers"
        }
    }

    /// The algorithm and its tables.
    struct Model: Decodable {
        let type: String?
        let dropout: Double?
        let continuingSubwordPrefix: String?
        let endOfWordSuffix: String?
        let fallsBackToBytes: Bool?
        let ignoresMerges: Bool?
        let vocabulary: VocabularyEntries
        let merges: Merges

        /// Whether it is byte-pair encoding; files of 2019 do not name the type.
        var isBPE: Bool { type == nil || type == "BPE" }
    }

    /// The merges in one of the two spellings in use.
    enum Merges: Decodable {
        case joined([String])
        case pairs([[String]])
    }
}

extension TokenizerFile.Model {
    private enum CodingKeys: String, CodingKey {
        case type, dropout, merges
        case continuingSubwordPrefix = "continuing_subword_prefix"
        case endOfWordSuffix = "end_of_word_suffix"
        case fallsBackToBytes = "byte_fallback"
        case ignoresMerges = "ignore_merges"
        case vocabulary = "vocab"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        type = try values.decodeIfPresent(String.self, forKey: .type)
        dropout = try values.decodeIfPresent(Double.self, forKey: .dropout)
        continuingSubwordPrefix = try values.decodeIfPresent(
            String.self, forKey: .continuingSubwordPrefix)
        endOfWordSuffix = try values.decodeIfPresent(String.self, forKey: .endOfWordSuffix)
        fallsBackToBytes = try values.decodeIfPresent(Bool.self, forKey: .fallsBackToBytes)
        ignoresMerges = try values.decodeIfPresent(Bool.self, forKey: .ignoresMerges)
        // Other models have tables of other forms; they are refused by name, not by form.
        let isOther = type != nil && type != "BPE"
        vocabulary =
            isOther
            ? VocabularyEntries()
            : try values.decode(VocabularyEntries.self, forKey: .vocabulary)
        merges =
            isOther ? .joined([]) : try values.decode(TokenizerFile.Merges.self, forKey: .merges)
    }
}

extension TokenizerFile.Merges {
    init(from decoder: any Decoder) throws {
        var elements = try decoder.unkeyedContainer()
        let isPairs = (try? elements.nestedUnkeyedContainer()) != nil
        let list = try decoder.singleValueContainer()
        self =
            isPairs
            ? .pairs(try list.decode([[String]].self)) : .joined(try list.decode([String].self))
    }
}

/// The entries of a vocabulary and their ids, in no order.
///
/// Not a dictionary, because making one of 50,000 strings takes as long as reading the file. An
/// entry written twice has its first id.
struct VocabularyEntries: Decodable {
    /// Each entry with its id.
    var list: [(token: String, id: Int)] = []

    private struct Entry: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension VocabularyEntries {
    init(from decoder: any Decoder) throws {
        let entries = try decoder.container(keyedBy: Entry.self)
        list = try entries.allKeys.map {
            ($0.stringValue, try entries.decode(Int.self, forKey: $0))
        }
    }
}
