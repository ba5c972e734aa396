internal import COrganism
internal import Glibc
public import Tensors

/// The files of a checkpoint, in a folder or inside the program.
public protocol ModelFiles: Sendable {
    /// What to call the place in messages.
    var name: String { get }
    /// The bytes of a file; `nil` if there is none of that name.
    func file(_ name: String) throws(FileError) -> Blob?
}

/// A folder with Hugging Face's file names.
public struct ModelFolder: ModelFiles {
    /// The path.
    public let name: String

    /// Refers to a folder.
    public init(_ path: String) { name = path }

    /// Maps a file of the folder.
    public func file(_ file: String) throws(FileError) -> Blob? {
        let path = "\(name)/\(file)"
        return access(path, F_OK) == 0 ? try Blob(mapping: path) : nil
    }
}

/// The small trained GPT-2 inside the program, with known biases: the default of every command.
public struct EmbeddedModel: ModelFiles {
    /// Its name in messages and provenance.
    public let name = "organism"

    /// Refers to it.
    public init() {}

    /// The bytes of one of its files.
    public func file(_ file: String) throws(FileError) -> Blob? {
        var size = 0
        guard let start = organism_file(file, &size) else { return nil }
        let bytes = UnsafeRawBufferPointer(start: start, count: size)
        return Blob(permanent: bytes, name: "\(name)/\(file)")
    }
}
