import Kernels
public import Tensors

/// A part of a linear layer: some inputs through a part of the matrix to some outputs.
public struct LinearPart: Sendable {
    /// The columns of x.
    public let input: Range<Int>
    /// The rows and columns of the matrix as it is stored.
    public let weight: (rows: Range<Int>, columns: Range<Int>)
    /// The columns of y.
    public let output: Range<Int>

    /// Names a part.
    public init(
        input: Range<Int>, weight: (rows: Range<Int>, columns: Range<Int>), output: Range<Int>
    ) {
        (self.input, self.weight, self.output) = (input, weight, output)
    }
}

/// `y = x W + b`, or `y = x Wᵀ + b` of a matrix that is stored transposed; part by part.
///
/// ```
/// dx = dy Wᵀ,    dW = xᵀ dy,    db = Σ_rows dy
/// ```
struct Linear: Operation {
    let nodes: (x: Tape.Node?, weight: Tape.Node?, bias: Tape.Node?)
    /// `nil` where W's gradient is not needed.
    let x: Tensor?
    let weight: Tensor
    let isTransposed: Bool
    let parts: [LinearPart]
    /// The widths of x and y.
    let widths: (input: Int, output: Int)

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let (dy, matrix) = (gradient.rows(of: widths.output), weight.rows)
        let all = 0..<dy.count
        let weights = parts.reduce(0) { $0 + $1.weight.rows.count * $1.weight.columns.count }
        cotangents.add(
            to: nodes.weight, columns: matrix.columns, isWhole: weights == weight.count
        ) { dW, accumulating in
            guard let x = x?.rows(of: widths.input) else { return }
            for part in parts {
                let (x, dy) = (x[all, part.input], dy[all, part.output])
                multiply(
                    isTransposed ? dy : x, isTransposed ? x : dy,
                    into: dW[part.weight.rows, part.weight.columns], transposing: .left,
                    accumulating: accumulating)
            }
        }
        let biases = parts.reduce(0) { $0 + $1.output.count }
        let biasCount = isTransposed ? matrix.count : matrix.columns
        cotangents.add(
            to: nodes.bias, columns: biasCount, isWhole: biases == biasCount
        ) { db, accumulating in
            for part in parts {
                sumRows(
                    dy[all, part.output], into: db[0..<1, part.bias(isTransposed)],
                    accumulating: accumulating)
            }
        }
        let inputs = parts.reduce(0) { $0 + $1.input.count }
        cotangents.add(
            to: nodes.x, columns: widths.input, isWhole: inputs == widths.input
        ) { dx, accumulating in
            for part in parts {
                multiply(
                    dy[all, part.output], matrix[part.weight.rows, part.weight.columns],
                    into: dx[all, part.input], transposing: isTransposed ? .neither : .right,
                    accumulating: accumulating)
            }
        }
    }
}

extension LinearPart {
    /// The columns of the bias.
    fileprivate func bias(_ isTransposed: Bool) -> Range<Int> {
        isTransposed ? weight.rows : weight.columns
    }
}

extension Traced {
    /// `x W + b`.
    ///
    /// - Parameters:
    ///   - weight: W, [in, out], or [out, in] with `transposed`.
    ///   - bias: b, [out]; `nil` for none.
    /// - Returns: [row, out]; a row of x is all after its first axis.
    public func linear(_ weight: Tensor, _ bias: Tensor?, transposed: Bool = false) -> Traced {
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        let (input, output) = transposed ? (columns, rows) : (rows, columns)
        let part = LinearPart(
            input: 0..<input, weight: (0..<rows, 0..<columns), output: 0..<output)
        return linear(weight, bias, [part], into: [output], transposed: transposed)
    }

    /// Several linear layers at once, each with a part of one matrix and bias.
    ///
    /// - Parameters:
    ///   - weight: The matrix.
    ///   - bias: The biases, one for each output of the whole matrix; `nil` for none.
    ///   - parts: The layers; their outputs fill a row.
    ///   - shape: The shape of a row of outputs.
    /// - Returns: [row] + shape.
    public func linear(
        _ weight: Tensor, _ bias: Tensor?, _ parts: [LinearPart], into shape: [Int],
        transposed: Bool = false
    ) -> Traced {
        let widths = (
            input: self.shape.dropFirst().reduce(1, *), output: shape.reduce(1, *)
        )
        var y = Tensor(uninitialized: [self.shape[0]] + shape)
        let (x, out) = (value.rows(of: widths.input), y.mutableRows(of: widths.output))
        for part in parts {
            Kernels.linear(
                x[0..<x.count, part.input],
                weight: weight.rows[part.weight.rows, part.weight.columns], transposed: transposed,
                bias: bias?.rows[0..<1, part.bias(transposed)],
                into: out[0..<out.count, part.output])
        }
        let nodes = (x: node, weight: tape?.node(of: weight), bias: tape?.node(of: bias))
        return recording(y, from: [nodes.x, nodes.weight, nodes.bias]) {
            Linear(
                nodes: nodes, x: nodes.weight == nil ? nil : value, weight: weight,
                isTransposed: transposed, parts: parts, widths: widths)
        }
    }
}
