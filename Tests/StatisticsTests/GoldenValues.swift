import Tensors
import TestSupport

/// Values of scipy; `Tests/Golden/statistics/make_golden.py` made them.
struct GoldenValues: Decodable {
    struct Ranking: Decodable {
        let scores: [Double]
        let positive: [Bool]
        let area: Double
    }

    struct Correlation: Decodable {
        let x: [Double]
        let y: [Double]
        let pearson: Double
        let spearman: Double
    }

    struct SignFlips: Decodable {
        let effects: [Double]
        let p: Double
    }

    struct Discoveries: Decodable {
        let p: [Double]
        let adjusted: [Double]
    }

    struct Bootstrap: Decodable {
        let values: [Double]
        let lower: Double
        let upper: Double
    }

    struct Samples: Decodable {
        let x: [Double]
        let y: [Double]
        let t: Double
        let p: Double
    }

    let rankings: [Ranking]
    let correlations: [Correlation]
    let sign_flips: [SignFlips]
    let discoveries: [Discoveries]
    let bootstraps: [Bootstrap]
    let samples: [Samples]

    static func load() throws -> GoldenValues {
        try decodeJSON(
            GoldenValues.self,
            from: Repository.bytes(Repository.golden("statistics/golden.json")))
    }
}

/// Whether two numbers agree to double precision.
func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-12) -> Bool {
    abs(a - b) <= tolerance * max(1, abs(b))
}
