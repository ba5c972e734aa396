/// How a result came to be, so that it can be made again.
public struct Provenance: Sendable, Hashable, Codable {
    /// The command line, one element per argument, or the script's name.
    public var command: [String]
    /// The toolkit's version.
    public var version: String
    /// The model's name as the user gave it.
    public var model: String
    /// A hash of the checkpoint's weights.
    public var checkpoint: String
    /// What was done to the weights since, such as `fold_ln,center_unembed`; `none` for nothing.
    public var processing: String
    /// The seed of every random choice; `nil` where nothing was random.
    public var seed: UInt64?
    /// When the result was made, ISO 8601, UTC.
    public var time: String

    /// Records how a result was made.
    public init(
        command: [String], version: String, model: String, checkpoint: String,
        processing: String = "none", seed: UInt64? = nil, time: String
    ) {
        self.command = command
        self.version = version
        self.model = model
        self.checkpoint = checkpoint
        self.processing = processing
        self.seed = seed
        self.time = time
    }

    /// The same as flat text, for formats that hold pairs, such as a PNG's text chunks.
    ///
    /// The command is one line that a shell reads back to the same arguments.
    public var text: [(key: String, value: String)] {
        var pairs = [
            ("command", command.map(shellQuoted).joined(separator: " ")), ("version", version),
            ("model", model), ("checkpoint", checkpoint), ("processing", processing),
        ]
        if let seed { pairs.append(("seed", String(seed))) }
        pairs.append(("time", time))
        return pairs.map { (key: $0.0, value: $0.1) }
    }
}

/// An argument in single quotes where a shell would otherwise split or expand it.
private func shellQuoted(_ argument: String) -> String {
    let plain = argument.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_./,:=@%+".utf8.contains(byte)
        }
    }
    if plain && !argument.isEmpty { return argument }
    return "'"
        + argument.split(separator: "'", omittingEmptySubsequences: false)
        .joined(separator: #"'\''"#) + "'"
}
