public import Models
import Tensors

/// How a model is moved along a feature.
public struct Rewriting: Sendable, Hashable, Codable {
    /// f, in place of h.
    public var factor: Double
    /// α: what the vector is multiplied by; keeps its sign.
    public var rate: Double
    /// Which vector; those other than the decoder's do not depend on f.
    public var part: String
    /// The share of the vector's elements that are used, those with the largest magnitudes; `nil`
    /// for all.
    public var top: Double?

    /// θ + α dec(f).
    public init(
        factor: Double, rate: Double, part: VectorPart = .decoder, top: Double? = nil
    ) {
        self.factor = factor
        self.rate = rate
        self.part = part.rawValue
        self.top = top
    }

    /// Nothing.
    public static let none = Rewriting(factor: 0, rate: 0)
}

extension Feature {
    /// A model moved along the feature: θ + α dec(f), on the weights of the map.
    ///
    /// The model itself stays as it is, bit for bit; the two share the weights that are not in the
    /// map. To undo a rewriting, go back to the model.
    ///
    /// - Parameters:
    ///   - model: The base model.
    ///   - rewriting: How.
    public func rewriting(_ model: Transformer, _ rewriting: Rewriting) throws -> Transformer {
        guard rewriting.rate.isFinite, rewriting.factor.isFinite else {
            throw GradiendError.badOption("the factor and the rate must be finite numbers")
        }
        guard rewriting.rate != 0 else { return model }
        guard let part = VectorPart(rawValue: rewriting.part) else {
            throw GradiendError.badOption(
                "there is no vector \(quoted(rewriting.part)); there are "
                    + VectorPart.allCases.map(\.rawValue).joined(separator: ", "))
        }
        var vector = neuron.vector(part, factor: rewriting.factor)
        if let top = rewriting.top {
            guard top > 0, top <= 1 else {
                throw GradiendError.badOption("the share used is \(top); give one in (0, 1]")
            }
            // As the paper's code rounds: down.
            let count = Int(top * Double(vector.count))
            guard count > 0 else {
                throw GradiendError.badOption(
                    "a share of \(top) of \(vector.count) elements is none of them; give more")
            }
            var kept = Tensor(vector.shape)
            let (from, to) = (vector.rows.elements, kept.mutableRows.elements)
            for place in largestElements(of: vector, count: count) { to[place] = from[place] }
            vector = kept
        }
        return try map.moving(model, along: vector, by: rewriting.rate)
    }
}
