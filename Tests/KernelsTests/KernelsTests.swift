import Glibc
import Kernels
import Tensors
import TestSupport
import Testing

/// Kernels against the same formula in double precision.
@Suite struct KernelsTests {
    static let shapes = [[1, 1], [1, 7], [3, 5], [6, 96], [17, 33], [64, 768], [5, 3000]]

    @Test(arguments: shapes, [1, 16, 129])
    func productsMatchDoublePrecision(shape: [Int], n: Int) {
        let (m, k) = (shape[0], shape[1])
        let (a, b) = (Tensor.random([m, k], stream: "a"), Tensor.random([k, n], stream: "b"))
        let expected = product(a, b)
        let tolerance = 4 * Float.ulpOfOne * Float(k).squareRoot() * 4
        let cases: [(Tensor, Tensor, Transposition)] = [
            (a, b, .neither), (a.transposed, b, .left), (a, b.transposed, .right),
        ]
        for (a, b, transposition) in cases {
            var c = Tensor([m, n], repeating: .nan)
            multiply(a.rows, b.rows, into: c.mutableRows, transposing: transposition)
            expectClose(c, expected, rtol: 1e-5, atol: tolerance, "\(transposition)")
        }
        var c = Tensor([m, n], repeating: 1)
        multiply(a.rows, b.rows, into: c.mutableRows, scale: -2, accumulating: true)
        let accumulated = Tensor([m, n], expected.values.map { 1 - 2 * $0 })
        expectClose(c, accumulated, rtol: 1e-5, atol: 3 * tolerance, "accumulating")
    }

    @Test func productsOfStridedPartsReadNothingElse() {
        let whole = Tensor.random([10, 24], stream: "whole")
        let (a, b) = (whole.rows[2..<7, 3..<9], whole.rows[1..<7, 20..<24])
        var c = Tensor([5, 8], repeating: 7)
        multiply(a, b, into: c.mutableRows[0..<5, 2..<6])
        let expected = Tensor(computing: [5, 8]) { i in
            guard (2..<6).contains(i[1]) else { return 7 }
            return (0..<6).reduce(0.0) {
                $0 + Double(whole[2 + i[0], 3 + $1]) * Double(whole[1 + $1, 18 + i[1]])
            }
        }
        expectClose(c, expected, atol: 1e-5)
    }

    @Test func linearLayersTakeEitherLayout() {
        let (x, w) = (Tensor.random([4, 6], stream: "x"), Tensor.random([6, 9], stream: "w"))
        let b = Tensor.random([9], stream: "b")
        let expected = Tensor(computing: [4, 9]) { i in
            (0..<6).reduce(Double(b[i[1]])) { $0 + Double(x[i[0], $1]) * Double(w[$1, i[1]]) }
        }
        var y = Tensor([4, 9], repeating: .nan)
        linear(x.rows, weight: w.rows, bias: b.rows, into: y.mutableRows)
        expectClose(y, expected, atol: 1e-5)
        linear(
            x.rows, weight: w.transposed.rows, transposed: true, bias: b.rows, into: y.mutableRows)
        expectClose(y, expected, atol: 1e-5)
    }

    @Test(arguments: shapes) func layerNormHasZeroMeanAndUnitVariance(shape: [Int]) {
        let x = Tensor.random(shape, stream: "x", scale: 3)
        var (y, scale) = (Tensor(shape), Tensor([shape[0], 1]))
        centre(x.rows, into: y.mutableRows)
        rootMeanSquare(y.rows, eps: 1e-5, into: scale.mutableRows)
        divide(y.mutableRows, by: scale.rows)
        let expected = Tensor(mappingRowsOf: x) { row in
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
            return row.map { ($0 - mean) / (variance + 1e-5).squareRoot() }
        }
        expectClose(y, expected, rtol: 1e-5, atol: 2e-6)
        let (w, b) = (
            Tensor.random([shape[1]], stream: "w"), Tensor.random([shape[1]], stream: "b")
        )
        scaleAndShift(y.mutableRows, gain: w.rows, shift: b.rows)
        let (gain, shift) = (w.values.map(Double.init), b.values.map(Double.init))
        let affine = Tensor(mappingRowsOf: expected) { row in
            row.indices.map { row[$0] * gain[$0] + shift[$0] }
        }
        expectClose(y, affine, rtol: 1e-5, atol: 1e-5)
    }

    @Test(arguments: shapes) func softmaxRowsSumToOne(shape: [Int]) {
        let x = Tensor.random(shape, stream: "x", scale: 20)
        var p = x
        softmax(p.mutableRows)
        let expected = Tensor(mappingRowsOf: x) { row in
            let largest = row.reduce(-.infinity, max)
            let total = row.reduce(0) { $0 + exp($1 - largest) }
            return row.map { exp($0 - largest) / total }
        }
        expectClose(p, expected, rtol: 4e-6, atol: 1e-7)
        for row in 0..<shape[0] {
            #expect(abs(p[at: row].values.reduce(0) { $0 + Double($1) } - 1) < 1e-5)
        }
    }

    @Test func softmaxOfMaskedRows() {
        var x = Tensor([3, 3], [-.infinity, -.infinity, -.infinity, 0, -.infinity, 0, 1, .nan, 2])
        softmax(x.mutableRows)
        #expect(x[at: 0].values == [0, 0, 0])
        #expect(x[at: 1].values == [0.5, 0, 0.5])
        #expect(x[at: 2].values.allSatisfy { $0.isNaN })
    }

    /// To the bit: what a run computes must not depend on whether somebody listens to the scores.
    @Test(arguments: [0, 2, 37]) func causalSoftmaxSeesThePast(past: Int) {
        let x = Tensor.random([40, 40 + past], stream: "x")
        var (causal, masked) = (x, x)
        for query in 0..<40 {
            for key in past + query + 1..<max(40 + past, past + query + 1) {
                masked[query, key] = -.infinity
            }
        }
        softmax(causal.mutableRows, seeing: .causal(past: past))
        softmax(masked.mutableRows)
        #expect(causal.values == masked.values)
    }

    @Test func logSoftmaxMatchesDoublePrecision() {
        let x = Tensor.random([3, 1000], stream: "x", scale: 10)
        var y = x
        logSoftmax(y.mutableRows)
        let expected = Tensor(mappingRowsOf: x) { row in
            let largest = row.reduce(-.infinity, max)
            let normalizer = largest + log(row.reduce(0) { $0 + exp($1 - largest) })
            return row.map { $0 - normalizer }
        }
        expectClose(y, expected, rtol: 1e-6, atol: 2e-6)
    }

    @Test(arguments: Activation.allCases) func activationsMatchOverTheWholeRange(_ f: Activation) {
        let grid = (-4000...4000).map { Float($0) / 200 }
        let x = Tensor([1, grid.count], grid)
        var y = x
        f.apply(to: y.mutableRows)
        let expected = Tensor(computing: [1, grid.count]) { i in
            let x = Double(grid[i[1]])
            switch f {
            case .geluTanh:
                return 0.5 * x
                    * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
            case .gelu: return 0.5 * x * erfc(-x / 2.0.squareRoot())
            case .relu: return max(x, 0)
            }
        }
        expectClose(y, expected, rtol: 1e-6, atol: 1e-6)
    }

    @Test func resultsDoNotDependOnTheThreadCount() {
        let (x, w) = (
            Tensor.random([37, 768], stream: "x"), Tensor.random([768, 3072], stream: "w")
        )
        func layer() -> [Float] {
            var y = Tensor([37, 3072])
            multiply(x.rows, w.rows, into: y.mutableRows)
            Activation.geluTanh.apply(to: y.mutableRows)
            return y.values
        }
        let counts = [1, 2, 3, 8]
        let before = Threads.count
        defer { Threads.count = before }
        let results = counts.map { count in
            Threads.count = count
            return layer()
        }
        for result in results { #expect(result == results[0]) }
    }

    @Test func parallelForVisitsEveryIndexOnceAlsoNested() {
        var visits = Tensor([50, 20])
        let rows = visits.mutableRows
        parallelFor(50) { i in
            parallelFor(20) { j in rows[i][j] += 1 }
        }
        #expect(visits.values == [Float](repeating: 1, count: 1000))
    }
}

/// a b in double precision, a row of the result at a time.
private func product(_ a: Tensor, _ b: Tensor) -> Tensor {
    let n = b.shape[1]
    let right = b.values.map(Double.init)
    let rows = (0..<a.shape[0]).flatMap { row in
        var sums = [Double](repeating: 0, count: n)
        for (k, factor) in a[at: row].values.enumerated() {
            for column in 0..<n { sums[column] += Double(factor) * right[k * n + column] }
        }
        return sums.map { Float($0) }
    }
    return Tensor([a.shape[0], n], rows)
}

extension Tensor {
    /// Each row of a matrix through a function in double precision.
    fileprivate init(mappingRowsOf x: Tensor, _ map: ([Double]) -> [Double]) {
        self.init(
            x.shape,
            (0..<x.shape[0]).flatMap { row in
                map(x[at: row].values.map(Double.init)).map { Float($0) }
            })
    }
}
