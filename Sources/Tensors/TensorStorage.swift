internal import Glibc

/// Memory that tensors share: floats this process allocated, or floats inside something else it
/// keeps alive, such as a mapped file.
///
/// Tensors copy on write: owned memory is written in place when one tensor alone holds it, borrowed
/// memory never is.
public final class TensorStorage: @unchecked Sendable {
    @usableFromInline let base: UnsafeMutablePointer<Float>
    @usableFromInline let count: Int
    /// What owns borrowed memory; `nil` when the memory is ours.
    private let owner: AnyObject?

    /// Whether the memory belongs to another object and must not be written.
    var isBorrowed: Bool { owner != nil }

    /// Allocates memory without setting it.
    init(uninitializedCount count: Int) {
        base = TensorStorage.allocate(max(count, 1))
        self.count = count
        owner = nil
    }

    /// Memory for floats; large memory in pages of 2 MiB where the system has them, which it hands
    /// out several times faster than small ones.
    private static func allocate(_ count: Int) -> UnsafeMutablePointer<Float> {
        let (size, page) = (count * MemoryLayout<Float>.stride, 1 << 21)
        let isLarge = size >= 4 * page
        var memory: UnsafeMutableRawPointer?
        let status = posix_memalign(&memory, isLarge ? page : 64, size)
        guard status == 0, let memory else { preconditionFailure("no memory for \(size) bytes") }
        if isLarge { madvise(memory, size, MADV_HUGEPAGE) }
        return memory.bindMemory(to: Float.self, capacity: count)
    }

    /// Refers to floats that `owner` keeps in place for as long as it lives.
    public init(borrowing floats: UnsafeBufferPointer<Float>, from owner: AnyObject) {
        precondition(floats.baseAddress != nil, "borrowed floats need an address")
        base = UnsafeMutablePointer(mutating: floats.baseAddress!)
        count = floats.count
        self.owner = owner
    }

    /// Lets go of the pages of a mapped file behind some floats, which have been copied.
    func release(from start: Int, count: Int) {
        guard let file = owner as? Blob else { return }
        file.release(UnsafeRawBufferPointer(UnsafeBufferPointer(start: base + start, count: count)))
    }

    deinit {
        if owner == nil { free(base) }
    }
}
