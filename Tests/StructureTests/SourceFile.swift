import Foundation
import TestSupport

/// A Swift file of the project, by lines.
struct SourceFile: Sendable {
    /// The path from the repository's root.
    let path: String
    let lines: [String]

    /// The module: the folder in `Sources` or `Tests`.
    var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    /// Takes a file's text, for the tests of the checks themselves.
    init(_ path: String, _ text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    /// The Swift files below a folder of the repository.
    static func all(in folder: String) throws -> [SourceFile] {
        let root = Repository.root + "/" + folder
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        return try names.filter { $0.hasSuffix(".swift") }.sorted().map { name in
            let text = String(decoding: try Repository.bytes("\(root)/\(name)"), as: UTF8.self)
            return SourceFile("\(folder)/\(name)", text)
        }
    }

    /// A line with its place, for messages.
    func place(_ line: Int) -> String {
        "\(path):\(line + 1): \(lines[line].trimmingCharacters(in: .whitespaces))"
    }

    /// The modules that the file imports, with their places.
    var imports: [(module: String, line: Int)] {
        lines.indices.compactMap { line in
            var words = lines[line].split(separator: " ").map(String.init)
            words.removeAll { $0.hasPrefix("@") }
            if let first = words.first,
                ["public", "package", "internal", "private"].contains(first)
            {
                words.removeFirst()
            }
            guard words.first == "import", words.count > 1 else { return nil }
            // `import struct Module.Name` names its module before the dot.
            let name = words.count > 2 ? words[2] : words[1]
            return (String(name.prefix { $0 != "." }), line)
        }
    }

    /// Lines with their text in string literals and comments taken out.
    var code: [(text: String, line: Int)] {
        var (inText, inComment) = (false, false)
        return lines.indices.map { index in
            let line = lines[index]
            if inComment {
                inComment = !line.contains("*/")
                return ("", index)
            }
            if line.components(separatedBy: "\"\"\"").count % 2 == 0 {
                defer { inText.toggle() }
                return ("", index)
            }
            if inText { return ("", index) }
            if line.contains("/*"), !line.contains("*/") {
                inComment = true
                return ("", index)
            }
            return (SourceFile.withoutLiterals(line), index)
        }
    }

    private static func withoutLiterals(_ line: String) -> String {
        var (result, inLiteral, escaped) = ("", false, false)
        for character in line {
            if inLiteral {
                if !escaped, character == "\"" { inLiteral = false }
                escaped = !escaped && character == "\\"
            } else if character == "\"" {
                inLiteral = true
            } else {
                result.append(character)
                if result.hasSuffix("//") { return String(result.dropLast(2)) }
            }
        }
        return result
    }
}
