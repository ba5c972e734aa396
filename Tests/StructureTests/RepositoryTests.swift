import Foundation
import TestSupport
import Testing

/// What is tracked: no paths of one machine, no large files.
@Suite struct RepositoryTests {
    /// Folders of one machine; split so that this file does not hold them.
    private static let machinePaths = ["/" + "work/", "/" + "tmp/wt", "/" + "root/", "/" + "home/"]
    private static let largest = 5 << 20

    /// What is wrong with a file.
    static func violations(_ path: String, _ bytes: [UInt8]) -> [String] {
        var found: [String] = []
        if bytes.count > largest { found.append("\(path) has \(bytes.count) bytes") }
        let text = String(decoding: bytes, as: UTF8.self)
        // A zero byte marks what is not text.
        guard !bytes.prefix(1000).contains(0) else { return found }
        for place in machinePaths where text.contains(place) {
            found.append("\(path) contains \(place)")
        }
        return found
    }

    /// The files under version control; those in the folder where there is no git.
    private func trackedFiles() throws -> [String] {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["git", "-C", Repository.root, "ls-files", "-z"]
        (process.standardOutput, process.standardError) = (output, FileHandle.nullDevice)
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let tracked = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        if process.terminationStatus == 0, !tracked.isEmpty { return tracked }
        return try ["Sources", "Tests"].flatMap { folder in
            try SourceFile.all(in: folder).map(\.path)
        }
    }

    @Test func trackedFilesAreFitToPublish() throws {
        let files = try trackedFiles()
        #expect(files.count > 80)
        for path in files {
            let full = Repository.root + "/" + path
            // A tracked file may have been removed and not committed yet.
            guard Repository.exists(full) else { continue }
            #expect(Self.violations(path, try Repository.bytes(full)) == [])
        }
    }

    @Test func theCheckFindsWhatItShould() {
        for place in Self.machinePaths {
            #expect(Self.violations("a", Array("x = \"\(place)a\"".utf8)).count == 1)
        }
        #expect(Self.violations("a", [UInt8](repeating: 0, count: Self.largest + 1)).count == 1)
        #expect(Self.violations("a", Array("a /workshop/ of frameworks".utf8)) == [])
    }
}
