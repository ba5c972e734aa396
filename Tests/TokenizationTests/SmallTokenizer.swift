/// The files of a small tokenizer, as text to be damaged.
///
/// It has the bytes, `he`, ` t`, ` the` and a special token.
enum SmallTokenizer {
    static let merges = ["h e", "Ġ t", "Ġt he"]

    /// The entries in the order of their ids.
    static let entries = bytes + ["he", "Ġt", "Ġthe", "<|endoftext|>"]

    /// GPT-2's characters for the bytes in the order of their ids: the printed ones first.
    private static let bytes: [String] = {
        let printed = Array(33...126) + Array(161...172) + Array(174...255)
        let rest = Set(0...255).subtracting(printed).count
        return (printed + (256..<256 + rest)).compactMap {
            Unicode.Scalar(UInt32($0)).map(String.init)
        }
    }()

    static let vocabularyJSON: String = {
        let rows = entries.enumerated().map { "\(quoted($0.element)):\($0.offset)" }
        return "{" + rows.joined(separator: ",") + "}"
    }()

    static let mergesText = "#version: 0.2\n" + merges.joined(separator: "\n") + "\n"

    static let tokenizerJSON = """
        {"version":"1.0","truncation":null,"padding":null,"added_tokens":[{"id":259,\
        "content":"<|endoftext|>","single_word":false,"lstrip":false,"rstrip":false,\
        "normalized":true,"special":true}],"normalizer":null,"pre_tokenizer":{"type":"ByteLevel",\
        "add_prefix_space":false,"trim_offsets":true,"use_regex":true},"post_processor":null,\
        "decoder":{"type":"ByteLevel"},"model":{"type":"BPE","dropout":null,"unk_token":null,\
        "continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,\
        "byte_fallback":false,"ignore_merges":false,"vocab":\(vocabularyJSON),\
        "merges":[\(merges.map(quoted).joined(separator: ","))]}}
        """

    private static func quoted(_ text: String) -> String {
        "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
    }
}
