import FoundationEssentials
import Results
import Tensors
import Testing

@Suite("Result files")
struct LabelledArrayTests {
    private static let provenance = Provenance(
        command: ["probe", "patch-residual", "--prompt", "it's here"], version: "0.1",
        model: "gpt2", checkpoint: "sha256:00", seed: 3, time: "2026-01-02T03:04:05Z")

    private func patching(
        tokens: [String] = ["The", " man"], values: [Float] = [0, 1, 0.1, -2.5e-8],
        summary: [(name: String, value: Double)] = [("clean_logit_difference", 4.25)]
    ) -> LabelledArray {
        LabelledArray(
            "patch-residual", quantity: Quantity("logit difference", unit: "nats"),
            axes: [
                Axis("layer", count: 2),
                Axis("pos", count: 2, companion: .init("token", tokens)),
            ], values: Tensor([2, 2], values), summary: summary, provenance: Self.provenance)
    }

    @Test("CSV has a row a value, the last axis fastest")
    func csv() {
        #expect(
            patching().csv() == """
                layer,pos,token,value
                0,0,The,0.0
                0,1, man,1.0
                1,0,The,0.1
                1,1, man,-2.5e-08

                """)
    }

    @Test("entries that do not exist are not in the CSV, and stay so in other forms")
    func missing() {
        var array = patching(values: [.nan, 1, .nan, 2])
        array.omitsMissing = true
        let rows = """
            layer,pos,token,value
            0,1, man,1.0
            1,1, man,2.0

            """
        #expect(array.csv() == rows)
        #expect(array.replacingValues { $1 }.csv() == rows)
        #expect(array.values.values.count == 4)
    }

    @Test("CSV quotes what would end a field")
    func quoting() {
        let tokens = ["a,b", "say \"hi\"\r\n"]
        let rows = patching(tokens: tokens, values: [.nan, -.infinity, 0, 0]).csv()
        #expect(
            rows.hasPrefix(
                "layer,pos,token,value\n0,0,\"a,b\",nan\n0,1,\"say \"\"hi\"\"\r\n\",-inf\n"))
    }

    @Test("CSV of a single number, and of nothing")
    func extremes() {
        let number = LabelledArray(
            "n", quantity: Quantity("count"), axes: [], values: Tensor([], [3]))
        #expect(number.csv() == "value\n3.0\n")
        let nothing = LabelledArray(
            "n", quantity: Quantity("count"), axes: [Axis("head", count: 0)], values: Tensor([0]))
        #expect(nothing.csv() == "head,value\n")
    }

    private struct Document: Decodable {
        struct Labels: Decodable, Equatable {
            let name: String
            let labels: [String]
        }
        struct AxisEntry: Decodable {
            let name: String
            let labels: [String]
            let companion: Labels?
        }
        struct QuantityEntry: Decodable {
            let name: String
            let unit: String?
        }
        let schema: Int
        let name: String
        let quantity: QuantityEntry
        let axes: [AxisEntry]
        let shape: [Int]
        let summary: [String: Double]
        let provenance: Provenance?
    }

    @Test("JSON holds everything beside the values")
    func json() throws {
        let text = try patching().json()
        let document = try JSONDecoder().decode(Document.self, from: Data(text.utf8))
        #expect(document.schema == 1)
        #expect(document.name == "patch-residual")
        #expect(document.quantity.unit == "nats")
        #expect(document.axes.map(\.name) == ["layer", "pos"])
        #expect(document.axes[1].labels == ["0", "1"])
        #expect(document.axes[1].companion == .init(name: "token", labels: ["The", " man"]))
        #expect(document.shape == [2, 2])
        #expect(document.summary == ["clean_logit_difference": 4.25])
        #expect(document.provenance == Self.provenance)
        let keys = ["axes", "name", "provenance", "quantity", "schema", "shape", "summary"]
        let places = keys.compactMap { text.firstRange(of: "\n  \"\($0)\" :")?.lowerBound }
        #expect(places.count == keys.count && places == places.sorted())
    }

    private func tokens() -> LabelledArray {
        var array = patching()
        array.texts = .init("top token", [" she", "a,b", "\n", "\""])
        return array
    }

    @Test("texts are a column after the value, and in the JSON")
    func texts() throws {
        #expect(
            tokens().csv() == """
                layer,pos,token,value,top token
                0,0,The,0.0, she
                0,1, man,1.0,"a,b"
                1,0,The,0.1,"
                "
                1,1, man,-2.5e-08,\"""\"

                """)
        struct Document: Decodable {
            struct Texts: Decodable {
                let name: String
                let values: [String]
            }
            let texts: Texts?
        }
        let json = try tokens().json()
        let document = try JSONDecoder().decode(Document.self, from: Data(json.utf8))
        #expect(document.texts?.name == "top token")
        #expect(document.texts?.values == tokens().texts?.values)
        let without = try patching().json()
        #expect(try JSONDecoder().decode(Document.self, from: Data(without.utf8)).texts == nil)
    }

    @Test("texts stay with their values in parts, stacks and tables")
    func derivedTexts() {
        let array = tokens()
        #expect(array.part(1).texts == .init("top token", ["\n", "\""]))
        #expect(array.part(1).asTable.texts == array.part(1).texts)
        let stack = LabelledArray.stacking([array, array], along: "site", labels: ["a", "b"])
        #expect(stack.part(1).texts == array.texts)
        let mixed = LabelledArray.stacking([array, patching()], along: "site", labels: ["a", "b"])
        #expect(mixed.texts == nil)
        #expect(array.part(0).settings == array.settings)
    }

    @Test("JSON spells numbers that are not finite")
    func notFinite() throws {
        let text = try patching(summary: [("a", .nan), ("b", .infinity), ("c", -.infinity)]).json()
        #expect(text.contains(#""a" : "nan""#))
        #expect(text.contains(#""b" : "inf""#))
        #expect(text.contains(#""c" : "-inf""#))
    }

    @Test("provenance is flat text, its command ready for a shell")
    func provenanceText() {
        let text = Self.provenance.text
        #expect(
            text.map(\.key) == [
                "command", "version", "model", "checkpoint", "processing", "seed", "time",
            ])
        #expect(text[0].value == #"probe patch-residual --prompt 'it'\''s here'"#)
    }

    @Test("the files appear together, with the figure's")
    func files() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/probe-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let figure = (path: folder + "/patch-residual.png", bytes: [1, 2] as [UInt8])
        let paths = try patching().write(to: folder, with: [figure])
        #expect(
            paths == ["csv", "npy", "json", "png"].map { "\(folder)/patch-residual.\($0)" })
        #expect(paths.allSatisfy(FileManager.default.fileExists))
        let below = folder + "/patch-residual.csv"
        #expect(throws: FileError.self) { try patching().write(to: below) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 4)
    }

    @Test func tablesInLaTeX() {
        let array = LabelledArray(
            "a", quantity: Quantity("q"),
            axes: [Axis("a_b", labels: ["5-8", "x & y"]), Axis("c", labels: ["p%", "n"])],
            values: Tensor([2, 2], [0.054919, 87, 1e-20, .nan]))
        #expect(
            array.latex() == """
                \\begin{tabular}{lrr}
                \\toprule
                a\\_b & p\\% & n \\\\
                \\midrule
                5-8 & $0.05492$ & $87$ \\\\
                x \\& y & $1 \\cdot 10^{-20}$ & $\\mathrm{nan}$ \\\\
                \\bottomrule
                \\end{tabular}

                """)
    }
}
