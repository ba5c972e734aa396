internal import Glibc
import Tensors

/// The local cache of the Hugging Face hub, where its Python library puts downloads.
///
/// A model is at `models--ORG--NAME/snapshots/COMMIT`, with the commit of `main` in `refs/main`
/// (https://huggingface.co/docs/huggingface_hub/guides/manage-cache).
package struct HubCache {
    /// The cache folder: `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub`.
    package let folder: String

    /// Finds the cache folder.
    ///
    /// - Parameter environment: The value of a variable; `nil` if it is not set.
    package init(environment: (String) -> String?) {
        if let cache = environment("HF_HUB_CACHE") {
            folder = cache
        } else if let home = environment("HF_HOME") {
            folder = home + "/hub"
        } else {
            let cache = environment("XDG_CACHE_HOME") ?? (environment("HOME") ?? "") + "/.cache"
            folder = cache + "/huggingface/hub"
        }
    }

    /// The files of a model: a folder, the embedded model, or a hub id in the cache.
    package func files(of model: String) throws -> any ModelFiles {
        if model == EmbeddedModel().name { return EmbeddedModel() }
        var status = stat()
        if stat(model, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else {
                throw CheckpointError.notAFolder(model)
            }
            return ModelFolder(model)
        }
        // A path, not an id of the form name or organisation/name.
        if model.isEmpty || model.hasPrefix("/") || model.hasPrefix(".")
            || model.filter({ $0 == "/" }).count > 1
        {
            throw CheckpointError.noSuchFolder(model)
        }
        let ids = model.contains("/") ? [model] : [model, "openai-community/\(model)"]
        let repositories = ids.map { id in
            folder + "/models--" + id.split(separator: "/").joined(separator: "--")
        }
        for repository in repositories {
            if let snapshot = snapshot(of: repository) { return ModelFolder(snapshot) }
        }
        throw CheckpointError.notFound(model: model, lookedIn: repositories)
    }

    private func snapshot(of repository: String) -> String? {
        guard let reference = try? Blob(mapping: repository + "/refs/main") else { return nil }
        let commit = String(decoding: reference.bytes, as: UTF8.self).filter { !$0.isWhitespace }
        let path = "\(repository)/snapshots/\(commit)"
        guard !["", ".", ".."].contains(commit), !commit.contains("/"), access(path, F_OK) == 0
        else { return nil }
        return path
    }

    /// A variable of this process; `nil` if it is empty or not set.
    static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}
