/// Why a file could not be written or read, with its path.
public enum FileError: Error, Hashable, CustomStringConvertible {
    /// The system refused to write; nothing was left at the path.
    case cannotWrite(path: String, reason: String)
    /// The folder for a file could not be made.
    case cannotCreateFolder(path: String, reason: String)

    /// A sentence for the person at the terminal.
    public var description: String {
        switch self {
        case .cannotWrite(let path, let reason):
            "cannot write \(path): \(reason); choose another place or make room there"
        case .cannotCreateFolder(let path, let reason):
            "cannot create the folder \(path): \(reason); choose another place"
        }
    }
}
