import Tensors
import TestSupport
import Testing
import Training

/// What is read: documents, rows and their order.
@Suite struct TrainingTextTests {
    /// Documents of many lengths, no token twice.
    private let documents: [[Int]] = {
        var next = 1
        return [3, 1, 9, 30, 2, 0, 7, 5, 64, 4].map { length in
            defer { next += length }
            return Array(next..<next + length)
        }
    }()

    @Test func rowsBeginWithDocumentsAndLoseNothing() {
        let text = TrainingText(documents, marker: 0, nCtx: 8)
        let rows = (0..<text.count).map { text.row($0) }
        #expect(rows.allSatisfy { (2...8).contains($0.count) })
        #expect(Set(rows.joined()) == Set([0] + documents.joined()))
        // Each token's neighbours in its document stand together in some row, except where a
        // document is longer than a row.
        for document in documents where !document.isEmpty && document.count < 8 {
            #expect(rows.contains { row in row.contains([0] + document) }, "\(document)")
        }
        // Only the middle of long documents begins no document.
        #expect(rows.count { $0[0] != 0 } == 30 / 8 + 64 / 8 + 9 / 8)
    }

    @Test func markersMayBeLeftOut() {
        let text = TrainingText([[5, 6, 7], [8, 9]], marker: 0, nCtx: 4)
        #expect(text.row(0) == [0, 5, 6, 7])
        #expect(text.row(0, withoutMarker: true) == [5, 6, 7])
        // A row that goes on with a long document has none.
        let long = TrainingText([Array(1...20)], marker: 0, nCtx: 8)
        #expect(long.row(0, withoutMarker: true) == Array(1...7))
        #expect(long.row(1, withoutMarker: true) == Array(8...15))
        #expect(
            TrainingText([[5, 6, 7]], marker: nil, nCtx: 4).row(0, withoutMarker: true).count == 3)
    }

    /// All rows once, then all again in another order; the same from any step on.
    @Test func everyEpochReadsAllRows() {
        let text = TrainingText(documents, marker: 0, nCtx: 8)
        let count = text.count
        var order = RowOrder(text, seed: 4, unmarkedShare: 0)
        let (first, second) = (order.rows(0..<count), order.rows(count..<2 * count))
        #expect(first != second && Set(first) == Set(second) && Set(first).count == count)
        var late = RowOrder(text, seed: 4, unmarkedShare: 0)
        #expect(late.rows(count + 3..<count + 5) == Array(second[3..<5]))
        var other = RowOrder(text, seed: 5, unmarkedShare: 0)
        #expect(other.rows(0..<count) != first)
    }

    @Test func someRowsLoseTheirMarker() {
        let text = TrainingText(Array(repeating: [1, 2, 3, 4], count: 400), marker: 0, nCtx: 5)
        var order = RowOrder(text, seed: 0, unmarkedShare: 0.25)
        let unmarked = order.rows(0..<400).count { $0[0] != 0 }
        #expect((70...130).contains(unmarked))
    }

    private func documents(_ text: String) throws -> [String] {
        try Repository.withTemporaryFolder { folder in
            let isJSON = text.contains("\"text\"") || text.contains("\"txt\"")
            let path = "\(folder)/text" + (isJSON ? ".jsonl" : "")
            try Repository.write(Array(text.utf8), to: path)
            return try TextDocuments(Blob(mapping: path)).documents
        }
    }

    @Test func filesAreLinesOrJSONLines() throws {
        #expect(try documents("a b\r\n\n  \nc\n") == ["a b", "c"])
        #expect(try documents("\u{feff}{a} b\nc") == ["{a} b", "c"])
        #expect(
            try documents("{\"text\": \"a\\nb\"}\n\n{\"text\": \"c\", \"n\": 1}") == ["a\nb", "c"])
    }

    @Test(arguments: [
        ("", "line 1: there is no text"), ("\n \n", "there is no text"),
        ("{\"text\": \"a\"}\n{\"txt\": 1}", "line 2"), ("{\"text\": 3}", "should be a string"),
        ("{\"text\"", "line 1"),
    ])
    func badFilesAreRefusedWithTheLine(_ text: String, _ expected: String) throws {
        let error = #expect(throws: TrainingError.self) { try documents(text) }
        #expect(try #require(error).description.contains(expected))
    }

    @Test func textMustBeUTF8() throws {
        try Repository.withTemporaryFolder { folder in
            let path = "\(folder)/text"
            try Repository.write(Array("good\nb\u{e4}d".utf8) + [0xff], to: path)
            let error = #expect(throws: TrainingError.self) {
                try TextDocuments(Blob(mapping: path))
            }
            #expect(try #require(error).description.contains("line 2: it is not UTF-8"))
        }
    }

    @Test func validationIsKeptApart() {
        let all = Array(0..<1000)
        let (training, validation) = TextDocuments.split(all, validationShare: 0.1, seed: 1)
        #expect((70...130).contains(validation.count))
        #expect((training + validation).sorted() == all)
        #expect(TextDocuments.split([1], validationShare: 0.99, seed: 1).training == [1])
    }
}
