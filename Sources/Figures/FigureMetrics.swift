/// The sizes that all figures share, in points.
enum FigureMetrics {
    /// Tick labels.
    static let labelSize = 7.0
    /// Titles of axes and colour bars.
    static let axisTitleSize = 7.5
    /// The title above the plot.
    static let titleSize = 8.0
    /// The names of points.
    static let pointLabelSize = 6.0
    /// The numbers in cells are left out below this size.
    static let smallestCellSize = 3.5
    /// White around everything.
    static let margin = 3.0
    /// The length of a tick.
    static let tick = 2.0
    /// The distance between neighbouring things, such as a tick and its label.
    static let gap = 2.0
    /// The width of frames and ticks.
    static let line = 0.5
}
