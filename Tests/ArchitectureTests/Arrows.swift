/// Who may import whom. What is not in the table is forbidden; the rings follow from it.
enum Arrows {
    struct Row {
        let target: String
        /// Modules of this package.
        let ours: [String]
        /// Libraries made for the target's job, and the system's modules.
        let libraries: [String]
    }

    static let table = [
        // Model: the standard library only.
        Row(target: "ChargeModel", ours: [], libraries: []),
        Row(target: "Modbus", ours: [], libraries: []),

        // Core.
        Row(target: "DeviceProfiles", ours: ["ChargeModel", "Modbus"], libraries: ["Yams"]),
        Row(
            target: "ChargerDriver", ours: ["ChargeModel", "Modbus", "DeviceProfiles"],
            libraries: []),
        Row(target: "ChargeControl", ours: ["ChargeModel"], libraries: []),
        Row(
            target: "FlightRecorder",
            ours: ["ChargeControl", "ChargerDriver", "Modbus", "ChargeModel"],
            libraries: []),
        Row(
            target: "WallboxModel", ours: ["ChargeModel", "Modbus", "DeviceProfiles"],
            libraries: []),

        // Shell: no row names another shell, but for the two C targets that wrap the system.
        Row(target: "CLibmodbus", ours: [], libraries: []),
        Row(target: "CLinux", ours: [], libraries: []),
        Row(
            target: "LibmodbusBus", ours: ["Modbus", "CLibmodbus", "CLinux"],
            libraries: ["Glibc", "Synchronization"]),
        Row(
            target: "WallboxServer",
            ours: ["WallboxModel", "DeviceProfiles", "Modbus", "ChargeModel", "CLinux"],
            libraries: [
                "Foundation", "Glibc", "HTTPTypes", "Hummingbird", "Logging", "NIOCore",
                "NIOPosix", "ServiceLifecycle", "Synchronization",
            ]),
        Row(
            target: "ActionStore", ours: ["ChargeControl", "ChargeModel", "CLinux"],
            libraries: ["Crypto", "Dispatch", "Foundation", "GRDB", "Glibc", "Synchronization"]),
        Row(
            target: "AgentAPI", ours: ["ChargeControl", "ChargeModel"],
            libraries: [
                "AsyncAlgorithms", "Crypto", "DequeModule", "Foundation", "Glibc", "HTTPTypes",
                "Hummingbird", "HummingbirdCore", "Logging", "NIOConcurrencyHelpers", "NIOCore",
                "NIOHTTP1", "NIOHTTPTypes", "NIOHTTPTypesHTTP1", "NIOPosix", "ServiceLifecycle",
                "Synchronization",
            ]),
        Row(
            target: "AgentRuntime",
            ours: [
                "FlightRecorder", "ChargeControl", "ChargerDriver", "DeviceProfiles", "Modbus",
                "ChargeModel", "CLinux",
            ],
            libraries: [
                "AsyncAlgorithms", "DequeModule", "Foundation", "Glibc", "Histogram", "Logging",
                "NIOConcurrencyHelpers", "ServiceLifecycle", "Synchronization",
            ]),

        // The composition root: the only place that knows all.
        Row(
            target: "EVSEAgent",
            ours: [
                "ActionStore", "AgentAPI", "AgentRuntime", "CLinux", "ChargeControl",
                "ChargeModel", "ChargerDriver", "DeviceProfiles", "FlightRecorder",
                "LibmodbusBus", "Modbus",
                "WallboxModel", "WallboxServer",
            ],
            libraries: [
                "ArgumentParser", "Crypto", "Foundation", "Glibc", "Logging", "ServiceLifecycle",
                "UnixSignals", "Yams",
            ]),

        // Proof: on Model and Core alone, and nothing points at it.
        Row(
            target: "AgentSimulation",
            ours: [
                "ChargeModel", "Modbus", "DeviceProfiles", "ChargerDriver", "ChargeControl",
                "WallboxModel",
            ],
            libraries: []),
        Row(
            target: "SimulateSeeds", ours: ["AgentSimulation", "DeviceProfiles", "ChargeModel"],
            libraries: ["ArgumentParser", "Foundation", "Synchronization"]),
    ]

    static func violations(in file: SourceFile) -> [Violation] {
        guard let target = file.target, file.path.hasSuffix(".swift") else { return [] }
        guard let row = table.first(where: { $0.target == target }) else {
            return [
                Violation(
                    path: file.path, line: nil, complaint: "the target \(target) is in no row")
            ]
        }
        return file.imports.filter { !(row.ours + row.libraries).contains($0.module) }.map {
            Violation(
                path: file.path, line: $0.line,
                complaint: "\(target) must not import \($0.module)")
        }
    }

    /// The manifest's dependencies between our targets, which must be allowed by the table too: an
    /// arrow that nobody uses yet is an invitation.
    ///
    /// - Parameter dependencies: The names in quotes that follow the target's name in the manifest.
    static func violations(ofTarget target: String, dependencies: [String]) -> [Violation] {
        let ours = table.map(\.target)
        guard let row = table.first(where: { $0.target == target }) else { return [] }
        return dependencies.filter { ours.contains($0) && !row.ours.contains($0) }.map {
            Violation(
                path: "Package.swift", line: nil,
                complaint: "\(target) must not depend on \($0)")
        }
    }
}
