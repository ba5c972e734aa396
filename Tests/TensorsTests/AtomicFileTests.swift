import FoundationEssentials
import Tensors
import Testing

@Suite("Files that appear whole or not at all")
struct AtomicFileTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/probe-" + UUID().uuidString

    private func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    private func text(at path: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
    }

    @Test("creates folders, replaces an older file, leaves no temporary")
    func writes() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/deep/er/a.txt"
        try AtomicFile.write(Array("old".utf8), to: path)
        try AtomicFile.write(Array("new".utf8), to: path)
        #expect(try text(at: path) == "new")
        #expect(try names(in: folder + "/deep/er") == ["a.txt"])
    }

    @Test("streams chunks, and nothing is at the path before the commit")
    func streams() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = try AtomicFile(folder + "/a.txt")
        try file.write(Array("one, ".utf8))
        try file.write(Array("two".utf8))
        #expect(!FileManager.default.fileExists(atPath: file.path))
        try file.commit()
        #expect(try text(at: file.path) == "one, two")
    }

    @Test("without a commit nothing stays")
    func abandons() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func abandon() throws { try AtomicFile(folder + "/a.txt").write([1, 2, 3]) }
        try abandon()
        #expect(try names(in: folder).isEmpty)
    }

    @Test("one file of a set that cannot be written leaves none of them")
    func set() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try AtomicFile.write([0], to: folder + "/regular")
        #expect(throws: FileError.self) {
            try AtomicFile.write([
                (folder + "/first", [1]), (folder + "/regular/second", [2]),
            ])
        }
        #expect(try names(in: folder) == ["regular"])
    }

    @Test("says the path and the system's reason")
    func reasons() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try AtomicFile.write([0], to: folder + "/regular")
        let below = #expect(throws: FileError.self) {
            try AtomicFile.write([1], to: folder + "/regular/below")
        }
        #expect(
            below == .cannotCreateFolder(path: folder + "/regular", reason: "File exists"))
        let taken = #expect(throws: FileError.self) { try AtomicFile.write([1], to: folder) }
        #expect(taken == .cannotWrite(path: folder, reason: "it is a folder"))
    }
}
