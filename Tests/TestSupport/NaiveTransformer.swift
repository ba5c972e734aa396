import Glibc
public import Models
import Tensors

/// The GPT-2 forward pass by naive loops in double precision, on one sequence.
public struct NaiveTransformer {
    private let config: TransformerConfig
    /// By name; see `WeightEntry`.
    public var weights: [String: [Double]]

    /// Takes a model's weights.
    public init(_ model: Transformer) {
        config = model.config
        weights = Dictionary(
            uniqueKeysWithValues: model.weights.entries.map { entry in
                (entry.name, model.weights[keyPath: entry.path].values.map { Double($0) })
            })
    }

    /// The mean of −log p of each next token, in nats.
    public func loss(_ tokens: [Int]) -> Double {
        let d = config.dModel
        let (embed, positions) = (weights["embed.W_E"] ?? [], weights["pos_embed.W_pos"] ?? [])
        var resid = tokens.enumerated().map { pos, token in
            (0..<d).map { embed[token * d + $0] + positions[pos * d + $0] }
        }
        for layer in 0..<config.nLayers {
            let block = "blocks.\(layer)"
            let z = attention(block, resid.map { norm("\(block).ln1", $0) })
            resid = sum(resid, z.map { linear("\(block).attn.", "O", $0) })
            let hidden = resid.map { x in
                linear("\(block).mlp.", "in", norm("\(block).ln2", x)).map(gelu)
            }
            resid = sum(resid, hidden.map { linear("\(block).mlp.", "out", $0) })
        }
        let unembed = weights["unembed.W_U"] ?? []
        let losses = tokens.indices.dropLast().map { pos in
            let x = norm("ln_final", resid[pos])
            let logits = (0..<config.dVocab).map { token in
                (0..<d).reduce(0.0) { $0 + x[$1] * unembed[token * d + $1] }
            }
            return log(logits.reduce(0) { $0 + exp($1) }) - logits[tokens[pos + 1]]
        }
        return losses.reduce(0, +) / Double(losses.count)
    }

    private func sum(_ x: [[Double]], _ y: [[Double]]) -> [[Double]] {
        zip(x, y).map { zip($0, $1).map(+) }
    }

    private func norm(_ name: String, _ x: [Double]) -> [Double] {
        let (gain, shift) = (weights["\(name).w"] ?? [], weights["\(name).b"] ?? [])
        let mean = x.reduce(0, +) / Double(x.count)
        let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
        let scale = (variance + Double(config.layerNormEps)).squareRoot()
        return x.indices.map { (x[$0] - mean) / scale * gain[$0] + shift[$0] }
    }

    /// x W + b of `W_<name>` and `b_<name>`.
    private func linear(_ prefix: String, _ name: String, _ x: [Double]) -> [Double] {
        let (matrix, bias) = (
            weights["\(prefix)W_\(name)"] ?? [], weights["\(prefix)b_\(name)"] ?? []
        )
        return bias.indices.map { column in
            x.indices.reduce(bias[column]) { $0 + x[$1] * matrix[$1 * bias.count + column] }
        }
    }

    private func gelu(_ x: Double) -> Double {
        let u = (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
        return x / 2 * (1 + tanh(u))
    }

    /// z of all heads side by side, for each position.
    private func attention(_ block: String, _ x: [[Double]]) -> [[Double]] {
        let (heads, width) = (config.nHeads, config.dHead)
        let qkv = x.map { linear("\(block).attn.", "QKV", $0) }
        return x.indices.map { query in
            (0..<heads).flatMap { head -> [Double] in
                func part(_ third: Int, _ pos: Int) -> ArraySlice<Double> {
                    let start = (third * heads + head) * width
                    return qkv[pos][start..<start + width]
                }
                let weights = (0...query).map { key -> Double in
                    let score = zip(part(0, query), part(1, key)).reduce(0) { $0 + $1.0 * $1.1 }
                    return exp(score / Double(width).squareRoot())
                }
                let total = weights.reduce(0, +)
                return (0..<width).map { i in
                    (0...query).reduce(0) { sum, key in
                        let v = part(2, key)
                        return sum + weights[key] / total * v[v.startIndex + i]
                    }
                }
            }
        }
    }
}
