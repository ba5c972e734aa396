import Kernels
public import Tensors

/// Places of the elements with the largest absolute values, rising; of equal ones the first.
///
/// What is not a number counts as 0, so that it is never taken before a number.
///
/// Exact and without sorting: a histogram of the upper halves of the bit patterns, whose order is
/// that of the values, finds where the cut is; a second one of the lower halves finds it exactly.
///
/// - Parameter count: How many; at most all.
/// - Complexity: Three walks over the elements; memory for the places alone.
public func largestElements(of vector: Tensor, count: Int) -> [Int] {
    precondition(count >= 0, "the \(count) largest")
    let x = vector.rows(of: max(vector.count, 1)).elements
    guard count < x.count else { return Array(0..<x.count) }
    if count == 0 { return [] }
    var upper = [Int](repeating: 0, count: 1 << 16)
    for value in x { upper[Int(magnitude(value) >> 16)] += 1 }
    var (bucket, above) = (upper.count - 1, 0)
    while above + upper[bucket] < count {
        above += upper[bucket]
        bucket -= 1
    }
    var lower = [Int](repeating: 0, count: 1 << 16)
    for value in x where magnitude(value) >> 16 == UInt32(bucket) {
        lower[Int(magnitude(value) & 0xffff)] += 1
    }
    var rest = lower.count - 1
    while above + lower[rest] < count {
        above += lower[rest]
        rest -= 1
    }
    let cut = UInt32(bucket) << 16 | UInt32(rest)
    // Of those at the cut itself only as many as are missing.
    var missing = count - above
    var places: [Int] = []
    places.reserveCapacity(count)
    for i in 0..<x.count {
        let size = magnitude(x[i])
        if size > cut {
            places.append(i)
        } else if size == cut, missing > 0 {
            places.append(i)
            missing -= 1
        }
    }
    return places
}

/// Places of the elements with the largest absolute values, the largest first; of equal ones the
/// first.
public func rankedElements(of vector: Tensor, count: Int) -> [Int] {
    let x = vector.rows(of: max(vector.count, 1)).elements
    return largestElements(of: vector, count: count).sorted {
        (magnitude(x[$0]), $1) > (magnitude(x[$1]), $0)
    }
}

/// The bit pattern of the absolute value, whose order is that of the values.
private func magnitude(_ value: Float) -> UInt32 {
    value.isNaN ? 0 : value.magnitude.bitPattern
}
