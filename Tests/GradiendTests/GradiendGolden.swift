import Foundation
import Gradiend
import Models
import Tensors
import TestSupport

/// The reference run of the Python package: a tiny model, gradients, three steps, rewritings.
struct GradiendGolden {
    /// What was computed at one place of the label.
    struct Place: Decodable {
        struct Step: Decodable {
            let h: [Double]
            let loss: Double
        }

        let factual_loss: Double
        let counterfactual_loss: Double
        let input_ids: [[Int]]
        let attention_mask: [[Int]]
        let labels: [[Int]]
        let step1, step2, step3: Step
        let values: [String: Double]
        let top: [String: [Int]]

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            let plain = try container.decode(Plain.self)
            (factual_loss, counterfactual_loss) = (plain.factual_loss, plain.counterfactual_loss)
            (input_ids, attention_mask) = (plain.input_ids, plain.attention_mask)
            labels = plain.labels
            (step1, step2, step3) = (plain.step1, plain.step2, plain.step3)
            let mixed = try container.decode([String: Mixed].self)
            values = mixed.compactMapValues(\.number)
            top = mixed.compactMapValues(\.list)
        }

        private struct Plain: Decodable {
            let factual_loss, counterfactual_loss: Double
            let input_ids, attention_mask, labels: [[Int]]
            let step1, step2, step3: Step
        }

        private struct Mixed: Decodable {
            var number: Double?
            var list: [Int]?

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                number = try? container.decode(Double.self)
                list = try? container.decode([Int].self)
            }
        }

        /// The labels as predictions: of a causal model shifted by one, as its loss is; of a masked
        /// model where they stand.
        func predictions(of token: Int, isMasked: Bool) -> [Prediction] {
            if isMasked {
                return zip(zip(input_ids, attention_mask), labels).map { text, labels in
                    let length = text.1.reduce(0, +)
                    return Prediction(
                        tokens: Array(text.0[..<length]),
                        labels: labels.indices.filter { labels[$0] >= 0 }.map {
                            Prediction.Label(position: $0, token: token)
                        })
                }
            }
            return causalPredictions(of: token)
        }

        private func causalPredictions(of token: Int) -> [Prediction] {
            zip(zip(input_ids, attention_mask), labels).map { text, labels in
                let position = labels.firstIndex { $0 >= 0 } ?? 0
                return Prediction(of: token, after: Array(text.0[..<position]))
            }
        }
    }

    struct File: Decodable {
        struct Part: Decodable {
            let name: String
            let shape: [Int]
        }

        let places: [String: Place]
        let param_map: [Part]
    }

    let family: String
    let file: File
    let tensors: GoldenTensors
    let model: Transformer

    init(_ family: String) throws {
        self.family = family
        let folder = "gradiend/\(family)"
        file = try JSONDecoder().decode(
            File.self, from: Data(try Repository.bytes(Repository.golden(folder + "/golden.json"))))
        tensors = try GoldenTensors(folder + "/golden.safetensors")
        model = try Transformer.load(Repository.golden(folder + "/base"))
    }

    /// The ids of "he" and "she".
    static let (he, she) = (6, 7)

    func contrasts(at place: Place) -> [Contrast] {
        let isMasked = family == "bert"
        return zip(
            place.predictions(of: Self.he, isMasked: isMasked),
            place.predictions(of: Self.she, isMasked: isMasked)
        ).map { Contrast(factual: $0, alternative: $1) }
    }

    /// The four tensors under a prefix as an encoder-decoder.
    func encoderDecoder(_ prefix: String) throws -> EncoderDecoder {
        EncoderDecoder(
            encoderWeight: try tensors(prefix + "encoder.0.linear.weight"),
            encoderBias: try tensors(prefix + "encoder.0.linear.bias").values[0],
            decoderWeight: try tensors(prefix + "decoder.0.linear.weight"),
            decoderBias: try tensors(prefix + "decoder.0.linear.bias"))
    }
}
