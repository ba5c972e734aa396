import ArgumentParser
import Figures
import Results
import Tensors

/// Where gradients are taken.
struct GradientOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Over how many inputs between both prompts gradients are averaged.",
            valueName: "number"))
    var steps = 1

    func validate() throws {
        if steps < 1 { throw ValidationError("--steps is \(steps); give at least 1") }
    }
}

/// Whether all effects are measured, or those that gradients point to.
struct ScreenOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Estimate all effects from gradients, and measure the k largest exactly.",
            valueName: "k"))
    var screen: Int?

    @Option(
        help: ArgumentHelp(
            """
            With --screen: over how many inputs between both prompts gradients are averaged. \
            (default: 1)
            """,
            valueName: "number"))
    var steps: Int?

    func validate() throws {
        if let steps, steps < 1 { throw ValidationError("--steps is \(steps); give at least 1") }
        if steps != nil, screen == nil {
            throw ValidationError("--steps averages gradients; it goes with --screen")
        }
        if let screen, screen < 1 {
            throw ValidationError("--screen is \(screen); give at least 1")
        }
    }

    /// The same for an experiment.
    var method: PatchingMethod { screen.map { .screened($0, steps: steps ?? 1) } ?? .exact }

    /// Refuses pairs: their statistics would mix estimates with measurements.
    func check(_ pair: PairOptions) throws {
        if screen != nil, pair.pairs != nil {
            throw ValidationError(
                "--screen estimates most effects, so that means over --pairs would mix estimates "
                    + "with measurements; give one of them")
        }
    }

    /// A line on how well estimates and measurements agree.
    func summary(of effects: LabelledArray) -> String {
        guard screen != nil else { return "" }
        let numbers = Dictionary(effects.summary.map { ($0.name, $0.value) }) { $1 }
        let agreement = numbers["rank correlation of estimate and exact"]
        return "\n\(NumberText.fixed(numbers["verified"] ?? 0, decimals: 0)) of "
            + "\(effects.values.count) measured exactly, the others estimated"
            + (agreement.map { "; rank correlation \(NumberText.fixed($0, decimals: 3))" } ?? "")
    }
}
