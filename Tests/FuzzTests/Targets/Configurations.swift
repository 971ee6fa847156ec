import ChargeModel
import Modbus

@testable import EVSEAgent

/// Configuration files: a configuration or diagnostics with a place, and of what is accepted nothing
/// that the documented ranges do not have.
enum Configurations {
    static func check(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        let result = ConfigurationParser.parse(text, profiles: profiles, timeZones: zones)
        let errors = result.diagnostics.filter { $0.severity == .error }
        try hold((result.configuration == nil) == !errors.isEmpty, "\(errors.count) errors")
        for diagnostic in result.diagnostics {
            try hold(
                diagnostic.place.line > 0 && diagnostic.place.column > 0,
                "\(diagnostic) has no place")
        }
        guard let configuration = result.configuration else { return }
        try hold(1...64 ~= configuration.chargers.count, "\(configuration.chargers.count) chargers")
        let ids = configuration.chargers.map(\.id)
        try hold(Set(ids).count == ids.count, "an id comes twice")
        for charger in configuration.chargers { try check(charger) }
        for group in configuration.groups {
            try hold(Milliamperes.amperes(6) ... .amperes(1_000) ~= group.maxCurrent, "\(group)")
            try hold(group.chargers.allSatisfy(ids.contains), "\(group)")
        }
    }

    private static func check(_ charger: AgentConfiguration.Charger) throws {
        try hold(
            Milliamperes.amperes(6) ... .amperes(80) ~= charger.maxCurrent, "\(charger.maxCurrent)")
        try hold(
            charger.safeCurrent == .zero
                || Milliamperes.amperes(6)...charger.maxCurrent ~= charger.safeCurrent,
            "\(charger.safeCurrent) of \(charger.maxCurrent)")
        try hold(1...3 ~= charger.phases, "\(charger.phases) phases")
        try hold(0...255 ~= charger.unit, "unit \(charger.unit)")
    }

    private static let profiles = [
        ConfigurationParser.KnownProfile(id: "keba-p30", port: 502, unit: 255),
        ConfigurationParser.KnownProfile(
            id: "duo-ports", connectors: [.init(port: 502), .init(port: 503)]),
        ConfigurationParser.KnownProfile(
            id: "heidelberg", unit: 1, serial: SerialSettings(baud: 19_200, parity: .even)),
    ]

    private static let zones = TimeZoneNames(
        current: { "Etc/UTC" }, known: { ["Europe/Berlin", "Europe/London"] },
        isInstalled: { ["Europe/Berlin", "Europe/London"].contains($0) })
}
