import Results
public import Tensors

/// The neurons' study in the published study's CSV form: a file for each template and
/// intervention, a row for each word, layer (0 for the embedding) and neuron.
public enum NeuronTable {
    /// The columns behind the row's number.
    public static let columns = [
        "word", "base_string", "alt_string1", "alt_string2", "candidate1", "candidate2",
        "candidate1_base_prob", "candidate2_base_prob", "candidate1_alt1_prob",
        "candidate2_alt1_prob", "candidate1_alt2_prob", "candidate2_alt2_prob", "candidate1_prob",
        "candidate2_prob", "layer", "neuron",
    ]

    /// The files of results whose scores were measured.
    ///
    /// - Parameters:
    ///   - results: The results.
    ///   - model: The model's name, for the files'.
    ///   - folder: Where they will be.
    public static func files(
        _ results: NeuronResults, model: String, in folder: String
    ) throws -> [(path: String, bytes: [UInt8])] {
        var files: [(path: String, bytes: [UInt8])] = []
        let groups = Dictionary(grouping: results.prompts.indices) { prompt in
            template(results.prompts[prompt])
        }
        for (template, prompts) in groups.sorted(by: { $0.key < $1.key }) {
            for intervention in results.interventions {
                guard let scores = results.scores[intervention] else { continue }
                let present = prompts.filter { !scores[$0].isEmpty }
                if present.isEmpty { continue }
                let stem = "\(template)_\(intervention.rawValue)_\(model)"
                let name = String(
                    stem.map { $0 == " " || $0 == "/" ? "_" : $0 })
                files.append(
                    (
                        "\(folder)/\(name).csv",
                        text(results, present, scores)
                    ))
            }
        }
        return files
    }

    /// The template with X in its slot.
    private static func template(_ prompt: NeuronResults.Prompt) -> String {
        guard let range = prompt.texts[0].firstRange(of: prompt.word.text) else {
            return prompt.texts[0]
        }
        return prompt.texts[0].replacingCharacters(in: range)
    }

    private static func text(
        _ results: NeuronResults, _ prompts: [Int], _ scores: [[NeuronResults.Scores]]
    ) -> [UInt8] {
        var bytes = Array(("," + columns.joined(separator: ",") + "\n").utf8)
        var row = 0
        for index in prompts {
            let prompt = results.prompts[index]
            let words =
                [prompt.word.name] + prompt.texts + prompt.candidates.map { "['\($0)']" }
            let start =
                words.map(field).joined(separator: ",") + ","
                + prompt.scores.flatMap { ["\($0.first)", "\($0.second)"] }
                .joined(separator: ",")
            for (place, score) in scores[index].enumerated() {
                let (layer, neuron) = place.quotientAndRemainder(dividingBy: results.width)
                bytes +=
                    "\(row),\(start),\(score.first),\(score.second),\(layer),\(neuron)\n".utf8
                row += 1
            }
        }
        return bytes
    }

    private static func field(_ text: String) -> String {
        guard text.utf8.contains(where: ",\"\r\n".utf8.contains) else { return text }
        return "\""
            + text.split(separator: "\"", omittingEmptySubsequences: false)
            .joined(separator: "\"\"") + "\""
    }
}

extension NeuronTable {
    /// Reads files of one model, as the published study wrote them.
    ///
    /// - Parameters:
    ///   - files: The files; a file's name says which intervention it holds.
    ///   - words: The words' scores, which the files do not have.
    /// - Throws: ``MediationError/badFile(path:reason:)``, ``CSVError`` with the line.
    public static func read(_ files: [Blob], words: [Profession]) throws -> NeuronResults {
        let known = Dictionary(words.map { ($0.name, $0) }) { first, _ in first }
        var parts: [(intervention: NeuronIntervention, rows: [Row])] = []
        for file in files {
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
            parts.append((intervention, try rows(file)))
        }
        guard let last = parts.flatMap(\.rows).map(\.layer).max(),
            let width = parts.flatMap(\.rows).map(\.neuron).max().map({ $0 + 1 })
        else { throw MediationError.nothingLeft("the files have no rows") }
        var places: [String: Int] = [:]
        var prompts: [NeuronResults.Prompt] = []
        for row in parts.flatMap(\.rows) where places[row.texts[0]] == nil {
            places[row.texts[0]] = prompts.count
            guard let word = known[row.word] else {
                throw MediationError.badFile(
                    path: files[0].name,
                    reason: "the word \(quoted(row.word)) has no scores; give its list with --data")
            }
            prompts.append(
                NeuronResults.Prompt(
                    word: word, texts: row.texts, candidates: row.candidates, scores: row.plain))
        }
        var results = NeuronResults(
            sites: ["emb"] + (0..<last).map(String.init), width: width,
            interventions: NeuronIntervention.allCases.filter { kind in
                parts.contains { $0.intervention == kind }
            }, prompts: prompts)
        for (intervention, rows) in parts {
            for (text, rows) in Dictionary(grouping: rows, by: { $0.texts[0] }) {
                var scores = [NeuronResults.Scores?](repeating: nil, count: (last + 1) * width)
                for row in rows { scores[row.layer * width + row.neuron] = row.score }
                let whole = scores.compactMap(\.self)
                guard whole.count == scores.count, let prompt = places[text] else {
                    throw MediationError.badFile(
                        path: files[0].name,
                        reason: "\(quoted(text)) lacks rows of \(intervention.rawValue)")
                }
                results.set(whole, of: intervention, prompt: prompt)
            }
        }
        return results
    }

    /// A row of a file.
    private struct Row {
        let word: String
        let texts: [String]
        let candidates: [String]
        let plain: [NeuronResults.Scores]
        let score: NeuronResults.Scores
        let layer: Int
        let neuron: Int
    }

    private static func rows(_ file: Blob) throws -> [Row] {
        let table = try CSVTable(file.bytes, source: file.name)
        var places: [Int] = []
        for column in columns {
            guard let place = table.header.firstIndex(of: column) else {
                throw MediationError.badFile(
                    path: file.name, reason: "there is no column \(column)")
            }
            places.append(place)
        }
        var rows: [Row] = []
        for row in table.rows {
            let fields = places.map { row.fields[$0] }
            let numbers = fields[6..<14].compactMap { Double($0) }
            let isPossible = numbers.count == 8 && numbers.allSatisfy { $0 > 0 && $0 <= 1 }
            let (layer, neuron) = (Int(fields[14]) ?? -1, Int(fields[15]) ?? -1)
            guard isPossible, (0..<65_536).contains(layer), (0..<1_000_000).contains(neuron)
            else {
                throw CSVError(
                    source: file.name, line: row.line,
                    reason: "a probability, a layer or a neuron is no such number")
            }
            let pairs = (0..<4).map { pair in
                NeuronResults.Scores(first: numbers[2 * pair], second: numbers[2 * pair + 1])
            }
            rows.append(
                Row(
                    word: fields[0], texts: Array(fields[1..<4]),
                    candidates: fields[4..<6].map(\.tokensOfList),
                    plain: Array(pairs[..<3]), score: pairs[3], layer: layer, neuron: neuron))
        }
        return rows
    }
}

extension String {
    /// The first place of a part.
    fileprivate func firstRange(of part: String) -> Range<Index>? {
        indices.first { self[$0...].hasPrefix(part) }.map {
            $0..<(index($0, offsetBy: part.count, limitedBy: endIndex) ?? endIndex)
        }
    }

    /// The tokens of a printed list, such as `['Ġhe']`, joined.
    fileprivate var tokensOfList: String {
        guard hasPrefix("["), hasSuffix("]") else { return self }
        return split(separator: "'").enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }.joined()
    }

    /// The text with X in a place.
    fileprivate func replacingCharacters(in range: Range<Index>) -> String {
        self[..<range.lowerBound] + "X" + self[range.upperBound...]
    }
}
