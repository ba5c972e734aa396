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
        base = .allocate(capacity: max(count, 1))
        self.count = count
        owner = nil
    }

    /// Refers to floats that `owner` keeps in place for as long as it lives.
    public init(borrowing floats: UnsafeBufferPointer<Float>, from owner: AnyObject) {
        precondition(floats.baseAddress != nil, "borrowed floats need an address")
        base = UnsafeMutablePointer(mutating: floats.baseAddress!)
        count = floats.count
        self.owner = owner
    }

    deinit {
        if owner == nil { base.deallocate() }
    }
}
