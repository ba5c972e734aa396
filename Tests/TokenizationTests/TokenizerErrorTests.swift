import Testing
import Tokenization

/// Every way a file can be wrong: one error that names the file and the place, never a trap.
@Suite struct TokenizerErrorTests {
    /// A change to a valid `tokenizer.json`, and what its error must say besides the file's name.
    struct Change: Sendable, CustomTestStringConvertible {
        let old: String
        let new: String
        let says: String

        init(_ old: String, _ new: String, says: String) {
            (self.old, self.new, self.says) = (old, new, says)
        }

        var testDescription: String { new }
    }

    private static let unsupported = [
        Change(#""normalizer":null"#, #""normalizer":{"type":"NFC"}"#, says: "the normalizer NFC"),
        Change(#""byte_fallback":false"#, #""byte_fallback":true"#, says: "byte_fallback"),
        Change(#""dropout":null"#, #""dropout":0.1"#, says: "dropout"),
        Change(#""type":"BPE""#, #""type":"Unigram""#, says: "the model Unigram"),
        Change(#""type":"BPE""#, #""type":"WordPiece""#, says: "the pre-tokenizer ByteLevel"),
        Change(#"subword_prefix":"""#, ###"subword_prefix":"##""###, says: "subword_prefix"),
        Change(#"word_suffix":"""#, #"word_suffix":"</w>""#, says: "end_of_word_suffix"),
        Change(#"r":{"type":"ByteLevel","#, #"r":{"type":"Whitespace","#, says: "Whitespace"),
        Change(#""decoder":{"type":"By"#, #""decoder":{"type":"NotBy"#, says: "decoder NotBy"),
        Change(#""post_processor":null"#, #""post_processor":{"type":"X"}"#, says: "processor X"),
        Change(#""pre_tokenizer":"#, #""pre_tokenizer":null,"x":"#, says: "no pre-tokenizer"),
        Change(
            #""pre_tokenizer":"#, #""pre_tokenizer":{"type":"Sequence","pretokenizers":[]},"x":"#,
            says: "0 pre-tokenizers"),
        Change(
            #""pre_tokenizer":"#,
            #""pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits"}]},"x":"#,
            says: "the pre-tokenizer Digits"),
    ]

    private static let malformed = [
        Change(#""add_prefix_space":false,"#, "", says: "pre_tokenizer: there is no"),
        Change(#""add_prefix_space":false,"#, #""add_prefix_space":3,"#, says: "true or false"),
        Change(#""Ġt":257"#, #""Ġt":-1"#, says: #"model.vocab: the id -1 of "Ġt" is negative"#),
        Change(#""Ġt":257"#, #""Ġt":256"#, says: #""he" and "Ġt" have the same id, 256"#),
        Change(#""Ġt":257"#, #""Ġt":1099511627776"#, says: "far too large for 260 entries"),
        Change(#""Ġt":257"#, #""Ġt":"257""#, says: "model.vocab.Ġt: should be a whole number"),
        Change(#""Ġt":257"#, #""Ġt":null"#, says: "model.vocab.Ġt: should be a whole number"),
        Change(#""Ġt":257"#, #""Ġt":[257]"#, says: "model.vocab.Ġt: should be a whole number"),
        Change(#""Ġt":257"#, #""Ġt":257.5"#, says: "not whole"),
        Change(#""Ġt":257"#, #""Ġt":1e400"#, says: "cannot be read"),
        Change(#""a":64,"#, "", says: #"no entry "a" for the byte 97"#),
        Change(#""Ġ t""#, #""Ġ tt""#, says: #"model.merges[1]: the vocabulary has no entry "tt""#),
        Change(#""Ġ t""#, #""t Ġ""#, says: #"model.merges[1]: the vocabulary has no entry "tĠ""#),
        Change(#""Ġ t""#, #""Ġt""#, says: "model.merges[1]: a merge should be two parts"),
        Change(#""Ġ t""#, #""Ġ  t""#, says: "one space between"),
        Change(#""Ġ t""#, #"" t""#, says: "model.merges[1]: a merge should be two parts"),
        Change(#""Ġ t""#, "7", says: "model.merges[1]: should be a string"),
        Change(#""merges":["#, #""merges":{},"x":["#, says: "model.merges: should be a list"),
        Change(#""merges":["#, #""x":["#, says: #"model: there is no "merges""#),
        Change(#"["h e","#, #"[["h"],"#, says: "model.merges[1]"),
        Change(#"["h e","Ġ t","Ġt he"]"#, #"[["h","e"],["Ġ"]]"#, says: "has 1 parts, not two"),
        Change(#""vocab":{"#, #""vocab":[],"x":{"#, says: "model.vocab: should be an object"),
        Change(#""vocab":{"#, #""vocab":{},"x":{"#, says: "for the byte 0"),
        Change(#""model":{"#, #""model":null,"x":{"#, says: "model: should be an object"),
        Change(#""model":{"#, #""x":{"#, says: #"top level: there is no "model""#),
        Change(
            #""id":259"#, #""id":258"#, says: "added_tokens[0]: \"<|endoftext|>\" has the id 258"),
        Change(#""id":259"#, #""id":"a""#, says: "added_tokens[0].id: should be a whole number"),
        Change(#""id":259"#, #""x":259"#, says: #"added_tokens[0]: there is no "id""#),
        Change(
            #""id":259,"content":"<|endoftext|>""#, #""id":3,"content":"[X]""#,
            says: "have the same id, 3"),
        Change(
            #""id":259,"content":"<|endoftext|>""#, #""id":1099511627776,"content":"[X]""#,
            says: "far too large"),
        Change(
            #""id":259,"content":"<|endoftext|>""#, #""id":-5,"content":"[X]""#, says: "negative"),
        Change(
            #""id":259,"content":"<|endoftext|>""#, #""id":260,"content":"""#, says: "is empty"),
        Change(#"{"version""#, "", says: "not valid JSON"),
        Change(#""version":"1.0""#, #""version":"1.0"#, says: "not valid JSON"),
    ]

    @Test(arguments: unsupported)
    func whatCannotBeDoneIsRefused(_ change: Change) throws {
        let error = try expectError(after: change)
        #expect(error?.description.hasPrefix("tokenizer.json asks for ") == true)
    }

    @Test(arguments: malformed)
    func whatIsWrongIsNamed(_ change: Change) throws {
        try expectError(after: change)
    }

    @Test func pairsAndOldFilesAreRead() throws {
        for change in [
            Change(#"["h e","Ġ t","Ġt he"]"#, #"[["h","e"],["Ġ","t"],["Ġt","he"]]"#, says: ""),
            Change(#""type":"BPE","#, "", says: ""),
            Change(#","use_regex":true"#, "", says: ""),
            Change(#""post_processor":null"#, #""post_processor":{"type":"ByteLevel"}"#, says: ""),
            Change(
                #""pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"#,
                #""pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"ByteLevel","#
                    + #""add_prefix_space":false}],"#, says: ""),
        ] {
            let json = try changed(change)
            let tokenizer = try Tokenizer(tokenizerJSON: json, source: "tokenizer.json")
            #expect(tokenizer.encode(" the he") == [258, 220, 256])
        }
    }

    /// Contents of `merges.txt`, and what the error must say.
    @Test(arguments: [
        ("", "merges.txt, line 1: there are no merges"),
        ("#version: 0.2\n", "merges.txt, line 1: there are no merges"),
        ("#version: 0.2\nh e\nhe\n", "merges.txt, line 3: a merge should be two parts"),
        ("h e\nh e x\n", "merges.txt, line 2: a merge should be two parts"),
        ("h e\n e\n", "merges.txt, line 2: a merge should be two parts"),
        ("h e\n\nh q\n", "merges.txt, line 3: the vocabulary has no entry \"hq\""),
        ("zz e\n", "merges.txt, line 1: the vocabulary has no entry \"zz\""),
    ])
    func mergesAreChecked(_ text: String, _ says: String) {
        expectMergesError(Array(text.utf8), says)
    }

    @Test func mergesThatAreNotUTF8AreRefused() {
        expectMergesError(
            Array("h e\n".utf8) + [0xff, 0x20, 0xfe, 0x0a], "merges.txt, line 2: the vocabulary")
        expectMergesError([0, 0, 0], "merges.txt, line 1: a merge should be")
    }

    @Test(arguments: ["", "{", "[]", "null", "3", "\"a\"", "{\"a\"", "\u{0}", "{}"])
    func otherJSONIsRefused(_ text: String) {
        let json = #expect(throws: TokenizerError.self) {
            try Tokenizer(tokenizerJSON: Array(text.utf8), source: "tokenizer.json")
        }
        #expect(json?.description.contains("tokenizer.json") == true)
        let vocabulary = #expect(throws: TokenizerError.self) {
            try Tokenizer(
                vocabularyJSON: Array(text.utf8), merges: Array(SmallTokenizer.mergesText.utf8),
                sources: ("vocab.json", "merges.txt"))
        }
        #expect(vocabulary?.description.contains("vocab.json") == true)
    }

    @Test func deepJSONIsRefused() {
        #expect(throws: TokenizerError.self) {
            let text = String(repeating: "[", count: 1_000_000)
            _ = try Tokenizer(tokenizerJSON: Array(text.utf8), source: "tokenizer.json")
        }
    }

    private func expectMergesError(_ merges: [UInt8], _ says: String) {
        let error = #expect(throws: TokenizerError.self) {
            try Tokenizer(
                vocabularyJSON: Array(SmallTokenizer.vocabularyJSON.utf8), merges: merges,
                sources: ("vocab.json", "merges.txt"))
        }
        #expect(error?.description.contains(says) == true, "\(String(describing: error))")
    }

    @discardableResult
    private func expectError(after change: Change) throws -> TokenizerError? {
        let json = try changed(change)
        let error = #expect(throws: TokenizerError.self) {
            try Tokenizer(tokenizerJSON: json, source: "tokenizer.json")
        }
        let description = error?.description ?? ""
        #expect(
            description.hasPrefix("tokenizer.json") && description.contains(change.says),
            "\(description)")
        return error
    }

    private func changed(_ change: Change) throws -> [UInt8] {
        let parts = SmallTokenizer.tokenizerJSON.split(
            separator: change.old, maxSplits: 1, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "the file does not have \(change.old)")
        return Array("\(parts[0])\(change.new)\(parts[1])".utf8)
    }
}
