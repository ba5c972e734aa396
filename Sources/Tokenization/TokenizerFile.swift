import FoundationEssentials

/// The parts of a `tokenizer.json` that decide how a text is split.
///
/// Its `truncation` and `padding` are not read: they are habits of a batch, not of the tokens.
struct TokenizerFile: Decodable {
    /// Tokens found in the text itself.
    let addedTokens: [AddedToken]?
    /// How the text is changed first: not, or as BERT does.
    let normalizer: Component?
    /// How the text is split into words.
    let preTokenizer: Component?
    /// What is put around the tokens of a text; without effect on the tokens themselves.
    let postProcessor: PostProcessor?
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
        let cleansText: Bool?
        let isolatesChinese: Bool?
        let stripsAccents: Bool?
        let lowercases: Bool?
        let prefix: String?
        let tidies: Bool?

        private enum CodingKeys: String, CodingKey {
            case type, prefix
            case cleansText = "clean_text"
            case isolatesChinese = "handle_chinese_chars"
            case stripsAccents = "strip_accents"
            case lowercases = "lowercase"
            case tidies = "cleanup"
            case addsPrefixSpace = "add_prefix_space"
            case usesPattern = "use_regex"
            case steps = "pretokenizers"
        }
    }

    /// The special tokens around a text, in one of several forms.
    struct PostProcessor: Decodable {
        let type: String
        /// A template of a single text.
        let single: [Piece]?
        /// The tokens of a template by their names.
        let specials: [String: Special]?
        let cls: Named?
        let sep: Named?
        /// The steps of a `Sequence`.
        let steps: [PostProcessor]?

        private enum CodingKeys: String, CodingKey {
            case type, single, cls, sep
            case specials = "special_tokens"
            case steps = "processors"
        }

        /// A token's ids.
        struct Special: Decodable { let ids: [Int] }

        /// A token or the text itself.
        struct Piece: Decodable {
            /// The token's name; `nil` for the text.
            let special: String?

            private enum CodingKeys: String, CodingKey { case token = "SpecialToken" }
            private struct Token: Decodable { let id: String }

            init(from decoder: any Decoder) throws {
                special = try decoder.container(keyedBy: CodingKeys.self)
                    .decodeIfPresent(Token.self, forKey: .token)?.id
            }
        }

        /// A token as its content and id in a list.
        struct Named: Decodable {
            let id: Int

            init(from decoder: any Decoder) throws {
                var list = try decoder.unkeyedContainer()
                _ = try list.decode(String.self)
                id = try list.decode(Int.self)
            }
        }
    }

    /// The algorithm and its tables.
    struct Model: Decodable {
        let type: String
        let dropout: Double?
        let continuingSubwordPrefix: String?
        let endOfWordSuffix: String?
        let fallsBackToBytes: Bool?
        let ignoresMerges: Bool?
        let unknown: String?
        let longestWord: Int?
        let vocabulary: VocabularyEntries
        let merges: Merges
    }

    /// The merges in one of the two spellings in use.
    enum Merges: Decodable {
        case joined([String])
        case pairs([[String]])
    }
}

extension TokenizerFile.Model {
    private enum CodingKeys: String, CodingKey {
        case dropout, merges
        case namedType = "type"
        case unknown = "unk_token"
        case longestWord = "max_input_chars_per_word"
        case continuingSubwordPrefix = "continuing_subword_prefix"
        case endOfWordSuffix = "end_of_word_suffix"
        case fallsBackToBytes = "byte_fallback"
        case ignoresMerges = "ignore_merges"
        case vocabulary = "vocab"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        // Files of 2019 do not name the type.
        type =
            try values.decodeIfPresent(String.self, forKey: .namedType)
            ?? (values.contains(.longestWord) && !values.contains(.merges) ? "WordPiece" : "BPE")
        unknown = try values.decodeIfPresent(String.self, forKey: .unknown)
        longestWord = try values.decodeIfPresent(Int.self, forKey: .longestWord)
        dropout = try values.decodeIfPresent(Double.self, forKey: .dropout)
        continuingSubwordPrefix = try values.decodeIfPresent(
            String.self, forKey: .continuingSubwordPrefix)
        endOfWordSuffix = try values.decodeIfPresent(String.self, forKey: .endOfWordSuffix)
        fallsBackToBytes = try values.decodeIfPresent(Bool.self, forKey: .fallsBackToBytes)
        ignoresMerges = try values.decodeIfPresent(Bool.self, forKey: .ignoresMerges)
        // Other models have tables of other forms; they are refused by name, not by form.
        vocabulary =
            ["BPE", "WordPiece", "WordLevel"].contains(type)
            ? try values.decode(VocabularyEntries.self, forKey: .vocabulary)
            : VocabularyEntries()
        merges =
            type == "BPE"
            ? try values.decode(TokenizerFile.Merges.self, forKey: .merges) : .joined([])
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
