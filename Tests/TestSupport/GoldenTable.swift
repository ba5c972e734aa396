public import Tensors

/// The last column of a golden CSV file with a header.
public struct GoldenTable: Sendable {
    private let column: [Float]

    /// Reads `Tests/Golden/<path>`.
    public init(_ path: String) throws {
        let text = String(decoding: try Repository.bytes(Repository.golden(path)), as: UTF8.self)
        column = text.split(whereSeparator: \.isNewline).dropFirst().map { line in
            line.split(separator: ",").last.flatMap { Float($0) } ?? .nan
        }
    }

    /// The values under a shape, the last axis varying fastest.
    public func values(shape: [Int]) -> Tensor { Tensor(shape, column) }
}
