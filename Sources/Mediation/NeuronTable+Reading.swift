import Results
public import Tensors

extension NeuronTable {
    /// Reads files of one model, as the published study wrote them.
    ///
    /// - Parameters:
    ///   - files: The files; a file's name says which intervention it holds.
    ///   - words: The words' scores, which the files do not have.
    /// - Throws: ``MediationError/badFile(path:reason:)``, also for files of several models;
    ///   ``CSVError`` with the line.
    public static func read(_ files: [Blob], words: [Profession]) throws -> NeuronResults {
        var study = Study(words)
        let models = files.map { model(ofFile: $0.name) }
        for (file, model) in zip(files, models) {
            guard model == models[0] else {
                throw MediationError.badFile(
                    path: file.name,
                    reason: "it is of \(model ?? "no model"), but \(files[0].name) of "
                        + "\(models[0] ?? "none"); give files of one model")
            }
            let name = file.name.split(separator: "/").last.map(String.init) ?? file.name
            // `woman_direct` ends like `man_direct`, so the underscore before it counts.
            guard
                let intervention = NeuronIntervention.allCases.first(where: {
                    name.contains("_\($0.rawValue)_")
                })
            else {
                throw MediationError.badFile(
                    path: file.name,
                    reason: "its name says no intervention, such as _man_indirect_")
            }
            try study.add(file, intervention)
        }
        return try study.results()
    }

    /// The model that a file's name ends in, such as `gpt2` of `…_man_indirect_gpt2.csv`.
    public static func model(ofFile path: String) -> String? {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let stem = name.hasSuffix(".csv") ? String(name.dropLast(4)) : name
        return NeuronIntervention.allCases.lazy.compactMap { intervention in
            let mark = "_\(intervention.rawValue)_"
            return stem.indices.first { stem[$0...].hasPrefix(mark) }.map {
                String(stem[$0...].dropFirst(mark.count))
            }
        }.first { !$0.isEmpty }
    }

    /// What files hold, gathered file by file: their text is much larger than their numbers.
    private struct Study {
        private let words: [String: Profession]
        private var prompts: [NeuronResults.Prompt] = []
        private var places: [String: Int] = [:]
        private var shape: (sites: Int, width: Int)?
        private var grids:
            [(intervention: NeuronIntervention, prompt: Int, scores: [NeuronResults.Scores])] = []

        init(_ words: [Profession]) {
            self.words = Dictionary(words.map { ($0.name, $0) }) { first, _ in first }
        }

        mutating func add(_ file: Blob, _ intervention: NeuronIntervention) throws {
            var cells: [Int: [Cell]] = [:]
            var order: [Int] = []
            for row in try Row.all(of: file) {
                let place = try prompt(of: row, in: file)
                if cells[place] == nil {
                    order.append(place)
                    try check(row, of: prompts[place], in: file)
                }
                cells[place, default: []].append(row.cell)
            }
            let all = cells.values.joined()
            guard let last = all.map(\.layer).max(), let width = all.map(\.neuron).max() else {
                throw MediationError.badFile(path: file.name, reason: "it has no rows")
            }
            let found = (sites: last + 1, width: width + 1)
            guard found == shape ?? found else {
                throw MediationError.badFile(
                    path: file.name,
                    reason: "it has \(found.sites) layers of \(found.width) neurons, not "
                        + "\(shape?.sites ?? 0) of \(shape?.width ?? 0) as the file before; give "
                        + "files of one model")
            }
            shape = found
            for place in order {
                let scores = Self.grid(cells[place] ?? [], found)
                guard let scores else {
                    throw MediationError.badFile(
                        path: file.name,
                        reason: "\(quoted(prompts[place].texts[0])) has not one row for each of "
                            + "\(found.sites) layers and \(found.width) neurons")
                }
                grids.append((intervention, place, scores))
            }
        }

        /// The place of a row's prompt, which its first row describes.
        private mutating func prompt(of row: Row, in file: Blob) throws -> Int {
            if let place = places[row.text] { return place }
            let described = try row.described()
            guard let word = words[described.word] else {
                throw CSVError(
                    source: file.name, line: row.line,
                    reason: "the word \(quoted(described.word)) has no scores; give a list with it "
                        + "as --data")
            }
            prompts.append(
                NeuronResults.Prompt(
                    word: word, texts: described.texts, candidates: described.candidates,
                    scores: described.plain))
            places[row.text] = prompts.count - 1
            return prompts.count - 1
        }

        /// Plain runs of one model have the same scores, but for rounding.
        private func check(_ row: Row, of prompt: NeuronResults.Prompt, in file: Blob) throws {
            let plain = try row.described().plain
            let isSame = zip(plain, prompt.scores).allSatisfy { one, other in
                abs(one.first - other.first) <= 1e-3 * other.first
                    && abs(one.second - other.second) <= 1e-3 * other.second
            }
            guard isSame else {
                throw MediationError.badFile(
                    path: file.name,
                    reason: "\(quoted(row.text)) has other probabilities without an intervention "
                        + "than in the files before; give files of one model")
            }
        }

        /// Scores by layer and neuron; `nil` unless there is one of each.
        private static func grid(
            _ cells: [Cell], _ shape: (sites: Int, width: Int)
        ) -> [NeuronResults.Scores]? {
            // The numbers come from a file: nothing is allocated for cells that are not there.
            let (count, overflows) = shape.sites.multipliedReportingOverflow(by: shape.width)
            guard !overflows, count == cells.count else { return nil }
            var scores = [NeuronResults.Scores?](repeating: nil, count: count)
            for cell in cells { scores[cell.layer * shape.width + cell.neuron] = cell.score }
            let whole = scores.compactMap(\.self)
            return whole.count == count ? whole : nil
        }

        func results() throws -> NeuronResults {
            guard let shape else { throw MediationError.nothingLeft("there are no files") }
            var results = NeuronResults(
                sites: ["emb"] + (0..<shape.sites - 1).map(String.init), width: shape.width,
                interventions: NeuronIntervention.allCases.filter { kind in
                    grids.contains { $0.intervention == kind }
                }, prompts: prompts)
            for (intervention, prompt, scores) in grids {
                results.set(scores, of: intervention, prompt: prompt)
            }
            return results
        }
    }

    /// What one row says of a neuron.
    private struct Cell {
        let layer: Int
        let neuron: Int
        let score: NeuronResults.Scores
    }

    /// A row of a file.
    private struct Row {
        let line: Int
        let cell: Cell
        private let fields: [String]
        private let source: String

        /// The base prompt, by which rows belong together.
        var text: String { fields[1] }

        static func all(of file: Blob) throws -> some Sequence<Row> {
            let table = try CSVTable(file.bytes, source: file.name)
            let places = try columns.map { column in
                guard let place = table.header.firstIndex(of: column) else {
                    throw MediationError.badFile(
                        path: file.name, reason: "there is no column \(column)")
                }
                return place
            }
            return try table.rows.map { row in
                try Row(places.map { row.fields[$0] }, line: row.line, of: file.name)
            }
        }

        private init(_ fields: [String], line: Int, of source: String) throws {
            (self.fields, self.line, self.source) = (fields, line, source)
            let (layer, neuron) = (Int(fields[14]) ?? -1, Int(fields[15]) ?? -1)
            guard (0..<65_536).contains(layer), (0..<1_000_000).contains(neuron),
                let score = Self.scores(fields[12..<14])
            else {
                throw CSVError(
                    source: source, line: line,
                    reason: "a probability, a layer or a neuron is no such number")
            }
            cell = Cell(layer: layer, neuron: neuron, score: score)
        }

        private static func scores(_ fields: ArraySlice<String>) -> NeuronResults.Scores? {
            let numbers = fields.compactMap { Double($0) }.filter { $0 > 0 && $0 <= 1 }
            return numbers.count == 2
                ? NeuronResults.Scores(first: numbers[0], second: numbers[1]) : nil
        }

        /// What the row says of its prompt.
        func described() throws -> (
            word: String, texts: [String], candidates: [String], plain: [NeuronResults.Scores]
        ) {
            let plain = [6, 8, 10].compactMap { Self.scores(fields[$0..<$0 + 2]) }
            guard plain.count == 3 else {
                throw CSVError(
                    source: source, line: line, reason: "a probability is no such number")
            }
            return (
                fields[0], Array(fields[1..<4]), fields[4..<6].map(\.tokensOfList), plain
            )
        }
    }
}

extension String {
    /// The tokens of a printed list, such as `['Ġhe']`, joined.
    fileprivate var tokensOfList: String {
        guard hasPrefix("["), hasSuffix("]") else { return self }
        return split(separator: "'").enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }.joined()
    }
}
