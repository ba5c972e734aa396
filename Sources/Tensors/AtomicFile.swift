internal import Glibc
private import Synchronization

/// A file that appears at its path whole or not at all.
///
/// The bytes go to a temporary file in the same folder, which ``commit()`` renames; a reader sees
/// the old file or the new one, never a part. Without a commit the temporary is removed when the
/// object goes, so an error on the way leaves nothing behind. Big files are streamed, chunk by
/// chunk.
///
/// ```swift
/// let file = try AtomicFile("out/model.safetensors")
/// try file.write(header)
/// for tensor in tensors { try tensor.withUnsafeBytes { try file.write($0) } }
/// try file.commit()
/// ```
public final class AtomicFile {
    /// Where the file will appear.
    public let path: String
    private let temporary: String
    /// The open temporary; negative once it is closed.
    private var descriptor: Int32

    /// Opens a temporary beside `path`, and creates the folders above it.
    public init(_ path: String) throws(FileError) {
        self.path = path
        try AtomicFile.createFolder(above: path)
        if AtomicFile.isFolder(path) {
            throw FileError.cannotWrite(path: path, reason: "it is a folder")
        }
        // A short name of its own: beside a name near the file system's limit there is no room.
        let token = String(UInt64.random(in: .min ... .max), radix: 36)
        temporary = AtomicFile.folder(of: path) + "/.probe-\(token).partial"
        descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        if descriptor < 0 { throw failure() }
        AtomicFile.uncommitted.withLock { _ = $0.insert(temporary) }
    }

    deinit {
        if descriptor >= 0 { discard() }
    }

    /// Appends bytes to the temporary.
    public func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        precondition(descriptor >= 0, "write to \(path) after its commit")
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let written = Glibc.write(descriptor, start, rest.count)
            if written < 0 && errno == EINTR { continue }
            if written < 0 { throw failure() }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
        }
    }

    /// Appends bytes to the temporary.
    public func write(_ bytes: [UInt8]) throws(FileError) {
        try bytes.span.bytes.withUnsafeBytes { (buffer) throws(FileError) in try write(buffer) }
    }

    /// Makes the file appear at its path, in place of any older one.
    public func commit() throws(FileError) {
        try close()
        guard rename(temporary, path) == 0 else {
            let failure = failure()
            remove()
            throw failure
        }
        AtomicFile.uncommitted.withLock { _ = $0.remove(temporary) }
    }

    /// Ends the writing and keeps the temporary; a full disk may show only here.
    private func close() throws(FileError) {
        precondition(descriptor >= 0, "second commit of \(path)")
        let status = Glibc.close(descriptor)
        descriptor = -1
        guard status == 0 else {
            let failure = failure()
            remove()
            throw failure
        }
    }

    private func discard() {
        _ = Glibc.close(descriptor)
        descriptor = -1
        remove()
    }

    private func remove() {
        unlink(temporary)
        AtomicFile.uncommitted.withLock { _ = $0.remove(temporary) }
    }

    /// The temporaries of this process, for when it is interrupted.
    private static let uncommitted = Mutex<Set<String>>([])

    /// Removes every temporary; nothing may be written after it.
    public static func discardUncommitted() {
        uncommitted.withLock { temporaries in
            for temporary in temporaries { unlink(temporary) }
        }
    }

    private func failure() -> FileError {
        .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
}

extension AtomicFile {
    /// Writes one file.
    public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        try write([(path, bytes)])
    }

    /// Writes files that belong together: all are complete on disk before the first one appears.
    public static func write(_ files: [(path: String, bytes: [UInt8])]) throws(FileError) {
        var open: [AtomicFile] = []
        for (path, bytes) in files {
            let file = try AtomicFile(path)
            try file.write(bytes)
            open.append(file)
        }
        for file in open { try file.commit() }
    }

    /// Creates the folder that a path lies in, and those above it; one that exists is fine.
    package static func createFolder(above path: String) throws(FileError) {
        try createFolder(folder(of: path))
    }

    /// The folder a path lies in; `.` for a bare name.
    private static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Creates a folder and those above it; one that exists is fine.
    private static func createFolder(_ path: String) throws(FileError) {
        if isFolder(path) { return }
        let parent = folder(of: path)
        if parent != path && parent != "." { try createFolder(parent) }
        if mkdir(path, 0o777) == 0 { return }
        let reason = String(cString: strerror(errno))
        // Another process may have made it in between.
        if isFolder(path) { return }
        throw FileError.cannotCreateFolder(path: path, reason: reason)
    }
}
