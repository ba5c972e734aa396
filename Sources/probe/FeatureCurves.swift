import ArgumentParser
import Figures
import Gradiend
import Results
import Tensors

/// What is shaded about a mean.
enum CurveBand: String, CaseIterable, ExpressibleByArgument {
    case minmax, iqr, ci95, none

    /// The ends for some values; a confidence interval is the mean ± 1.96 standard errors.
    func ends(_ values: EncoderMetrics.Distribution) -> (lower: Double, upper: Double)? {
        let half = 1.96 * values.std / Double(values.n).squareRoot()
        return switch self {
        case .minmax: (values.min, values.max)
        case .iqr: (values.q1, values.q3)
        case .ci95: (values.mean - half, values.mean + half)
        case .none: nil
        }
    }
}

/// The course of a run: h by label and by class, and the correlation, over the steps.
struct FeatureCurves {
    /// Series by statistic and step: the mean, and the ends of the band.
    var array: LabelledArray
    private let record: TrainingRecord
    /// Of the series, within a panel.
    private let names: [String]
    private let panels: [(title: String, series: Range<Int>)]
    private let band: CurveBand

    private static let statistics = ["mean", "lower", "upper"]

    init(_ record: TrainingRecord, _ classes: ClassPair, band: CurveBand) {
        (self.record, self.band) = (record, band)
        typealias Series = (name: String, (TrainingEvaluation) -> EncoderMetrics.Distribution?)
        let labels = [("1.0", classes.positive), ("-1.0", classes.negative), ("0.0", "neutral")]
        let byLabel = labels.filter { label, _ in
            record.evaluations.contains { $0.labels[label] != nil }
        }.map { label, name -> Series in (name, { $0.labels[label] }) }
        // With two classes alone they would be the same lines again.
        let others = Set(record.evaluations.flatMap(\.classes.keys))
            .subtracting([classes.positive, classes.negative])
        let byClass =
            others.isEmpty
            ? []
            : ([classes.positive, classes.negative] + others.sorted())
                .map { name -> Series in (name, { $0.classes[name] }) }
        var values: [Float] = []
        for (_, value) in byLabel + byClass {
            let groups = record.evaluations.map(value)
            values += groups.map { Float($0?.mean ?? .nan) }
            values += groups.map { Float($0.flatMap(band.ends)?.lower ?? .nan) }
            values += groups.map { Float($0.flatMap(band.ends)?.upper ?? .nan) }
        }
        values += record.evaluations.map { Float($0.correlation ?? .nan) }
        values += [Float](repeating: .nan, count: 2 * record.evaluations.count)
        let (first, second) = (byLabel.count, byLabel.count + byClass.count)
        panels =
            [
                ("Mean h by \(byClass.isEmpty ? "class" : "label")", 0..<first),
                ("Mean h by class", first..<second),
            ]
            .filter { !$0.1.isEmpty } + [("Correlation", second..<second + 1)]
        let series =
            byLabel.map { "mean h \(byClass.isEmpty ? "" : "with label of ")\($0.name)" }
            + byClass.map { "mean h \($0.name)" } + ["correlation"]
        array = LabelledArray(
            "gradiend-train", quantity: Quantity("encoder on validation texts"),
            axes: [
                Axis("series", labels: series), Axis("statistic", labels: Self.statistics),
                Axis("step", labels: record.evaluations.map { "\($0.step)" }),
            ],
            values: Tensor([series.count, 3, record.evaluations.count], values),
            summary: [
                ("best step", Double(record.bestEvaluation?.step ?? 0)),
                ("best correlation", record.bestEvaluation?.correlation ?? .nan),
                ("converged", record.converged ? 1 : 0), ("seconds", record.seconds),
            ])
        names = (byLabel + byClass).map(\.name) + ["correlation"]
    }

    /// The panels, one below the other, with the best step marked.
    ///
    /// - Parameter title: The words above them.
    func figure(title: String) throws -> LinePanels {
        let mark = record.bestEvaluation.map { ReferenceLine(Double($0.step), "best step") }
        return try LinePanels(
            array,
            panels.enumerated().map { number, panel in
                var style = LinePlot.Style(
                    title: number == 0 ? title : "", limits: -1.05...1.05)
                style.marks = mark.map { [number == 0 ? $0 : ReferenceLine($0.value)] } ?? []
                let rows = Self.statistics.indices.map { part($0, panel.series, panel.title) }
                let hasBand = band != .none && panel.title != "Correlation"
                return try LinePlot(
                    rows[0], band: hasBand ? (rows[1], rows[2]) : nil, style: style)
            })
    }

    /// One statistic of some series.
    private func part(_ statistic: Int, _ series: Range<Int>, _ title: String) -> LabelledArray {
        let steps = array.axes[2]
        let values = series.flatMap { line -> ArraySlice<Float> in
            let start = (line * Self.statistics.count + statistic) * steps.count
            return array.values.values[start..<start + steps.count]
        }
        let isAlone = series.count == 1
        return LabelledArray(
            array.name, quantity: Quantity(title),
            axes: (isAlone ? [] : [Axis("series", labels: series.map { names[$0] })]) + [steps],
            values: Tensor((isAlone ? [] : [series.count]) + [steps.count], values))
    }
}
