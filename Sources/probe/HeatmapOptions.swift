import ArgumentParser
import Figures

/// The page of a figure.
struct PageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The words above the plot; empty for none.", valueName: "text"))
    var title: String?

    @Option(
        name: .customLong("width"),
        help: ArgumentHelp(
            "The figure's width, 2 to 40; of several panels each one's, two side by side. "
                + "(default: 3.25)", valueName: "inches"))
    var givenWidth: Double?

    /// The width, a paper's column unless one was given.
    var width: Double { givenWidth ?? 3.25 }

    @Option(help: ArgumentHelp("Pixels per inch of a PNG, 30 to 2400.", valueName: "number"))
    var dpi = 300.0

    func validate() throws {
        guard (2...40).contains(width) else {
            throw ValidationError("--width takes 2 to 40 inches")
        }
        guard (30...2400).contains(dpi) else { throw ValidationError("--dpi takes 30 to 2400") }
    }
}

/// How a heat map is drawn.
struct HeatmapOptions: ParsableArguments {
    @OptionGroup var page: PageOptions

    @Option(
        help: """
            Where layer 0 is: top or bottom. (default: top, but bottom where bars of layers stand \
            beside heads)
            """)
    var origin: Origin?

    @Flag(name: .customLong("cell-values"), help: "Write its value into each cell.")
    var showsValues = false

    /// Where the first row is.
    enum Origin: String, CaseIterable, ExpressibleByArgument { case top, bottom }

    /// - Parameters:
    ///   - title: The words above the plot, unless others were given.
    ///   - colourMap: The colours.
    ///   - standard: Where the first row is, unless the user says.
    func style(
        title: String, colourMap: ColourMap = .redBlue, origin standard: Origin = .top
    ) -> Heatmap.Style {
        Heatmap.Style(
            title: page.title ?? title, width: page.width, dpi: page.dpi,
            origin: (origin ?? standard) == .top ? .top : .bottom, colourMap: colourMap,
            cellDecimals: showsValues ? 2 : nil)
    }
}
