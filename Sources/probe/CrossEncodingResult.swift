public import ArgumentParser
import Figures
public import Gradiend
import Results
import Tensors

extension CrossEncoding {
    /// The matrix [feature, rows] as a result.
    func array(
        _ name: String, _ value: Value, isDivided: Bool = false, features: [String],
        pairs: [ClassPair]
    ) -> LabelledArray {
        let values = matrix(value, dividingByDiagonal: isDivided)
        return LabelledArray(
            name, quantity: Quantity(value.title + (isDivided ? " by that of own rows" : "")),
            axes: [
                Axis("feature", labels: features),
                Axis("rows", labels: pairs.map { "\($0.positive), \($0.negative)" }),
            ],
            values: Tensor([features.count, pairs.count], values.joined().map { Float($0) }))
    }
}

extension HeatmapOptions {
    /// The style of a map of what neurons say, whose values without division are −1 to 1, or −2 to
    /// 2 of differences.
    func style(
        encoding value: CrossEncoding.Value, isDivided: Bool = false, count: Int
    ) -> Heatmap.Style {
        var style = style(title: "")
        style.limits = isDivided ? nil : value == .difference ? -2...2 : -1...1
        if count <= 12 { style.cellDecimals = 2 }
        return style
    }
}

extension CrossEncoding.Value: ExpressibleByArgument {
    /// In words.
    var title: String {
        switch self {
        case .positive: "mean h of the positive class"
        case .negative: "mean h of the negative class"
        case .difference: "difference of mean h"
        }
    }
}
