import Kernels
public import Tensors

/// `y = x · w + b` in each row: a norm's last step.
///
/// ```
/// dx = dy · w,    dw = Σ_rows dy · x,    db = Σ_rows dy
/// ```
struct GainAndShift: Operation {
    let nodes: (x: Tape.Node?, gain: Tape.Node?, shift: Tape.Node?)
    let x: Tensor
    let gain: Tensor

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let dy = gradient.mutableRows
        cotangents.add(to: nodes.shift, columns: dy.columns) { db, accumulating in
            sumRows(dy.reading, into: db, accumulating: accumulating)
        }
        cotangents.add(to: nodes.gain, columns: dy.columns) { dw, accumulating in
            var products = x
            let rows = products.mutableRows
            for row in 0..<rows.count {
                let (product, dy) = (rows[row], dy[row])
                for i in 0..<dy.count { product[i] *= dy[i] }
            }
            sumRows(rows.reading, into: dw, accumulating: accumulating)
        }
        scaleAndShift(dy, gain: gain.rows, shift: nil)
        cotangents.add(gradient, to: nodes.x)
    }
}

extension Traced {
    /// Multiplies each row of the last axis by a gain and adds a shift, [d_model] each.
    public func scaledAndShifted(gain: Tensor, shift: Tensor) -> Traced {
        var y = value
        scaleAndShift(y.mutableRows, gain: gain.rows, shift: shift.rows)
        let nodes = (x: node, gain: tape?.node(of: gain), shift: tape?.node(of: shift))
        return recording(y, from: [nodes.x, nodes.gain, nodes.shift]) {
            GainAndShift(nodes: nodes, x: value, gain: gain)
        }
    }
}
