import Kernels
import Tensors
import TestSupport
import Testing

/// The ends of rows against a sorted row, and columns with their means taken away.
@Suite struct ExtremesTests {
    @Test(arguments: [0, 1, 5, 40, 1000], [0, 1, 3, 20])
    func endsAreThoseOfTheSortedRow(_ length: Int, _ count: Int) {
        // Few different values, so that many are equal.
        let row = Tensor(
            [max(length, 1)],
            Tensor.random([max(length, 1)], stream: "row").values.map { ($0 * 8).rounded() })
        let part = UnsafeBufferPointer(rebasing: row.rows[0][..<length])
        let values = Array(part)
        let falling = values.indices.sorted { (values[$0], $1) > (values[$1], $0) }
        let rising = values.indices.sorted { (values[$0], $0) < (values[$1], $1) }
        let whole = Extremes(of: part, count: count)
        #expect(whole.largest.map(\.index) == Array(falling.prefix(count)))
        #expect(whole.smallest.map(\.index) == Array(rising.prefix(count)))
        #expect(whole.smallest.map(\.value) == rising.prefix(count).map { values[$0] })
        // In parts, and in parts merged, it is the same.
        let middle = length / 3
        var (parts, rest) = (Extremes(count: count), Extremes(count: count))
        parts.add(UnsafeBufferPointer(rebasing: part[..<middle]), at: 0)
        rest.add(UnsafeBufferPointer(rebasing: part[middle...]), at: middle)
        parts.merge(rest)
        #expect(parts.largest.map(\.index) == whole.largest.map(\.index))
        #expect(parts.smallest.map(\.index) == whole.smallest.map(\.index))
        #expect(abs(parts.skew - whole.skew) <= 1e-6 * Double(length) * 512)
    }

    @Test func skewIsTheSumOfCubesAroundTheMean() {
        let values: [Float] = [1, 1, 1, 2, 10]
        let row = Tensor([5], values)
        let mean = 3.0
        let expected = values.reduce(0.0) {
            $0 + (Double($1) - mean) * (Double($1) - mean) * (Double($1) - mean)
        }
        #expect(abs(Extremes(of: row.rows[0], count: 1).skew - expected) < 1e-6)
        let negated = Tensor([5], values.map { -$0 })
        #expect(abs(Extremes(of: negated.rows[0], count: 1).skew + expected) < 1e-6)
    }

    @Test func notANumberIsNoExtreme() {
        let row = Tensor([4], [.nan, 1, .nan, -2])
        let ends = Extremes(of: row.rows[0], count: 3)
        #expect(ends.largest.map(\.index) == [1, 3])
        #expect(ends.smallest.map(\.index) == [3, 1])
    }

    @Test(arguments: [[1, 1], [3, 5], [700, 300], [5, 513]])
    func columnsAreCentred(_ shape: [Int]) {
        let x = Tensor.random(shape, stream: "x", scale: 3)
        var y = x
        centreColumns(y.mutableRows)
        let expected = Tensor(computing: shape) { i in
            let mean = (0..<shape[0]).reduce(0.0) { $0 + Double(x[$1, i[1]]) } / Double(shape[0])
            return Double(x[i[0], i[1]]) - mean
        }
        expectClose(y, expected, atol: 1e-6)
    }

    @Test func rowsAreScaled() {
        let (x, factors) = (
            Tensor.random([130, 7], stream: "x"), Tensor.random([130], stream: "f")
        )
        var y = x
        scaleRows(y.mutableRows, by: factors.rows)
        expectClose(
            y, Tensor(computing: [130, 7]) { Double(x[$0[0], $0[1]]) * Double(factors[$0[0]]) },
            atol: 1e-6)
    }

    @Test func resultsInOrderAndTheFirstError() throws {
        #expect(parallelMap(1000) { $0 * $0 } == (0..<1000).map { $0 * $0 })
        #expect(parallelMap(0) { $0 } == [])
        var received: [Int] = []
        try parallelMap(1000) {
            $0 * $0
        } receiving: { index, square in
            #expect(square == index * index)
            received.append(index)
        }
        #expect(received == Array(0..<1000))
        struct Failed: Error, Equatable { let index: Int }
        #expect(throws: Failed(index: 3)) {
            _ = try parallelMap(100) { (index) throws(Failed) -> Int in
                if index % 10 == 3 { throw Failed(index: index) }
                return index
            }
        }
        received = []
        #expect(throws: Failed(index: 13)) {
            try parallelMap(100) { index in
                if index == 13 { throw Failed(index: index) }
                return index
            } receiving: { index, _ in
                received.append(index)
            }
        }
        #expect(received == Array(0..<13))
        #expect(throws: Failed(index: 5)) {
            try parallelMap(100) {
                $0
            } receiving: { index, _ in
                if index == 5 { throw Failed(index: index) }
            }
        }
    }
}
