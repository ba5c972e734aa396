/// A token that is found in the text itself, before the text is split into words.
struct AddedToken: Sendable, Decodable {
    /// The token's number.
    var id: Int
    /// The text it stands for.
    var content: String
    /// Whether it is left out of decoded text on request.
    var isSpecial = false
    /// Whether it takes the white space before it.
    var stripsLeft = false
    /// Whether it takes the white space after it.
    var stripsRight = false
    /// Whether letters and digits must not touch it.
    var isSingleWord = false
    /// Whether it is looked for after normalisation, and so after the tokens that are not.
    var isNormalized = false

    /// Creates a special token.
    init(special content: String, id: Int) {
        self.id = id
        self.content = content
        isSpecial = true
    }

    private enum CodingKeys: String, CodingKey {
        case id, content, special, lstrip, rstrip, normalized
        case singleWord = "single_word"
    }

    /// Reads a token of the list `added_tokens`.
    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        id = try values.decode(Int.self, forKey: .id)
        content = try values.decode(String.self, forKey: .content)
        isSpecial = try values.decodeIfPresent(Bool.self, forKey: .special) ?? false
        stripsLeft = try values.decodeIfPresent(Bool.self, forKey: .lstrip) ?? false
        stripsRight = try values.decodeIfPresent(Bool.self, forKey: .rstrip) ?? false
        isSingleWord = try values.decodeIfPresent(Bool.self, forKey: .singleWord) ?? false
        isNormalized = try values.decodeIfPresent(Bool.self, forKey: .normalized) ?? !isSpecial
    }
}
