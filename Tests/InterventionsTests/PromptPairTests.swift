import Interventions
import Results
import Tensors
import TestSupport
import Testing

/// Files of prompt pairs.
@Suite struct PromptPairTests {
    private func read(_ text: String) throws -> [PromptPair] {
        try Repository.withTemporaryFolder { folder in
            try Repository.write(Array(text.utf8), to: folder + "/pairs")
            return try PromptPair.read(Blob(mapping: folder + "/pairs"))
        }
    }

    @Test func bothFormsSayTheSame() throws {
        let csv = try read("wrong,clean,corrupted,answer\n he,The woman,The man, she\n")
        let json = try read(
            #"{"clean": "The woman", "corrupted": "The man", "answer": " she", "wrong": " he"}"#
                + "\n\n")
        #expect(csv == json && csv.count == 1 && csv[0].answer == " she")
    }

    @Test(arguments: [
        ("clean,corrupted,answer\n", "there is no column wrong"), ("", "it is empty"),
        ("clean,corrupted,answer,wrong\n", "it has no prompt pairs"),
        ("{\"clean\": \"x\"}", "line 1: there is no column corrupted"), ("{\n", "line 1"),
        ("clean,corrupted,answer,wrong\na,b,,d\n", "line 2: answer is empty"),
    ])
    func errorsNameThePlace(_ text: String, _ reason: String) {
        let error = #expect(throws: CSVError.self) { try read(text) }
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }
}
