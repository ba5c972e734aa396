public import ArgumentParser
public import Gradiend
import Models

/// Which learnt feature a command is about.
struct FeatureOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of a feature, of gradiend-train or of the Python package.",
            valueName: "folder"), completion: .directory)
    var feature = "probe-out/gradiend-train/feature"

    /// Reads the feature, and checks that it fits the model.
    ///
    /// - Parameter classes: The classes, for a folder that does not say.
    func load(for model: Transformer, classes: ClassPair?) throws -> Feature {
        try Self.load(feature, for: model, classes: classes)
    }

    /// Reads the feature of a folder, and checks that it fits the model.
    static func load(
        _ folder: String, for model: Transformer, classes: ClassPair? = nil
    ) throws -> Feature {
        var feature = try Feature(paperFolder: folder, baseModel: model)
        if let classes, let known = feature.classes, known != classes {
            throw ValidationError(
                "the feature's classes are \(known.positive) and \(known.negative), not "
                    + "\(classes.positive) and \(classes.negative); leave --classes out")
        }
        feature.classes = feature.classes ?? classes
        // What does not fit is told before any work.
        _ = try feature.map.weights(of: model)
        if feature.baseModel != model.name {
            Terminal.note(
                "the feature was learnt from \(feature.baseModel), the model is \(model.name)")
        }
        return feature
    }
}

/// Which texts a feature is judged by, and how many.
struct FeatureSplitOptions: ParsableArguments {
    @Option(name: .customLong("on"), help: "The split of the rows: train, validation or test.")
    var split = Split.test

    @Option(help: ArgumentHelp("The most texts of each kind; 0 for all.", valueName: "number"))
    var limit = 200

    @Option(help: ArgumentHelp("Starts the random choices.", valueName: "number"))
    var seed: UInt64 = 0

    func validate() throws {
        if limit < 0 { throw ValidationError("--limit must not be negative") }
    }

    /// The most texts; `nil` for all.
    var most: Int? { limit == 0 ? nil : limit }
}

extension Split: ExpressibleByArgument {}
extension VectorPart: ExpressibleByArgument {}
