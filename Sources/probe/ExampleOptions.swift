import ArgumentParser
import Circuits
import Figures
import Mediation
import Models
import Results

/// Items whose attention is drawn.
struct ExampleOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Draw where heads look from the last token of the context, after either input, in this \
            many items: those with the largest total effects.
            """, valueName: "number"))
    var examples = 0

    @Option(
        name: .customLong("example-heads"),
        help: ArgumentHelp(
            """
            Which heads, such as 5-8,5-10. (default: the three with the largest indirect effects)
            """, valueName: "heads"))
    var heads: String?

    func validate() throws {
        guard (0...100).contains(examples) else {
            throw ValidationError("--examples takes 0 to 100")
        }
        if heads != nil && examples == 0 {
            throw ValidationError("--example-heads says which heads --examples draws; give both")
        }
    }

    /// The files of the items with the largest total effects.
    ///
    /// - Parameters:
    ///   - report: The results.
    ///   - model: The model of the results.
    ///   - tokens: An item's tokens.
    ///   - name: What the files' names begin with.
    func files(
        _ report: HeadReport, in model: Transformer, tokens: (Int) throws -> HeadTokens,
        name: String, in folder: String, _ figure: HeatmapOptions, _ provenance: Provenance,
        _ format: [FigureFormat]
    ) throws -> [(path: String, bytes: [UInt8])] {
        guard examples > 0 else { return [] }
        let heads = try chosen(in: model) ?? report.topHeads(3).map(\.head)
        return try report.itemsByEffect.prefix(examples).enumerated().flatMap { number, item in
            let result = report.results.results[item]
            var attention = try tokens(item).attention(of: heads, in: model)
            attention.name = "\(name)-example-\(number + 1)"
            attention.provenance = provenance
            attention.settings = [
                "item": "\(item)", "x": result.base, "x′": result.alternative,
                "total effect": "\(result.totalEffect)",
            ]
            var style = figure.style(title: "Attention", colourMap: .blues)
            style.limits = 0...1
            let panels = try HeatmapGrid(attention, style: style)
            return try attention.files(in: folder) + panels.files(in: folder, as: format)
        }
    }

    /// The heads that were named, as `5-8` or `L5H8`; `nil` if none were.
    func chosen(in model: Transformer) throws -> [Head]? {
        guard let heads else { return nil }
        let names = heads.split(separator: ",", omittingEmptySubsequences: false).map { name in
            let parts = name.filter { $0 != " " }.split(separator: "-")
            return parts.count == 2 ? "L\(parts[0])H\(parts[1])" : String(name)
        }
        return try model.heads(named: names).map { Head(layer: $0.layer, head: $0.head) }
    }
}
