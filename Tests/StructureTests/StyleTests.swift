import Testing

/// Sizes of files and lines, and what sources do without.
@Suite struct StyleTests {
    /// What must not stand in code, and what must not stand even in a comment.
    private static let banned = ["try!", "as!", "fatalError(", "@testable", "unowned(unsafe)"]
    private static let unfinished = ["TODO", "FIXME", "XXX", "HACK"]

    static func violations(in file: SourceFile) -> [String] {
        var found: [String] = []
        // The line after the last newline is no line.
        let count = file.lines.count - (file.lines.last == "" ? 1 : 0)
        if count > 400 { found.append("\(file.path) has \(count) lines") }
        found += file.lines.indices.filter { file.lines[$0].count > 100 }.map(file.place)
        if file.path.hasPrefix("Sources/") {
            found += file.code.filter { text, _ in banned.contains { text.contains($0) } }
                .map { file.place($0.line) }
            found += file.lines.indices.filter { line in
                unfinished.contains { file.lines[line].contains($0) }
            }.map(file.place)
        }
        return found
    }

    @Test(arguments: ["Sources", "Tests"]) func filesKeepToTheStyle(_ folder: String) throws {
        let files = try SourceFile.all(in: folder)
        #expect(files.count > 20)
        for file in files where file.path != "Tests/StructureTests/StyleTests.swift" {
            #expect(Self.violations(in: file) == [])
        }
    }

    @Test func theCheckFindsWhatItShould() {
        let wrong = [
            String(repeating: "x", count: 101), String(repeating: "\n", count: 401),
            "let a = try! f()", "x as! Int", "fatalError(\"no\")", "// TODO: later", "/// FIXME",
        ]
        for text in wrong {
            #expect(
                Self.violations(in: SourceFile("Sources/A/A.swift", text)).count == 1, "\(text)")
        }
        let right = [
            String(repeating: "é", count: 100), String(repeating: "\n", count: 400),
            "// not try! here", "let a = \"try!\"", "x as? Int",
        ]
        for text in right {
            #expect(Self.violations(in: SourceFile("Sources/A/A.swift", text)) == [], "\(text)")
        }
    }
}
