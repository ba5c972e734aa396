/// Why an experiment cannot be run.
public enum InterventionError: Error, Hashable, CustomStringConvertible {
    /// A patch needs an activation that its source did not keep.
    case notCached(String)
    /// A base run whose tokens are not known.
    case baseWithoutTokens
    /// A source whose prompt has another shape.
    case differentShapes(clean: [Int], base: [Int])
    /// An axis that the activation does not have.
    case noSuchAxis(axis: String, site: String, axes: [String])
    /// A head, neuron or position that the activation does not have.
    case noSuchCoordinate(String)
    /// A base run with hooks, which its branches would not have.
    case baseWithHooks
    /// A description in JSON that makes no sense.
    case badDescription(String)
    /// Axes by which no stack of activations is defined.
    case noStack(axes: [String])
    /// An edit's value of another shape than the activation.
    case wrongShape(point: String, shape: [Int], expected: [Int])
    /// A normalised metric of two runs that it does not tell apart.
    case indistinguishable(value: Double)
    /// An estimate of several layers patched at once, each of which hides what those before do.
    case layersTogether(site: String)
    /// A metric without a gradient, such as a function of the user's.
    case noGradient(metric: String)
    /// A limit that not even the smallest piece of the work keeps to.
    case tooLittleMemory(bytes: Int, needed: Int)

    /// A sentence that says what to do next.
    public var description: String {
        switch self {
        case .notCached(let point): "\(point) was not cached; cache it in the run to patch from"
        case .baseWithoutTokens: "the base run began with a residual stream; run it on tokens"
        case .differentShapes(let clean, let base):
            "the clean prompt is \(clean), the corrupted one \(base) [batch, pos]; they must be "
                + "equally long"
        case .noSuchAxis(let axis, let site, let axes):
            "\(site) has no axis \(axis); sweep it by \(axes.joined(separator: ", "))"
        case .noSuchCoordinate(let reason): reason
        case .baseWithHooks:
            "the base run had hooks; run it plainly, and put its edits into every branch"
        case .badDescription(let reason): "in the experiment's description, \(reason)"
        case .noStack(let axes):
            "every site by \(axes.joined(separator: ",")) is not defined; sweep by layer,pos, by "
                + "layer,head or by layer,pos,head"
        case .wrongShape(let point, let shape, let expected):
            "a value of shape \(shape) was given for \(point), which is \(expected)"
        case .indistinguishable(let value):
            "the metric is \(value) for the clean and the corrupted prompt alike, so effects "
                + "cannot be normalised; choose other prompts or answers, or a metric that is not "
                + "normalised"
        case .layersTogether(let site):
            "\(site) of several layers at once cannot be estimated, as a later patch hides what an "
                + "earlier one does; sweep by layer, choose one layer, or measure exactly"
        case .noGradient(let metric):
            "the metric \(metric) has no gradient; take one of the named metrics, or sweep exactly"
        case .tooLittleMemory(let bytes, let needed):
            "\(bytes) bytes of memory are too little for these prompts; allow at least "
                + "\((needed >> 20) + 1)M"
        }
    }
}
