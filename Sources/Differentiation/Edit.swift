import Kernels
public import Tensors

/// A change from outside, such as a hook's, that says what it does to gradients.
struct Edit: Operation {
    let input: Tape.Node?
    let pullback: (inout Tensor) -> Void

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        pullback(&gradient)
        cotangents.add(gradient, to: input)
    }
}

/// A value whose gradient somebody asked for.
struct Observation: Operation {
    let input: Tape.Node?
    let receive: (Tensor) -> Void

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        receive(copy gradient)
        cotangents.add(gradient, to: input)
    }
}

extension Traced {
    /// Changes the value from outside.
    ///
    /// What `body` does is not seen. With `pullback` its gradient is exact. Without, the gradient
    /// flows through the elements that are the same afterwards, bit for bit, and those that differ
    /// count as constants: exact for replacing some elements by given numbers.
    ///
    /// - Parameters:
    ///   - pullback: Turns the gradient with respect to the changed value into that with respect to
    ///     the value before, of the shape that `body` sees.
    ///   - body: Changes the value, in place or as a whole.
    public mutating func edit(
        pullback: ((inout Tensor) -> Void)? = nil, _ body: (inout Tensor) -> Void
    ) {
        guard let input = node else { return overwrite(body) }
        let before = value
        overwrite(body)
        let shape = value.shape
        if let pullback {
            self = recording(value, from: [input]) {
                Edit(input: input) { gradient in
                    gradient = gradient.reshaped(shape)
                    pullback(&gradient)
                }
            }
        } else if let kept = value.unchanged(since: before) {
            self = recording(value, from: [input]) {
                Edit(input: input) { gradient in
                    let columns = kept.count
                    let (rows, mask) = (gradient.mutableRows(of: columns), kept.rows(of: columns))
                    for i in 0..<columns where mask[0][i] == 0 { rows[0][i] = 0 }
                }
            }
        }
    }

    /// Asks for the gradient with respect to this value, of its shape.
    ///
    /// - Parameter receive: Called during the walk back; with zeros if nothing depended on it.
    public mutating func observe(_ receive: @escaping (Tensor) -> Void) {
        let shape = value.shape
        self = recorded(Observation(input: node) { receive($0.reshaped(shape)) })
    }
}

extension Tensor {
    /// 1 where an element has the same bits as before, else 0; `nil` if all have.
    fileprivate func unchanged(since before: Tensor) -> Tensor? {
        let columns = max(count, 1)
        let (new, old) = (rows(of: columns), before.rows(of: columns))
        guard count > 0, new.base != old.base else { return nil }
        var mask = Tensor(uninitialized: [count])
        let out = mask.mutableRows
        var differ = false
        for i in 0..<count {
            let isSame = new[0][i].bitPattern == old[0][i].bitPattern
            out[0][i] = isSame ? 1 : 0
            differ = differ || !isSame
        }
        return differ ? mask : nil
    }
}
