import Foundation
import TestSupport
import Testing

/// Modules import only the layers above them, as `Package.swift` declares.
@Suite struct LayerTests {
    /// The modules in the order of the layers.
    static let layers = [
        "Tensors", "Kernels", "Differentiation", "Results", "Statistics", "Tokenization", "Models",
        "Training", "Interventions", "Circuits", "Gradiend", "GroundTruth", "Mediation", "Figures",
        "probe",
    ]

    /// What each module may import of the others; `Package.swift` says the same.
    static let allowed: [String: Set<String>] = [
        "Tensors": [], "Kernels": ["Tensors"], "Differentiation": ["Kernels", "Tensors"],
        "Results": ["Tensors"], "Statistics": ["Tensors"],
        "Tokenization": ["Tensors"],
        "Models": ["Differentiation", "Kernels", "Tensors", "Tokenization"],
        "Training": [
            "Differentiation", "Kernels", "Models", "Results", "Tensors", "Tokenization",
        ],
        "Interventions": [
            "Differentiation", "Kernels", "Models", "Results", "Tensors", "Tokenization",
        ],
        "Circuits": ["Interventions", "Kernels", "Models", "Results", "Tensors"],
        "Gradiend": [
            "Differentiation", "Kernels", "Models", "Results", "Statistics", "Tensors",
            "Tokenization",
        ],
        "GroundTruth": [
            "Gradiend", "Interventions", "Kernels", "Models", "Statistics", "Tensors",
        ],
        "Mediation": [
            "GroundTruth", "Interventions", "Kernels", "Models", "Results", "Statistics", "Tensors",
            "Tokenization",
        ],
        "Figures": ["Results", "Statistics", "Tensors"],
        "probe": [
            "Circuits", "Differentiation", "Figures", "Gradiend", "GroundTruth", "Interventions",
            "Kernels", "Mediation", "Models", "Results", "Statistics", "Tensors", "Tokenization",
            "Training",
        ],
    ]

    /// Libraries from outside and who may use them.
    static let outside: [String: Set<String>] = [
        "ArgumentParser": ["probe"], "CLAPACKE": ["Kernels"], "COpenBLAS": ["Kernels"],
        "CKernels": ["Differentiation", "Kernels"], "COrganism": ["Models"],
        "CPNG": ["Figures"], "CCairo": ["Figures"],
        "HeapModule": ["Tokenization"], "RealModule": ["Kernels", "Differentiation", "Figures"],
        "Dispatch": ["Kernels", "probe"],
        "Synchronization": ["Tensors", "Kernels", "Interventions", "Mediation", "probe"],
        "Glibc": Set(layers),
        "Swift": ["Tokenization"],
        "FoundationEssentials": Set(layers).subtracting(["Kernels"]),
    ]

    /// The imports of a file that it must not have.
    static func violations(in file: SourceFile) -> [String] {
        file.imports.filter { name, _ in
            layers.contains(name)
                ? !(allowed[file.module]?.contains(name) ?? false)
                : !(outside[name]?.contains(file.module) ?? false)
        }.map { file.place($0.line) }
    }

    @Test func modulesImportOnlyTheLayersAboveThem() throws {
        let files = try SourceFile.all(in: "Sources")
        #expect(files.count > 50)
        for file in files { #expect(Self.violations(in: file) == []) }
    }

    @Test func everyModuleHasItsPlace() throws {
        let modules = Set(try SourceFile.all(in: "Sources").map(\.module))
        #expect(modules == Set(Self.layers) && modules == Set(Self.allowed.keys))
        for (index, module) in Self.layers.enumerated() {
            let above = Set(Self.layers[..<index])
            #expect(Self.allowed[module]?.isSubset(of: above) == true, "\(module)")
        }
        let below = ["Tensors", "Kernels", "Differentiation", "Results", "Statistics", "Figures"]
        for module in below {
            #expect(Self.allowed[module]?.contains("Models") == false)
        }
    }

    /// The dependencies in the manifest are those allowed here, so that neither list goes stale.
    @Test func theManifestSaysTheSame() throws {
        let text = String(
            decoding: try Repository.bytes(Repository.root + "/Package.swift"), as: UTF8.self)
        let manifest = text.filter { !$0.isWhitespace }
        for module in Self.layers.dropLast() {
            let start = try #require(manifest.range(of: "module(\"\(module)\""))
            let rest = manifest[start.upperBound...].prefix { $0 != ")" }
            let declared = Self.layers.filter { rest.contains("\"\($0)\"") }
            #expect(Set(declared) == Self.allowed[module], "\(module)")
        }
    }

    @Test func theCheckFindsWhatItShould() {
        let wrong = [
            ("Sources/Kernels/A.swift", "import Models"),
            ("Sources/Kernels/A.swift", "public import Results"),
            ("Sources/Tensors/A.swift", "  @preconcurrency import Kernels"),
            ("Sources/Figures/A.swift", "import struct Models.Run"),
            ("Sources/Kernels/A.swift", "private import FoundationEssentials"),
            ("Sources/Models/A.swift", "import Foundation"),
            ("Sources/probe/A.swift", "import Foundation"),
            ("Sources/Models/A.swift", "import ArgumentParser"),
            ("Sources/Models/A.swift", "import Interventions"),
            ("Sources/New/A.swift", "import Tensors"),
        ]
        for (path, text) in wrong {
            #expect(!Self.violations(in: SourceFile(path, text)).isEmpty, "\(text)")
        }
        let right = SourceFile(
            "Sources/Models/A.swift", "// import Figures\npublic import Tensors\n")
        #expect(Self.violations(in: right) == [])
    }
}
