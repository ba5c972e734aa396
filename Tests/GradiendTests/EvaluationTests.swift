import Gradiend
import Models
import Tensors
import TestSupport
import Testing

/// Metrics of hand-made values.
@Suite struct EvaluationTests {
    private let pair = ClassPair(positive: "she", negative: "he")

    private func row(_ h: Double, _ label: Double, _ kind: EncodedRow.Kind = .training)
        -> EncodedRow
    {
        let classes = label > 0 ? ("he", "she") : ("she", "he")
        let row = FeatureRow(
            masked: "a [MASK]", split: .test, classes: classes, words: classes)
        return kind == .training
            ? EncodedRow(row, label: label, h: h)
            : EncodedRow(
                neutral: kind, text: "a, b", input: ("a, [MASK]", "a, ", "b"), h: h)
    }

    @Test func metrics() {
        let rows = [
            row(0.9, 1), row(0.8, 1), row(0.2, 1), row(-0.9, -1), row(-0.6, -1), row(0.1, -1),
            row(0, 0, .neutralDataset), row(0.7, 0, .neutralTrainingMasked),
        ]
        let metrics = EncoderMetrics(rows, reading: .alternative)
        #expect(abs(metrics.acc_genter - 5 / 6) < 1e-12)
        #expect(metrics.acc_best_threshold == 1 && metrics.best_threshold == 0.2)
        // Two of three, two of three, one of two.
        #expect(abs(metrics.acc_enc - (2 / 3 + 2 / 3 + 0.5) / 3) < 1e-12)
        #expect(metrics.all_data.accuracy == 5 / 8 && metrics.training_only.accuracy == 4 / 6)
        #expect(metrics.groups["she"]?.n == 3 && metrics.groups["he"]?.max == 0.1)
        #expect(metrics.groups["neutral_dataset"]?.abs_mean == 0)
        #expect(abs((metrics.mean_by_target["she"]?["she"] ?? 0) - 1.9 / 3) < 1e-12)
        #expect(metrics.split_generalization == nil)
        // r of the six, by hand: Σ h y = 3.3, Σ h² = 2.67, mean h = 0.5/6.
        let r = 3.3 / (6 * (2.67 - 0.25 / 6)).squareRoot()
        #expect(abs((metrics.cor_genter ?? 0) - r) < 1e-12)
    }

    /// An encoder that says one thing has no correlation, and nothing stops.
    @Test func constantValues() {
        let metrics = EncoderMetrics([row(0.5, 1), row(0.5, -1)], reading: .alternative)
        #expect(metrics.cor_genter == nil && metrics.spearman == nil && metrics.acc_genter == 0.5)
        let none = EncoderMetrics([], reading: .factual)
        #expect(none.cor_enc == nil && none.groups.isEmpty)
    }

    /// One line a row, with the package's columns in its order.
    @Test func table() {
        let rows = [row(0.5, 1), row(-0.25, -1), row(0.1, 0, .neutralDataset)]
        let lines = rows.csv(reading: .alternative, classes: pair).split(separator: "\n")
        #expect(lines[0].split(separator: ",").count == 20)
        #expect(
            lines[1] == "a he,0.5,1.0,she,she,1,1,training,she,he,she,a [MASK],test,he,she,1,"
                + "alternative,a [MASK],a [MASK],")
        #expect(lines[2].hasPrefix("a she,-0.25,-1.0,he,he,0,0,training,he,she,he,"))
        #expect(
            lines[3]
                == "\"a, b\",0.1,0.0,neutral,neutral,,,neutral_dataset,b,b,,\"a, [MASK]\",test,"
                + ",,,factual,\"a, \",\"a, [MASK]\",neutral_dataset")
    }
}
