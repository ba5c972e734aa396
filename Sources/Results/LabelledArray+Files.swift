internal import Tensors

extension LabelledArray {
    /// The result's three files: `<name>.csv`, `<name>.npy` and `<name>.json` in a folder.
    ///
    /// - Parameters:
    ///   - folder: The folder.
    ///   - mostRows: A tidy table of more values helps nobody, so there is none.
    public func files(
        in folder: String, mostRows: Int = .max
    ) throws -> [(path: String, bytes: [UInt8])] {
        let stem = folder + "/" + fileStem
        let table = values.count > mostRows ? [] : [(stem + ".csv", Array(csv().utf8))]
        return table + [
            (stem + ".npy", values.npy()),
            (stem + ".json", Array(try json().utf8)),
        ]
    }

    /// Writes the result's files and, with them, others of the same run such as its figure.
    ///
    /// All of them are complete before the first appears, so a failure leaves nothing half-written.
    ///
    /// - Parameters:
    ///   - folder: Where to write; it is created.
    ///   - others: More files, by their full paths.
    /// - Returns: The paths written, the result's own first.
    /// - Throws: ``FileError`` with the path and the system's reason.
    @discardableResult
    public func write(
        to folder: String, with others: [(path: String, bytes: [UInt8])] = []
    ) throws -> [String] {
        let files = try files(in: folder) + others
        try AtomicFile.write(files)
        return files.map(\.path)
    }

    /// The name as a file's name: a slash in it would mean a folder.
    public var fileStem: String {
        String(name.map { $0 == "/" ? "-" : $0 })
    }
}
