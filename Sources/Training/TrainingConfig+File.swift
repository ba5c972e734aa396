private import FoundationEssentials
public import Tensors

/// The config's file: one table says how each setting is read, written, checked and compared.
extension TrainingConfig: Codable {
    /// Reads a file; a setting that is missing keeps its default.
    ///
    /// - Throws: ``TrainingError/badConfig(path:reason:)`` with the setting's name.
    public init(_ file: Blob) throws(TrainingError) {
        defer { withExtendedLifetime(file) {} }
        do {
            self = try decodeJSON(TrainingConfig.self, from: file.bytes)
        } catch {
            throw .badConfig(path: file.name, reason: error.description)
        }
        if let problem { throw .badConfig(path: file.name, reason: problem) }
    }

    /// Reads the settings that are there; one that is not known is an error.
    public init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: Key.self)
        for key in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
            guard let setting = Self.settings.first(where: { $0.name == key.stringValue }) else {
                throw DecodingError.dataCorrupted(
                    .init(
                        codingPath: [key],
                        debugDescription: "there is no such setting; known are "
                            + Self.settings.map(\.name).joined(separator: ", ")))
            }
            try setting.read(container, key, &self)
        }
    }

    /// Writes all settings.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for setting in Self.settings { try setting.write(self, &container) }
    }

    /// What is impossible about the settings; `nil` for nothing.
    public var problem: String? {
        if let problem = Self.settings.lazy.compactMap({ $0.problem(self) }).first {
            return problem
        }
        if n_embd % n_head != 0 { return "n_embd \(n_embd) is no multiple of n_head \(n_head)" }
        if warmup_steps >= max_steps {
            return "warmup_steps \(warmup_steps) must be less than max_steps \(max_steps)"
        }
        let (needed, there) = (bytes / 1e9, Double(Memory.physical) / 1e9)
        guard needed > there else { return nil }
        return
            "training would take about \(Int(needed.rounded(.up))) GB of memory, and the machine "
            + "has \(Int(there)); lower n_layer, n_embd, n_positions or vocab_size"
    }

    /// About how much memory training takes at least: weights with gradients and moments, and the
    /// activations of one row.
    private var bytes: Double {
        let (d, mlp) = (Double(n_embd), Double(n_inner ?? 4 * n_embd))
        let (layers, length) = (Double(n_layer), Double(n_positions))
        let weights = layers * (4 * d * d + 2 * d * mlp) + d * (Double(vocab_size) + length)
        let activations =
            layers * (length * (10 * d + 2 * mlp) + Double(n_head) * length * length)
            + length * Double(vocab_size)
        let batch = Double(per_device_train_batch_size) * length
        return 4 * (4 * weights + activations) + 8 * batch
    }

    /// The settings in which another config differs, with both values; how results are stored may
    /// differ.
    func differences(from other: TrainingConfig) -> [String] {
        Self.settings.filter { !["dtype", "save_steps"].contains($0.name) }.compactMap { setting in
            let (here, there) = (setting.text(self), setting.text(other))
            return here == there ? nil : "\(setting.name) is \(there) there and \(here) here"
        }
    }

    /// All settings by name, as the file spells their values.
    public var described: [(name: String, value: String)] {
        Self.settings.map { ($0.name, $0.text(self)) }
    }

    private static let settings: [Setting] = [
        .init("n_layer", \.n_layer, in: 1...1000), .init("n_head", \.n_head, in: 1...1024),
        .init("n_embd", \.n_embd, in: 1...65536),
        .init("n_inner", \.n_inner, "1 to 1048576 or null") { (1...1 << 20).contains($0 ?? 1) },
        .init("n_positions", \.n_positions, in: 2...65536),
        .init("vocab_size", \.vocab_size, in: 257...1 << 20),
        .init("max_steps", \.max_steps, in: 1...1 << 24),
        .init("per_device_train_batch_size", \.per_device_train_batch_size, in: 1...65536),
        .init("gradient_accumulation_steps", \.gradient_accumulation_steps, in: 1...65536),
        .init("learning_rate", \.learning_rate, "above 0") { $0 > 0 },
        .init("lr_scheduler_type", \.lr_scheduler_type, "cosine or constant") { _ in true },
        .init("warmup_steps", \.warmup_steps, in: 0...1 << 24),
        .init("min_lr_rate", \.min_lr_rate, "0 to 1") { (0...1).contains($0) },
        .init("weight_decay", \.weight_decay, "0 or more") { $0 >= 0 },
        .init("adam_beta1", \.adam_beta1, "0 or more and below 1") { (0..<1).contains($0) },
        .init("adam_beta2", \.adam_beta2, "0 or more and below 1") { (0..<1).contains($0) },
        .init("adam_epsilon", \.adam_epsilon, "above 0") { $0 > 0 },
        .init("max_grad_norm", \.max_grad_norm, "0 or more") { $0 >= 0 },
        .init("seed", \.seed, "0 to \(UInt64.max)") { _ in true },
        .init("validation_share", \.validation_share, "0 or more and below 1") {
            (0..<1).contains($0)
        },
        .init("eval_steps", \.eval_steps, in: 1...1 << 24),
        .init("save_steps", \.save_steps, in: 1...1 << 24),
        .init("unmarked_share", \.unmarked_share, "0 to 1") { (0...1).contains($0) },
        .init("dtype", \.dtype, "float32, float16 or bfloat16") { _ in true },
    ]
}

/// One setting of the file.
private struct Setting: Sendable {
    typealias Path<Value> = any WritableKeyPath<TrainingConfig, Value> & Sendable

    let name: String
    let read: @Sendable (KeyedDecodingContainer<Key>, Key, inout TrainingConfig) throws -> Void
    let write: @Sendable (TrainingConfig, inout KeyedEncodingContainer<Key>) throws -> Void
    let text: @Sendable (TrainingConfig) -> String
    /// A sentence about a value that is not allowed.
    let problem: @Sendable (TrainingConfig) -> String?

    init<Value: Codable & Sendable>(
        _ name: String, _ path: Path<Value>, _ range: String,
        _ allows: @escaping @Sendable (Value) -> Bool
    ) {
        self.name = name
        read = { container, key, config in
            do {
                config[keyPath: path] = try container.decode(Value.self, forKey: key)
            } catch {
                // What the decoder says of a number that does not fit, or of a word, names Swift's
                // types or no place.
                throw DecodingError.dataCorrupted(
                    .init(codingPath: [key], debugDescription: "it must be \(range)"))
            }
        }
        write = { config, container in
            try container.encode(config[keyPath: path], forKey: Key(stringValue: name))
        }
        text = { config in
            let json = try? JSONEncoder().encode(config[keyPath: path])
            return json.map { String(decoding: $0, as: UTF8.self) } ?? "unwritable"
        }
        problem = { [text] config in
            allows(config[keyPath: path]) ? nil : "\(name) is \(text(config)); it must be \(range)"
        }
    }

    init(_ name: String, _ path: Path<Int>, in range: ClosedRange<Int>) {
        self.init(name, path, "\(range.lowerBound) to \(range.upperBound)") { range.contains($0) }
    }
}

private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
