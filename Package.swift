// swift-tools-version: 6.2

import PackageDescription

/// Settings of every target of ours: the language mode's upcoming features, and no warnings.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .treatAllWarnings(as: .error),
]

/// How the release binary is linked: the Swift runtime and Foundation are part of it, so that it runs
/// on a computer without a toolchain, and it takes a sixth less memory than with their libraries.
/// Packed relocations (glibc 2.36, Debian 12) and no table of exported symbols save 5 MiB more.
let selfContained: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-stdlib", "-use-ld=lld",
            "-lFoundation", "-lFoundationInternationalization", "-lFoundationEssentials",
            "-l_FoundationICU", "-l_FoundationCollections", "-l_FoundationCShims",
            "-lCoreFoundation", "-lswiftSynchronization", "-lswiftDispatch", "-ldispatch",
            "-lBlocksRuntime", "-lstdc++",
            "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs",
            "-Xlinker", "--no-export-dynamic",
        ], .when(platforms: [.linux], configuration: .release))
]

/// Lets the optimiser carry what a target does into the targets that use it: it does so by itself only
/// with what is `public`. For the values of Model, which are asked for everywhere; the simulation is a
/// quarter faster with it.
let carried: [SwiftSetting] = [
    .unsafeFlags(["-enable-cmo-everything"], .when(configuration: .release))
]

/// A target of one ring; the path says which (`Model`, `Core` or `Shell`).
func ring(
    _ ring: String, _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [],
    settings: [SwiftSetting] = []
) -> Target {
    .target(
        name: name, dependencies: dependencies, path: "Sources/\(ring)/\(name)",
        resources: resources, swiftSettings: strict + settings)
}

func test(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, path: "Tests/\(name)", resources: resources,
        swiftSettings: strict)
}

let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(
    name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioLocks = Target.Dependency.product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle")
let asyncAlgorithms = Target.Dependency.product(
    name: "AsyncAlgorithms", package: "swift-async-algorithms")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let argumentParser = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "evse-agent",
    products: [
        .executable(name: "evse-agent", targets: ["EVSEAgent"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-async-algorithms", exact: "1.1.4"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", exact: "0.2.0"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        // Model: values, the standard library only.
        ring("Model", "ChargeModel", [], settings: carried),
        ring("Model", "Modbus", []),

        // Core: decides; no input or output, no clock, no task, no logger.
        ring("Core", "DeviceProfiles", ["ChargeModel", "Modbus", yams]),
        ring("Core", "ChargerDriver", ["ChargeModel", "Modbus", "DeviceProfiles"]),
        ring("Core", "ChargeControl", ["ChargeModel"]),
        ring(
            "Core", "FlightRecorder",
            ["ChargeControl", "ChargerDriver", "Modbus", "ChargeModel"]),
        ring("Core", "WallboxModel", ["ChargeModel", "Modbus", "DeviceProfiles"]),

        // Shell: does; decides nothing. Shells never import each other.
        .systemLibrary(
            name: "CLibmodbus", path: "Sources/Shell/CLibmodbus", pkgConfig: "libmodbus",
            providers: [.apt(["libmodbus-dev"])]),
        .target(name: "CLinux", path: "Sources/Shell/CLinux"),
        ring("Shell", "LibmodbusBus", ["Modbus", "CLibmodbus", "CLinux"]),
        ring(
            "Shell", "WallboxServer",
            [
                "WallboxModel", "DeviceProfiles", "Modbus", "ChargeModel", "CLinux", nioCore,
                nioPosix, hummingbird, httpTypes, logging, lifecycle,
            ]),
        ring(
            "Shell", "ActionStore", ["ChargeControl", "ChargeModel", "CLinux", grdb, crypto]),
        ring(
            "Shell", "AgentAPI",
            [
                "ChargeControl", "ChargeModel", hummingbird, hummingbirdCore, httpTypes, nioCore,
                nioPosix, nioHTTP1, nioHTTPTypes, nioHTTPTypesHTTP1, nioLocks, logging, lifecycle,
                asyncAlgorithms, deque, crypto,
            ],
            resources: [.embedInCode("openapi.json")]),
        ring(
            "Shell", "AgentRuntime",
            [
                "FlightRecorder", "ChargeControl", "ChargerDriver", "DeviceProfiles", "Modbus",
                "ChargeModel", "CLinux", logging, lifecycle, deque, histogram, nioLocks,
            ]),
        .executableTarget(
            name: "EVSEAgent",
            dependencies: [
                "ChargeModel", "Modbus", "DeviceProfiles", "ChargerDriver", "ChargeControl",
                "FlightRecorder", "WallboxModel", "LibmodbusBus", "WallboxServer", "ActionStore",
                "AgentAPI", "AgentRuntime", "CLinux", yams, argumentParser, logging, lifecycle,
                unixSignals,
                crypto,
            ],
            path: "Sources/EVSEAgent", swiftSettings: strict, linkerSettings: selfContained),

        // Proof: the whole core in virtual time, and the program that runs it by the thousand seeds.
        // On Model and Core alone; nothing of ours imports it.
        ring(
            "Proof", "AgentSimulation",
            [
                "ChargeControl", "ChargerDriver", "WallboxModel", "DeviceProfiles", "Modbus",
                "ChargeModel",
            ]),
        .executableTarget(
            name: "SimulateSeeds",
            dependencies: ["AgentSimulation", "DeviceProfiles", "ChargeModel", argumentParser],
            path: "Sources/Proof/SimulateSeeds", swiftSettings: strict,
            linkerSettings: selfContained),

        // Tests: one folder per target, and the suites that cut across.
        .target(
            name: "AgentTestSupport",
            dependencies: [
                "ChargeControl", "ChargeModel", "DeviceProfiles", "Modbus", "CLibmodbus", "CLinux",
            ],
            path: "Tests/AgentTestSupport", swiftSettings: strict),
        test("ChargeModelTests", ["ChargeModel", "AgentTestSupport"]),
        test("ModbusTests", ["Modbus", "ChargeModel", "AgentTestSupport"]),
        test(
            "DeviceProfilesTests",
            ["DeviceProfiles", "Modbus", "ChargeModel", "AgentTestSupport"],
            resources: [.copy("Transcripts")]),
        test(
            "ProfileConformanceTests",
            [
                "DeviceProfiles", "ChargerDriver", "WallboxModel", "Modbus", "ChargeModel",
                "AgentTestSupport", yams,
            ],
            resources: [.copy("Vectors")]),
        test(
            "ChargerDriverTests",
            [
                "ChargerDriver", "WallboxModel", "DeviceProfiles", "Modbus", "ChargeModel",
                "AgentTestSupport",
            ]),
        test("ChargeControlTests", ["ChargeControl", "ChargeModel", "AgentTestSupport"]),
        test(
            "FlightRecorderTests",
            [
                "FlightRecorder", "ChargeControl", "ChargerDriver", "WallboxModel",
                "DeviceProfiles", "Modbus", "ChargeModel", "AgentTestSupport",
            ]),
        test(
            "WallboxModelTests",
            ["WallboxModel", "DeviceProfiles", "Modbus", "ChargeModel", "AgentTestSupport"]),
        test(
            "LibmodbusBusTests",
            [
                "LibmodbusBus", "Modbus", "ChargeModel", "CLibmodbus", "CLinux",
                "AgentTestSupport",
            ]),
        test(
            "WallboxServerTests",
            [
                "WallboxServer", "WallboxModel", "DeviceProfiles", "Modbus", "ChargeModel",
                "AgentTestSupport", nioCore, nioPosix, logging, lifecycle,
            ]),
        test(
            "FaultPlayTests",
            [
                "WallboxServer", "WallboxModel", "LibmodbusBus", "ChargerDriver", "DeviceProfiles",
                "Modbus", "ChargeModel", "AgentTestSupport", logging,
            ]),
        test(
            "ActionStoreTests",
            ["ActionStore", "ChargeControl", "ChargeModel", "AgentTestSupport", grdb]),
        test(
            "AgentAPITests",
            [
                "AgentAPI", "ChargeControl", "ChargeModel", "AgentTestSupport", nioCore, nioPosix,
                nioEmbedded, nioHTTPTypes, hummingbird, httpTypes, logging, lifecycle,
            ],
            resources: [.copy("Golden")]),
        test(
            "AgentRuntimeTests",
            [
                "AgentRuntime", "ActionStore", "FlightRecorder", "ChargeControl", "ChargerDriver",
                "DeviceProfiles", "WallboxModel", "Modbus", "ChargeModel", "AgentTestSupport",
                logging, lifecycle,
            ],
            resources: [.copy("Witness"), .copy("Recordings")]),
        test(
            "EVSEAgentTests",
            [
                "EVSEAgent", "ActionStore", "AgentRuntime", "FlightRecorder", "ChargeControl",
                "LibmodbusBus", "WallboxModel", "Modbus", "ChargeModel", "AgentTestSupport",
                argumentParser, logging,
            ]),
        test(
            "SimulationTests",
            [
                "AgentSimulation", "SimulateSeeds", "ChargeControl", "ChargerDriver",
                "WallboxModel", "DeviceProfiles", "Modbus",
                "ChargeModel", "AgentTestSupport",
            ]),
        test(
            "FuzzTests",
            [
                "EVSEAgent", "ActionStore", "AgentAPI", "LibmodbusBus", "WallboxModel",
                "ChargerDriver", "ChargeControl", "DeviceProfiles", "Modbus", "ChargeModel",
                "AgentTestSupport", grdb, httpTypes,
            ],
            resources: [.copy("Corpus")]),
        test(
            "EndToEndTests", ["EVSEAgent", "AgentTestSupport"],
            resources: [.copy("Golden"), .copy("Peers")]),
        test("ArchitectureTests", ["AgentTestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
