public import Results
import Tensors

extension LabelledArray {
    /// How many of their largest weights features have in common: what a Venn diagram shows, and
    /// stays exact with more sets than circles can.
    ///
    /// Each weight among any feature's largest is counted once, with all the features that have it
    /// among theirs. Lex et al. 2014, UpSet, https://doi.org/10.1109/TVCG.2014.2346248.
    ///
    /// - Parameters:
    ///   - features: Two or more of one base model.
    ///   - names: What they are called.
    ///   - count: How many of the largest weights of each.
    ///   - part: Of which vector.
    /// - Returns: [intersection, feature], the largest first: the number of weights at those that
    ///   have them, and nothing at the others.
    public init(
        weightsInCommonOf features: [Feature], names: [String], top count: Int,
        by part: VectorPart = .decoderWeight
    ) {
        var owners: [WeightPlace: [Int]] = [:]
        for (index, feature) in features.enumerated() {
            for place in feature.largestWeights(count, by: part).keys {
                owners[place, default: []].append(index)
            }
        }
        let counts = Dictionary(grouping: owners.values) { $0 }.map { ($0.key, $0.value.count) }
            .sorted { a, b in
                a.1 != b.1 ? a.1 > b.1 : a.0.lexicographicallyPrecedes(b.0)
            }
        self.init(
            "gradiend-common", quantity: Quantity("weights among the \(count) largest"),
            axes: [
                Axis(
                    "intersection",
                    labels: counts.map { $0.0.map { names[$0] }.joined(separator: " & ") }),
                Axis("feature", labels: names),
            ],
            values: Tensor(
                [counts.count, names.count],
                counts.flatMap { members, size in
                    names.indices.map { members.contains($0) ? Float(size) : .nan }
                }))
        omitsMissing = true
    }
}
