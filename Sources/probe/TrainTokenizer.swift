import ArgumentParser
import Tensors
import Tokenization
import Training

/// `probe train-tokenizer`: a byte-level BPE vocabulary from text.
struct TrainTokenizer: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn a byte-level BPE vocabulary from text.",
        discussion: """
            --data is a text with a document a line, or a .jsonl file with a "text" in each line. \
            Writes tokenizer.json, vocab.json and merges.txt, with <|endoftext|> as the last \
            entry: entry for entry what the tokenizers library learns.
            """)

    @Option(help: ArgumentHelp("The text.", valueName: "file"), completion: .file())
    var data: String

    @Option(help: ArgumentHelp("Entries of the vocabulary.", valueName: "number"))
    var vocabSize = 2048

    @Option(help: ArgumentHelp("How often a pair must occur to be merged.", valueName: "number"))
    var minFrequency = 2

    @Option(help: ArgumentHelp("The folder to write.", valueName: "folder"), completion: .directory)
    var out = "probe-out/train-tokenizer"

    @Flag(help: "Write over a tokenizer that is there.")
    var force = false

    func validate() throws {
        guard (257...1 << 20).contains(vocabSize) else {
            throw ValidationError(
                "--vocab-size is \(vocabSize); give 257 to \(1 << 20), as 256 bytes and the end "
                    + "of a text have entries")
        }
        guard minFrequency > 0 else {
            throw ValidationError("--min-frequency is \(minFrequency); give 1 or more")
        }
    }

    func run() throws {
        if !force { try FileExists.check(["tokenizer.json", "vocab.json", "merges.txt"], in: out) }
        var learner = BytePairTrainer()
        for document in try TextDocuments(Blob(mapping: data)).documents { learner.add(document) }
        let vocabulary = learner.vocabulary(ofSize: vocabSize, atLeast: minFrequency)
        let files = try vocabulary.files().map { (path: "\(out)/\($0.name)", bytes: $0.bytes) }
        try AtomicFile.write(files)
        let count = vocabulary.entries.count
        print(
            "\(count) entries" + (count < vocabSize ? ", as no more pairs are so frequent" : "")
                + "\n"
                + files.map(\.path).joined(separator: "\n"))
    }
}
