/// What is done to a neuron; the raw values are the published study's names.
///
/// With r(base), r(man), r(woman) for the neuron's value in the plain run of each prompt:
///
/// | type | prompt that runs | new value | odds |
/// |---|---|---|---|
/// | `man_minus_woman` | base | old + α (r(man) − r(woman)) | first to second |
/// | `woman_minus_man` | base | old + α (r(woman) − r(man)) | second to first |
/// | `man_indirect` | base | α r(man) | first to second |
/// | `woman_indirect` | base | α r(woman) | second to first |
/// | `man_direct` | man | α r(base) | first to second |
/// | `woman_direct` | woman | α r(base) | second to first |
///
/// Vig et al. 2020, section 3. *man* and *woman* stand for the first and the second filler, *he*
/// and *she* for the first and the second candidate.
public enum NeuronIntervention: String, Sendable, CaseIterable {
    case manMinusWoman = "man_minus_woman"
    case womanMinusMan = "woman_minus_man"
    case manIndirect = "man_indirect"
    case manDirect = "man_direct"
    case womanIndirect = "woman_indirect"
    case womanDirect = "woman_direct"

    /// The four that the published study runs.
    public static let effects: [NeuronIntervention] = [
        .manIndirect, .manDirect, .womanIndirect, .womanDirect,
    ]

    /// Whether the odds are those of the first candidate.
    public var isTowardsFirst: Bool {
        switch self {
        case .manMinusWoman, .manIndirect, .manDirect: true
        case .womanMinusMan, .womanIndirect, .womanDirect: false
        }
    }
}
