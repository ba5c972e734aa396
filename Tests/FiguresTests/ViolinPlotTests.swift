import Figures
import Results
import Tensors
import Testing

/// Violins of groups with different numbers of values.
@Suite struct ViolinPlotTests {
    private func array(_ rows: [[Float]]) -> LabelledArray {
        let width = rows.map(\.count).max() ?? 0
        let values = rows.flatMap { $0 + [Float](repeating: .nan, count: width - $0.count) }
        return LabelledArray(
            "encoder", quantity: Quantity("h"),
            axes: [
                Axis("group", labels: rows.indices.map { "group \($0)" }),
                Axis("text", count: width),
            ], values: Tensor([rows.count, width], values))
    }

    private let spread = (0..<200).map { Float($0 % 17) / 17 - 0.3 }

    @Test(arguments: FigureFormat.allCases) func everyFormat(_ format: FigureFormat) throws {
        let plot = try ViolinPlot(array([spread, [0.5, 0.6], []]))
        #expect(try plot.encoded(as: format).count > 500)
        #expect(try plot.encoded(as: format) == plot.encoded(as: format))
    }

    @Test func valuesThatDoNotVary() throws {
        for rows in [[[Float](repeating: 1, count: 20)], [[.nan, .infinity]], [[]], []] {
            #expect(try !ViolinPlot(array(rows)).encoded(as: .svg).isEmpty)
        }
    }

    @Test func quartilesAreShown() throws {
        let text = try ViolinPlot(array([[1, 2, 3, 4, 5], [0]])).preview(colour: false, width: 80)
        #expect(text.contains("2.000    3.000    4.000") && text.contains("group 1"))
        #expect(throws: FigureError.self) {
            try ViolinPlot(
                LabelledArray(
                    "a", quantity: Quantity("h"), axes: [Axis("b", count: 1)], values: Tensor([1])))
        }
    }
}
