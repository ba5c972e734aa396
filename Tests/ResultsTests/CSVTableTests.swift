import Results
import Tensors
import Testing

/// Tables from outside.
@Suite struct CSVTableTests {
    private func table(_ text: String) throws -> CSVTable {
        try CSVTable(Array(text.utf8), source: "pairs.csv")
    }

    @Test func fieldsAreReadWithQuotesAndNewlines() throws {
        let table = try table("\u{feff}a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n\r\n,last")
        #expect(table.header == ["a", "b"])
        #expect(table.rows.map(\.fields) == [["1", "x, \"y\"\nz"], ["", "last"]])
        #expect(table.rows.map(\.line) == [2, 5])
    }

    /// As tokens may hold them; what the toolkit writes it reads.
    @Test func otherBreaksOfUnicodeStandInFields() throws {
        let words = ["\u{0b}", "\u{0c}", "\u{85}", "\u{2028}", "\u{2029}", "a\rb", "\n", "\r\n"]
        let array = LabelledArray(
            "words", quantity: Quantity("effect"), axes: [Axis("word", labels: words)],
            values: Tensor([words.count], repeating: 1))
        let table = try table(array.csv())
        #expect(table.rows.map { $0.fields[0] } == words)
    }

    @Test(arguments: [
        ("", "line 1: it is empty"), ("a,b\n1\n", "line 2: 1 fields under a header of 2"),
        ("a\n\"x", "line 2: a quotation mark is not closed"),
        ("a\n\"x\"y\n", "line 2: text after a closing quotation mark"),
    ])
    func errorsNameTheLine(_ text: String, _ reason: String) {
        let error = #expect(throws: CSVError.self) { try table(text) }
        #expect(error?.description == "pairs.csv, \(reason)")
    }

    @Test func bytesMustBeText() {
        #expect(throws: CSVError.self) { try CSVTable([0xff, 0x2c], source: "pairs.csv") }
    }
}
