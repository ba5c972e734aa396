import Foundation
import Tensors
import TestSupport
import Testing
import Training

/// The config's file.
@Suite struct TrainingConfigTests {
    private func config(_ json: String) throws -> TrainingConfig {
        try Repository.withTemporaryFolder { folder in
            let path = "\(folder)/config.json"
            try Repository.write(Array(json.utf8), to: path)
            return try TrainingConfig(Blob(mapping: path))
        }
    }

    @Test func whatIsMissingHasItsDefault() throws {
        #expect(try config("{}") == TrainingConfig())
        let changed = try config(
            #"{"n_layer": 2, "learning_rate": 0.5, "lr_scheduler_type": "constant", "n_inner": 7}"#)
        #expect(changed.n_layer == 2 && changed.learning_rate == 0.5 && changed.n_inner == 7)
        #expect(changed.lr_scheduler_type == .constant && changed.n_head == 4)
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var config = TrainingConfig()
        (config.seed, config.dtype, config.n_inner) = (.max, .bfloat16, 99)
        let json = try JSONEncoder().encode(config)
        #expect(try self.config(String(decoding: json, as: UTF8.self)) == config)
    }

    @Test(arguments: [
        ("[]", "top level"), ("{", "not valid JSON"), (#"{"n_layers": 3}"#, "n_layers"),
        (#"{"n_layer": 0}"#, "n_layer is 0; it must be 1 to 1000"),
        (#"{"n_layer": 1.5}"#, "n_layer: it must be 1 to 1000"),
        (#"{"n_layer": "3"}"#, "n_layer: it must be 1 to 1000"),
        (#"{"n_embd": 10, "n_head": 4}"#, "n_embd 10 is no multiple of n_head 4"),
        (#"{"learning_rate": -1}"#, "learning_rate is -1; it must be above 0"),
        (#"{"learning_rate": 1e999}"#, "learning_rate: it must be above 0"),
        (#"{"dtype": "F16"}"#, "dtype: it must be float32, float16 or bfloat16"),
        (#"{"lr_scheduler_type": "linear"}"#, "it must be cosine or constant"),
        (#"{"adam_beta1": 1}"#, "adam_beta1 is 1; it must be 0 or more and below 1"),
        (#"{"seed": -1}"#, "seed: it must be 0 to 18446744073709551615"),
        (#"{"vocab_size": 100}"#, "257"), ("", "it is empty"),
        (#"{"n_inner": 0}"#, "n_inner is 0; it must be 1 to"),
        (#"{"warmup_steps": 9, "max_steps": 9}"#, "must be less than max_steps"),
        (#"{"n_embd": 65536, "n_layer": 1000}"#, "GB of memory"),
        (#"{"n_positions": 65536}"#, "GB of memory"),
    ])
    func badFilesAreRefused(_ json: String, _ expected: String) throws {
        let error = #expect(throws: TrainingError.self) { try config(json) }
        let message = try #require(error).description
        #expect(message.contains("config.json") && message.contains(expected), "\(message)")
    }
}
