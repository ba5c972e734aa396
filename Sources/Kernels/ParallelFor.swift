// Kernels: pure functions on rows of floats. No tokens, layers or hooks here; start at
// MatrixProduct.swift.

import Dispatch
import Glibc
import Synchronization

/// How many threads the kernels use.
///
/// There is one level of parallelism: a kernel called inside ``parallelFor(_:_:)`` runs on the
/// calling thread, and BLAS itself always runs on one thread. Work is cut by its shape alone, never
/// by the number of threads, so results do not depend on this number.
public enum Threads {
    private static let limit = Atomic<Int>(0)
    /// The machine's cores; asked for once, as the system reads a file to tell.
    private static let cores = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))

    /// The number of threads in use; all of the machine's cores unless set.
    public static var count: Int {
        get {
            let limit = limit.load(ordering: .relaxed)
            return limit > 0 ? limit : cores
        }
        set {
            precondition(newValue > 0, "the number of threads must be positive, not \(newValue)")
            limit.store(newValue, ordering: .relaxed)
        }
    }

    /// Whether the calling thread already works for a `parallelFor`.
    @TaskLocal fileprivate static var isWorker = false

    /// Whether products are left whole.
    @TaskLocal static var keepsProductsWhole = false

    /// Leaves large products whole, which is faster for one thread.
    ///
    /// - Parameter hasParts: Whether the work is one of several parts; otherwise its products are
    ///   what threads share.
    package static func keepingProductsWhole<Result>(
        _ hasParts: Bool, _ body: () throws -> Result
    ) rethrows -> Result { try $keepsProductsWhole.withValue(hasParts, operation: body) }
}

/// Calls `body` once for each index below `count`, on several threads; returns when all have ended.
///
/// The order is not defined. Calls with different indices must not write the same memory. A single
/// index, a single thread and a nested call run on the calling thread.
///
/// - Parameter limit: The most threads; with one, `body` may use all of them itself.
public func parallelFor(_ count: Int, atMost limit: Int = .max, _ body: @Sendable (Int) -> Void) {
    let workers = min(Threads.count, limit, count)
    guard workers > 1, !Threads.isWorker else {
        for index in 0..<count { body(index) }
        return
    }
    let next = Atomic<Int>(0)
    let keepsProductsWhole = Threads.keepsProductsWhole
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
        Threads.$isWorker.withValue(true) {
            Threads.keepingProductsWhole(keepsProductsWhole) {
                while true {
                    let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
                    guard index < count else { return }
                    body(index)
                }
            }
        }
    }
}

/// The results of `body` for each index below `count`, in order, computed on several threads.
///
/// - Throws: The error of the lowest index that failed.
public func parallelMap<Element: Sendable, Failure: Error>(
    _ count: Int, _ body: @Sendable (Int) throws(Failure) -> Element
) throws(Failure) -> [Element] {
    let results = Mutex([Result<Element, Failure>?](repeating: nil, count: count))
    parallelFor(count) { index in
        let result = Result { () throws(Failure) in try body(index) }
        results.withLock { $0[index] = result }
    }
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for case let result? in results.withLock({ $0 }) { elements.append(try result.get()) }
    return elements
}

/// Computes `body` for each index below `count` on several threads, and gives the results away in
/// order, one at a time, each as soon as those before are there.
///
/// - Parameters:
///   - limit: The most threads; with one, `body` may use all of them itself.
///   - receive: Takes an index and its result, on any thread.
/// - Throws: The error of the lowest index that failed, or of `receive`; none is begun after its
///   turn has come.
public func parallelMap<Element: Sendable>(
    _ count: Int, atMost limit: Int = .max, _ body: @Sendable (Int) throws -> Element,
    receiving receive: (Int, Element) throws -> Void
) throws {
    // Called by whoever holds the lock.
    nonisolated(unsafe) let receive = receive
    let state = Mutex(
        (next: 0, waiting: [Int: Result<Element, any Error>](), failure: (any Error)?.none))
    parallelFor(count, atMost: limit) { index in
        guard state.withLock({ $0.failure == nil }) else { return }
        let result = Result { try body(index) }
        state.withLock { state in
            state.waiting[index] = result
            while state.failure == nil, let result = state.waiting.removeValue(forKey: state.next) {
                do {
                    try receive(state.next, result.get())
                    state.next += 1
                } catch {
                    state.failure = error
                }
            }
        }
    }
    if let failure = state.withLock({ $0.failure }) { throw failure }
}

/// Cuts `count` rows into blocks of at most `size` and works on them with ``parallelFor(_:_:)``.
package func parallelBlocks(of count: Int, size: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let size = min(max(size, 1), max(count, 1))
    parallelFor((count + size - 1) / size) { block in
        body(block * size..<min((block + 1) * size, count))
    }
}
