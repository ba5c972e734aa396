public import Foundation

/// A program that was built with the tests.
public struct Program: Sendable {
    /// `probe`.
    public static let probe = Program("probe")

    private let path: String

    /// Names a program in the folder of the tests.
    public init(_ name: String) {
        path =
            URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().path + "/" + name
    }

    /// Whether it is there.
    public var isBuilt: Bool { FileManager.default.isExecutableFile(atPath: path) }

    /// How a process ended.
    public enum End: Hashable, Sendable {
        /// By itself, with a code.
        case exit(Int32)
        /// By a signal.
        case signal(Int32)
    }

    /// What a process wrote, and how it ended.
    public struct Outcome: Sendable {
        /// How it ended.
        public let end: End
        /// Its standard output.
        public let output: String
        /// Its standard error.
        public let errors: String
    }

    /// Starts the program without output.
    public func start(_ arguments: [String]) throws -> Process {
        let process = process(arguments)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Waits for the end of a process.
    public static func end(of process: Process) -> End {
        process.waitUntilExit()
        let code = process.terminationStatus
        return process.terminationReason == .exit ? .exit(code) : .signal(code)
    }

    /// Runs the program in a folder to its end; its output goes through files there.
    public func run(_ arguments: [String], in folder: String) throws -> Outcome {
        let process = process(arguments)
        let files = ["output", "errors"].map { "\(folder)/.\(UUID().uuidString)-\($0)" }
        for file in files { try Repository.write([], to: file) }
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardOutput = FileHandle(forWritingAtPath: files[0])
        process.standardError = FileHandle(forWritingAtPath: files[1])
        try process.run()
        let end = Program.end(of: process)
        let texts = try files.map { String(decoding: try Repository.bytes($0), as: UTF8.self) }
        for file in files { try Repository.remove(file) }
        return Outcome(end: end, output: texts[0], errors: texts[1])
    }

    private func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        return process
    }
}
