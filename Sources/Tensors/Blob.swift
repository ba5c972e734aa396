internal import Glibc

/// Bytes that stay in place and are only read: a mapped file, or memory of the program itself.
///
/// A file is mapped, not read: its pages are loaded when they are touched and shared with the
/// system's cache. Nobody may shorten the file while it is mapped.
public final class Blob: @unchecked Sendable {
    /// Where the bytes come from, for messages.
    public let name: String
    /// The bytes; valid for as long as this object lives, which may end with its last use: hold it
    /// by `withExtendedLifetime`, or take a ``copy()``.
    public let bytes: UnsafeRawBufferPointer
    private let isMapped: Bool

    /// Maps a file.
    ///
    /// - Throws: ``FileError/cannotRead(path:reason:)``.
    public init(mapping path: String) throws(FileError) {
        // Opening a pipe would wait for somebody to write to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Blob.failure(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Blob.failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .cannotRead(path: path, reason: "it is not a regular file")
        }
        name = path
        guard status.st_size > 0 else {
            bytes = UnsafeRawBufferPointer(start: nil, count: 0)
            isMapped = false
            return
        }
        let start = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0)
        guard let start, start != MAP_FAILED else { throw Blob.failure(path) }
        bytes = UnsafeRawBufferPointer(start: start, count: Int(status.st_size))
        isMapped = true
    }

    /// Refers to bytes that live as long as the program.
    public init(permanent bytes: UnsafeRawBufferPointer, name: String) {
        self.name = name
        self.bytes = bytes
        isMapped = false
    }

    deinit {
        if isMapped { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
    }

    /// A copy of all bytes.
    public func copy() -> [UInt8] { withExtendedLifetime(self) { Array(bytes) } }

    /// Says that some bytes will hardly be read again, so that their pages need no memory.
    ///
    /// They may be read all the same: the file has them.
    func release(_ part: UnsafeRawBufferPointer) {
        guard isMapped, let start = part.baseAddress else { return }
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        let first = (Int(bitPattern: start) + page - 1) / page * page
        let end = (Int(bitPattern: start) + part.count) / page * page
        guard first < end else { return }
        madvise(UnsafeMutableRawPointer(bitPattern: first), end - first, MADV_DONTNEED)
    }

    private static func failure(_ path: String) -> FileError {
        .cannotRead(path: path, reason: String(cString: strerror(errno)))
    }
}
