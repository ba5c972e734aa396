import Results
import Tensors

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
    /// - Throws: ``MediationError/badText(_:)`` for templates that have one file name.
    public static func files(
        _ results: NeuronResults, model: String, in folder: String
    ) throws -> [(path: String, bytes: [UInt8])] {
        var files: [(path: String, bytes: [UInt8])] = []
        let groups = Dictionary(grouping: results.prompts.indices) { prompt in
            template(results.prompts[prompt])
        }
        var named: [String: String] = [:]
        for template in groups.keys.sorted() {
            if let other = named.updateValue(template, forKey: fileName(template)) {
                throw MediationError.badText(
                    "the templates \(quoted(other)) and \(quoted(template)) have the same file "
                        + "name; choose one of them with --templates, or reword one")
            }
        }
        for (template, prompts) in groups.sorted(by: { $0.key < $1.key }) {
            for intervention in results.interventions {
                guard let scores = results.scores[intervention] else { continue }
                let present = prompts.filter { !scores[$0].isEmpty }
                if present.isEmpty { continue }
                let name = fileName("\(template)_\(intervention.rawValue)_\(model)")
                files.append(
                    (
                        "\(folder)/\(name).csv",
                        text(results, present, scores)
                    ))
            }
        }
        return files
    }

    private static func fileName(_ text: String) -> String {
        String(text.map { $0 == " " || $0 == "/" ? "_" : $0 })
    }

    /// The template with X in its slot: where the word stands and the alternatives differ.
    private static func template(_ prompt: NeuronResults.Prompt) -> String {
        let text = prompt.texts[0]
        let ranges = text.ranges(of: prompt.word.text)
        let slot = ranges.first { range in
            prompt.texts.dropFirst().allSatisfy {
                $0.hasPrefix(text[..<range.lowerBound]) && $0.hasSuffix(text[range.upperBound...])
            }
        }
        return (slot ?? ranges.first).map {
            text[..<$0.lowerBound] + "X" + text[$0.upperBound...]
        } ?? text
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
                words.map(csvField).joined(separator: ",") + ","
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
}

extension String {
    /// The places of a part, which may overlap.
    fileprivate func ranges(of part: String) -> [Range<Index>] {
        indices.filter { self[$0...].hasPrefix(part) }.compactMap { start in
            index(start, offsetBy: part.count, limitedBy: endIndex).map { start..<$0 }
        }
    }
}
