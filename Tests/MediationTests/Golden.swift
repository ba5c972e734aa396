import Mediation
import Tensors
import TestSupport

/// What Tests/Golden/mediation/make_golden.py wrote.
struct Golden: Decodable {
    struct Neurons: Decodable {
        let probabilities: [[Double]]
        let ratios: [String: [[Double]]]
        let alpha: [Double]
        let set: [Double]
        let wholeSites: [Double]
        let allSites: Double

        enum CodingKeys: String, CodingKey {
            case probabilities, ratios, alpha, set
            case wholeSites = "whole sites"
            case allSites = "all sites"
        }
    }

    struct Effects: Decodable {
        let head: [[Double]]
        let layer: [Double]
        let model: Double
    }

    struct Item: Decodable {
        let inputs: [[Int]]
        let candidates: [[Int]]
        let scores: [[Double]]
        let total: Double
        let indirect: Effects
        let direct: Effects

        var tokens: HeadTokens {
            HeadTokens(base: inputs[0], alternative: inputs[1], candidates: candidates)
        }
    }

    struct Choice: Decodable {
        let parts: [[Int]]
        let values: [Double]
    }

    struct Heads: Decodable {
        let topK: Choice
        let greedy: Choice
        let single: [Double]

        enum CodingKeys: String, CodingKey {
            case greedy, single
            case topK = "top-k"
        }
    }

    struct SelectedNeurons: Decodable {
        let single: [Double]
        let topK: Choice
        let greedy: Choice
        let topKOfBlock0: Choice
        let wholeSites: [Double]

        enum CodingKeys: String, CodingKey {
            case single, greedy
            case topK = "top-k"
            case topKOfBlock0 = "top-k of block 0"
            case wholeSites = "whole sites"
        }
    }

    let checks: [String: Double]
    let neurons: Neurons
    let items: [Item]
    let heads: Heads
    let selectedNeurons: SelectedNeurons

    enum CodingKeys: String, CodingKey {
        case checks, neurons, items, heads
        case selectedNeurons = "selected neurons"
    }

    static func read() throws -> Golden {
        try decodeJSON(
            Golden.self, from: Repository.bytes(Repository.golden("mediation/golden.json")))
    }
}

/// The prompts of the neurons' golden values.
enum GoldenPrompt {
    static let candidates = [[4], [6]]

    /// A prompt of a word with two tokens' tail.
    static func make(_ word: Int, tail: [Int] = [11, 2], bias: Double = 0) -> NeuronPrompt {
        NeuronPrompt(
            word: Profession("word \(word)", definitional: 0, stereotypical: bias),
            tokens: [word, 5, 9].map { [3, $0] + tail }, positions: [1, 1, 1],
            candidates: candidates)
    }

    /// The pool of the selection's golden values: female words, then male ones, for each tail.
    static var pool: [NeuronPrompt] {
        [[11, 2], [16, 8, 1]].flatMap { tail in
            [7, 12].map { make($0, tail: tail, bias: -0.5) }
                + [15, 18, 10].map { make($0, tail: tail, bias: 0.5) }
        }
    }
}

/// Whether two numbers agree to a share.
func isClose(_ a: Double, _ b: Double, _ share: Double = 1e-4) -> Bool {
    abs(a - b) <= share * max(1, abs(b))
}
