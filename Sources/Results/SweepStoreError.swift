/// Why the unfinished results of a sweep cannot be taken up.
public enum SweepStoreError: Error, Hashable, CustomStringConvertible {
    /// The file belongs to an experiment that differs in what is named.
    case anotherExperiment(path: String, differences: [String])
    /// The file does not begin as a store does.
    case damaged(path: String)
    /// The file was written in another version of the format.
    case otherFormat(path: String, version: UInt64)
    /// Another process works on the same sweep.
    case inUse(path: String)

    /// A sentence that says what to do next.
    public var description: String {
        switch self {
        case .anotherExperiment(let path, let differences):
            "\(path) holds unfinished results of another experiment ("
                + differences.map { "other \($0)" }.joined(separator: ", ")
                + "); remove it or choose another --out"
        case .damaged(let path):
            "\(path) is damaged or no store of unfinished results; remove it or choose another "
                + "--out"
        case .otherFormat(let path, let version):
            "\(path) holds unfinished results in format \(version), which this version does not "
                + "read; remove it or choose another --out"
        case .inUse(let path):
            "\(path) is in use by another process with the same --out; wait for it or choose "
                + "another --out"
        }
    }
}
