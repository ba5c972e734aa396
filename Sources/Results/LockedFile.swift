internal import Glibc
internal import Tensors

/// A file that grows at its end and that one process at a time has open.
final class LockedFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// Opens a file and locks it; creates it, and the folders above it, where there is none.
    init(_ path: String) throws {
        self.path = path
        try AtomicFile.createFolder(above: path)
        descriptor = try LockedFile.openLocked(path)
    }

    /// Closes the file, which also unlocks it.
    deinit { close(descriptor) }

    private static func openLocked(_ path: String) throws -> Int32 {
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
            guard descriptor >= 0 else { throw cannotWrite(path) }
            if try lock(descriptor, path) { return descriptor }
            close(descriptor)
        }
    }

    /// Locks an open file; `false` if it is no longer the one at its path.
    private static func lock(_ descriptor: Int32, _ path: String) throws -> Bool {
        do {
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                if errno == EINTR { return false }
                if errno == EWOULDBLOCK { throw SweepStoreError.inUse(path: path) }
                throw cannotWrite(path)
            }
            var (opened, present) = (stat(), stat())
            guard fstat(descriptor, &opened) == 0 else { throw cannotWrite(path) }
            guard opened.st_mode & S_IFMT == S_IFREG else {
                throw FileError.cannotWrite(path: path, reason: "it is no regular file")
            }
            // Whoever held the lock before may have removed the file.
            return stat(path, &present) == 0
                && (opened.st_dev, opened.st_ino) == (present.st_dev, present.st_ino)
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// The number of bytes.
    func size() throws(FileError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .cannotRead(path: path, reason: String(cString: strerror(errno)))
        }
        return Int(status.st_size)
    }

    /// The bytes of a range, which must lie within the file.
    func read(_ range: Range<Int>) throws(FileError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: range.count)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer.dropFirst(filled))
                return pread(descriptor, rest.baseAddress, rest.count, range.lowerBound + filled)
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                let reason = count < 0 ? String(cString: strerror(errno)) : "it became shorter"
                throw .cannotRead(path: path, reason: reason)
            }
            filled += count
        }
        return bytes
    }

    /// Appends bytes by one call of the system, which lets no other bytes come between them.
    func append(_ bytes: [UInt8]) throws(FileError) {
        var written = -1
        repeat {
            written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        } while written < 0 && errno == EINTR
        if written < 0 { throw LockedFile.cannotWrite(path) }
        guard written == bytes.count else {
            throw .cannotWrite(path: path, reason: "there is no room for all of it")
        }
    }

    /// Cuts the file off.
    func truncate(to size: Int) throws(FileError) {
        if ftruncate(descriptor, size) != 0 { throw LockedFile.cannotWrite(path) }
    }

    /// Removes the file from its folder, if it is still there; it stays locked while it is open.
    func remove() { unlink(path) }

    private static func cannotWrite(_ path: String) -> FileError {
        .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
}
