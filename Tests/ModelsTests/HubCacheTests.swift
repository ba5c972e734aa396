import Models
import Tensors
import TestSupport
import Testing

/// Models by hub id in the local cache of the Hugging Face hub.
@Suite struct HubCacheTests {
    private func cache(_ environment: [String: String]) -> HubCache {
        HubCache { environment[$0] }
    }

    /// Writes a snapshot of a model into a cache folder.
    private func addModel(_ id: String, to hub: String, commit: String = "abc123") throws {
        let repository = hub + "/models--" + id.split(separator: "/").joined(separator: "--")
        try Transformer.small().save(to: "\(repository)/snapshots/\(commit)")
        try Repository.createFolder(repository + "/refs")
        try Repository.write(Array("\(commit)\n".utf8), to: repository + "/refs/main")
    }

    @Test func variablesNameTheFolder() {
        #expect(cache(["HF_HUB_CACHE": "/a", "HF_HOME": "/b", "HOME": "/h"]).folder == "/a")
        #expect(cache(["HF_HOME": "/b", "HOME": "/h"]).folder == "/b/hub")
        #expect(
            cache(["XDG_CACHE_HOME": "/x", "HOME": "/h"]).folder == "/x/huggingface/hub")
        #expect(cache(["HOME": "/h"]).folder == "/h/.cache/huggingface/hub")
    }

    @Test(arguments: [
        ("gpt2", "gpt2"), ("openai-community/gpt2", "gpt2"), ("org/name", "org/name"),
        ("openai-community/gpt2", "openai-community/gpt2"),
    ])
    func modelsAreFoundByTheirId(_ stored: String, _ asked: String) throws {
        try Repository.withTemporaryFolder { folder in
            try addModel(stored, to: folder + "/hub")
            for environment in [["HF_HOME": folder], ["HF_HUB_CACHE": folder + "/hub"]] {
                let files = try cache(environment).files(of: asked)
                #expect(files.name.hasSuffix("/snapshots/abc123"))
                let model = try Transformer.load(from: files, name: asked)
                #expect(try sampleLogits(model) == sampleLogits(.small()))
            }
        }
    }

    @Test func foldersComeFirst() throws {
        try Repository.withTemporaryFolder { folder in
            let hub = cache(["HF_HOME": folder])
            let names = [try hub.files(of: folder).name, try hub.files(of: "organism").name]
            #expect(names == [folder, "organism"])
        }
    }

    @Test(arguments: ["gpt2", "org/other", "", "/", "a/b/c"])
    func modelsThatAreNotThere(_ name: String) throws {
        try Repository.withTemporaryFolder { folder in
            try addModel("org/name", to: folder + "/hub")
            // A folder named by an absolute path is found: `/` is one, without a model.
            let error = #expect(throws: CheckpointError.self) {
                let files = try cache(["HF_HOME": folder]).files(of: name)
                _ = try Transformer.load(from: files, name: name)
            }
            let text = try #require(error).description
            let expected = ["": "no folder", "/": "config.json", "a/b/c": "no folder"]
            #expect(text.contains(expected[name] ?? folder + "/hub"))
        }
    }

    /// A reference must not lead out of the cache, and one to nothing is no model.
    @Test(arguments: ["", "../../..", "missing", "..", "."])
    func damagedReferences(_ commit: String) throws {
        try Repository.withTemporaryFolder { folder in
            try addModel("org/name", to: folder)
            try Repository.write(
                Array(commit.utf8), to: folder + "/models--org--name/refs/main")
            #expect(throws: CheckpointError.self) {
                try cache(["HF_HUB_CACHE": folder]).files(of: "org/name")
            }
        }
    }

    @Test func aFileIsNoModel() throws {
        try Repository.withTemporaryFolder { folder in
            try Repository.write([1], to: folder + "/file")
            let error = #expect(throws: CheckpointError.self) {
                try Transformer.load(folder + "/file")
            }
            #expect(try #require(error).description.contains(folder + "/file"))
        }
    }
}
