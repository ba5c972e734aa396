import Foundation

/// Where the tests find files: in this repository, or in the folder of large data beside it.
public enum Repository {
    /// The repository's root.
    public static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// The folder of data that is not part of the repository: `PROBE_SHARED`, or `shared` beside
    /// it.
    public static let shared =
        ProcessInfo.processInfo.environment["PROBE_SHARED"] ?? root + "/../shared"

    /// A golden file: reference values with the script that made them.
    public static func golden(_ path: String) -> String { "\(root)/Tests/Golden/\(path)" }

    /// Whether a file or folder is there.
    public static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path)
    }

    /// A file's bytes.
    public static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// Writes a file.
    public static func write(_ bytes: [UInt8], to path: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    /// Removes a file or folder.
    public static func remove(_ path: String) throws {
        try FileManager.default.removeItem(atPath: path)
    }

    /// Creates a folder and those above it.
    public static func createFolder(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// The names of what a folder holds, sorted.
    public static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    /// Calls `body` with a new empty folder, and removes it afterwards.
    public static func withTemporaryFolder<Result>(
        _ body: (String) throws -> Result
    ) throws -> Result {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("probe-tests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder.path)
    }
}
