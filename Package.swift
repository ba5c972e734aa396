// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target is built the same way; a warning fails the build.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// The kernels' loops are ten to a hundred times slower without optimisation; preconditions stay.
let kernelSettings = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// A module of the toolkit: a folder in `Sources`. The order of the list is the order of the
/// layers.
func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = settings
) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The tests of a module: a folder in `Tests`.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.init(stringLiteral: name), "TestSupport"] + dependencies,
        swiftSettings: settings)
}

/// A study: one script in `notebooks-as-scripts`, run by its name.
func study(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: [
            "Circuits", "Figures", "Gradiend", "GroundTruth", "Interventions", "Kernels",
            "Mediation", "Models",
            "Results", "Statistics", "Tensors", "Tokenization", "Training", argumentParser,
        ],
        path: "notebooks-as-scripts", sources: ["\(name).swift"], swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")
let relaxed = Target.Dependency.product(name: "RealModule", package: "swift-numerics")

let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")

let package = Package(
    name: "probe",
    products: [
        .executable(name: "probe", targets: ["probe"]),
        .library(
            name: "Probe",
            targets: [
                "Tensors", "Kernels", "Differentiation", "Results", "Statistics",
                "Tokenization", "Models", "Training", "Interventions", "Circuits", "Gradiend",
                "GroundTruth", "Mediation", "Figures",
            ]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
    ],
    targets: [
        .systemLibrary(
            name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(
            name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3"])]),
        module("Tensors", settings: kernelSettings),
        module(
            "Kernels", ["CKernels", "CLAPACKE", "COpenBLAS", "Tensors", relaxed],
            settings: kernelSettings),
        module(
            "Differentiation", ["CKernels", "Kernels", "Tensors", relaxed],
            settings: kernelSettings),
        module("Results", ["Tensors"]),
        module("Statistics", ["Tensors"]),
        module("Tokenization", ["Tensors", heap]),
        .target(
            name: "COrganism",
            exclude: ["card.json", "config.json", "model.safetensors", "tokenizer.json"]),
        module("Models", ["COrganism", "Differentiation", "Kernels", "Tensors", "Tokenization"]),
        module(
            "Training",
            ["Differentiation", "Kernels", "Models", "Results", "Tensors", "Tokenization"]),
        module(
            "Interventions",
            ["Differentiation", "Kernels", "Models", "Results", "Tensors", "Tokenization"]),
        module("Circuits", ["Interventions", "Kernels", "Models", "Results", "Tensors"]),
        module(
            "Gradiend",
            [
                "Differentiation", "Kernels", "Models", "Results", "Statistics", "Tensors",
                "Tokenization",
            ], settings: kernelSettings),
        module(
            "GroundTruth",
            ["Gradiend", "Interventions", "Kernels", "Models", "Statistics", "Tensors"]),
        module(
            "Mediation",
            [
                "GroundTruth", "Interventions", "Kernels", "Models", "Results", "Statistics",
                "Tensors", "Tokenization",
            ]),
        module("Figures", ["CCairo", "CPNG", "Results", "Statistics", "Tensors", relaxed]),
        .executableTarget(
            name: "probe",
            dependencies: [
                "Circuits", "Differentiation", "Figures", "Gradiend", "GroundTruth",
                "Interventions", "Kernels", "Mediation", "Models", "Results", "Statistics",
                "Tensors", "Tokenization", "Training", argumentParser,
            ],
            swiftSettings: settings),
        study("mediating-gender-bias"),
        study("rewriting-pronouns"),
        study("tracing-gendered-pronouns"),
        study("training-the-organism"),
        .target(
            name: "TestSupport", dependencies: ["Kernels", "Models", "Tensors"],
            path: "Tests/TestSupport",
            swiftSettings: settings),
        tests("Tensors"),
        tests("Kernels", ["Tensors"]),
        tests("Differentiation", ["Kernels", "Tensors"]),
        tests("Results", ["Tensors"]),
        tests("Statistics", ["Tensors"]),
        tests("Tokenization", ["Tensors"]),
        tests("Models", ["Differentiation", "Kernels", "Tensors", "Tokenization"]),
        tests("Training", ["Models", "Results", "Tensors", "Tokenization"]),
        tests("Interventions", ["Models", "Results", "Tensors"]),
        tests("Circuits", ["Interventions", "Kernels", "Models", "Results", "Tensors"]),
        tests(
            "Gradiend",
            ["Differentiation", "Kernels", "Models", "Results", "Tensors", "Tokenization"]),
        tests("GroundTruth", ["Interventions", "Models", "Tensors"]),
        tests(
            "Mediation",
            [
                "GroundTruth", "Interventions", "Kernels", "Models", "Results", "Statistics",
                "Tensors",
            ]),
        tests("Figures", ["CPNG", "Results", "Tensors"]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "probe", "mediating-gender-bias", "rewriting-pronouns", "tracing-gendered-pronouns",
                "training-the-organism", "GroundTruth", "Models", "Results", "Tensors",
                "TestSupport",
            ], swiftSettings: settings),
        .testTarget(
            name: "StructureTests", dependencies: ["TestSupport"], swiftSettings: settings),
    ]
)
