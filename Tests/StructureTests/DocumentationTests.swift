import Testing

/// Every public declaration has a doc comment.
@Suite struct DocumentationTests {
    private static let declarations: Set = [
        "func", "var", "let", "struct", "class", "enum", "protocol", "init", "init?", "subscript",
        "typealias", "case", "actor",
    ]

    /// The public declarations without a doc comment above them.
    static func undocumented(in file: SourceFile) -> [String] {
        file.code.filter { text, line in
            isPublicDeclaration(text) && !hasDocumentation(file.lines, above: line)
        }.map { file.place($0.line) }
    }

    private static func isPublicDeclaration(_ text: String) -> Bool {
        let words = text.split { " (<:".contains($0) }.map(String.init)
        guard let access = words.firstIndex(of: "public") ?? words.firstIndex(of: "open") else {
            return false
        }
        // Attributes and other modifiers may stand before and after the access.
        let before = words[..<access].allSatisfy { $0.hasPrefix("@") || modifiers.contains($0) }
        let rest = words[(access + 1)...].drop { modifiers.contains($0) || $0.hasPrefix("@") }
        return before && rest.first.map { declarations.contains($0) } == true
    }

    private static let modifiers: Set = [
        "static", "final", "mutating", "nonmutating", "override", "required", "convenience",
        "indirect", "lazy", "weak", "nonisolated", "private", "set)", "borrowing", "consuming",
    ]

    /// Whether the lines above, past attributes, end a doc comment.
    private static func hasDocumentation(_ lines: [String], above line: Int) -> Bool {
        for above in lines[..<line].reversed() {
            let text = above.drop { $0 == " " }
            if text.hasPrefix("@") { continue }
            return text.hasPrefix("///")
        }
        return false
    }

    @Test func publicDeclarationsAreDocumented() throws {
        for file in try SourceFile.all(in: "Sources") { #expect(Self.undocumented(in: file) == []) }
    }

    /// Each module's header says where to start.
    @Test func sourcesAreCommented() throws {
        let lines = try SourceFile.all(in: "Sources").flatMap(\.lines)
        let comments = lines.filter { $0.drop { $0 == " " }.hasPrefix("//") }
        #expect(Double(comments.count) / Double(lines.count) > 0.15)
    }

    @Test func theCheckFindsWhatItShould() {
        let wrong = [
            "public struct A {}", "public init() {}", "    public static let a = 1",
            "open class A {}",
            "@inlinable public func f() {}", "/// Words.\n\npublic var x: Int",
            "public init?(a: Int) {",
            "// No doc comment.\npublic enum A {", "@inlinable\npublic mutating func f() {",
            "public private(set) var a: Int", "public subscript(i: Int) -> Int {",
        ]
        for text in wrong {
            #expect(
                Self.undocumented(in: SourceFile("Sources/A/A.swift", text)).count == 1, "\(text)")
        }
        let right = [
            "/// A.\npublic struct A {}", "/// A.\n@inlinable\n@frozen public struct A {}",
            "public import Tensors", "let a = \"public func f()\"", "// public func f()",
            "public extension A {", "var x: Int", "\"\"\"\npublic func f()\n\"\"\"",
        ]
        for text in right {
            #expect(Self.undocumented(in: SourceFile("Sources/A/A.swift", text)) == [], "\(text)")
        }
    }
}
