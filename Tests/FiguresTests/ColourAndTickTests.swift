import Figures
import Testing

@Suite("Colours and ticks")
struct ColourAndTickTests {
    @Test("the diverging map is red, neutral, blue, and its arms are equally light")
    func diverging() {
        let map = ColourMap.redBlue
        let (low, middle, high) = (map.colour(at: 0), map.colour(at: 0.5), map.colour(at: 1))
        #expect(low.red > 2 * low.blue && high.blue > 2 * high.red)
        #expect(abs(middle.red - middle.blue) < 0.005 && middle.red > 0.95)
        for step in 0...20 {
            let (below, above) = (
                map.colour(at: Double(20 - step) / 40), map.colour(at: 0.5 + Double(step) / 40)
            )
            #expect(abs(below.luminance - above.luminance) < 0.07)
        }
        #expect(map.colour(at: -3) == low && map.colour(at: 7) == high)
    }

    @Test("maps grow darker without a step", arguments: [ColourMap.blues])
    func monotone(map: ColourMap) {
        let luminances = (0...100).map { map.colour(at: Double($0) / 100).luminance }
        #expect(zip(luminances, luminances.dropFirst()).allSatisfy { $0 > $1 && $0 - $1 < 0.03 })
    }

    @Test("text on any colour contrasts 4.5 : 1 or better")
    func contrast() {
        for step in 0...100 {
            let colour = ColourMap.redBlue.colour(at: Double(step) / 100)
            let pair = [colour.luminance, colour.contrasting.luminance].sorted()
            #expect((pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5)
        }
    }

    @Test(
        "ticks are nice numbers",
        arguments: [
            (-1.01, 1.01, 5, ["−1.0", "−0.5", "0.0", "0.5", "1.0"], 0),
            (0, 1, 3, ["0.0", "0.5", "1.0"], 0),
            (0, 12, 4, ["0", "5", "10"], 0),
            (-3e-7, 3e-7, 4, ["−2", "0", "2"], -7),
            (0, 250_000, 3, ["0", "1", "2"], 5),
            (0.2, 0.21, 3, ["0.200", "0.205", "0.210"], 0),
        ])
    func ticks(low: Double, high: Double, count: Int, labels: [String], exponent: Int) {
        let ticks = Ticks(low...high, count: count)
        #expect(ticks.labels == labels)
        #expect(ticks.exponent == exponent)
        #expect(ticks.values.allSatisfy { $0 >= low - 1e-9 && $0 <= high + 1e-9 })
    }

    @Test("the preview without colour is a table, aligned, with two decimals")
    func table() throws {
        let map = try Heatmap(Sample.array(2, 3), style: .init(origin: .bottom))
        #expect(
            map.preview(colour: false) == """
                Layer      0      1      2
                    1   0.40   1.00  -0.60
                    0  -1.00  -0.40   0.20

                """)
    }

    @Test("the coloured preview has two columns a cell and a legend")
    func coloured() throws {
        let text = try Heatmap(Sample.array(2, 3)).preview(colour: true)
        let lines = text.split(separator: "\n")
        #expect(lines[0].hasPrefix("    0 \u{1b}[48;2;"))
        #expect(lines[0].count { $0 == "m" } == 4)
        #expect(lines.last?.hasSuffix("1.00  normalised logit difference") == true)
    }

    @Test("the preview keeps to the terminal's width", arguments: [40, 80])
    func width(width: Int) throws {
        let text = try Heatmap(Sample.array(70, 400)).preview(colour: false, width: width)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= width })
        #expect(text.contains("6 more rows"))
    }
}
