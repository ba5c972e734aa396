/// How a result came to be, so that it can be made again.
public struct Provenance: Sendable, Hashable {
    /// The command line, one element per argument, or the script's name.
    public var command: [String]
    /// The toolkit's version.
    public var version: String
    /// The model's name as the user gave it.
    public var model: String
    /// A hash of the checkpoint's weights.
    public var checkpoint: String
    /// The seed of every random choice; `nil` where nothing was random.
    public var seed: UInt64?
    /// When the result was made, ISO 8601, UTC.
    public var time: String

    /// Records how a result was made.
    public init(
        command: [String], version: String, model: String, checkpoint: String, seed: UInt64? = nil,
        time: String
    ) {
        self.command = command
        self.version = version
        self.model = model
        self.checkpoint = checkpoint
        self.seed = seed
        self.time = time
    }
}
