import ChargeModel
import Modbus
import Yams

/// Text to ``AgentConfiguration``, or everything that is wrong with it. Opens nothing.
struct ConfigurationParser {
    /// What a charger may name as its profile, and what that profile says about its link.
    struct KnownProfile: Hashable, Sendable {
        var id: String
        /// TCP port where the configuration names none; 502 is registered for Modbus.
        var port: Int = 502
        /// Unit id where the configuration names none.
        var unit: Int = 1
        /// How its serial line is set as delivered; nil where nobody knows, or it has none.
        var serial: SerialSettings?
        /// Phases of the wallbox.
        var phases: Int = 3
        /// Whether it is known how to switch it between one phase and three.
        var switchesPhases = false
        /// Whether it rises to its maximum when its link is lost.
        var rises = false
        /// The least that it can be made to fall to.
        var leastFailsafe = Milliamperes.zero
        /// Of each connector of a station with several; otherwise empty.
        var connectors: [Connector] = []

        struct Connector: Hashable, Sendable {
            var port: Int = 502
            var unit: Int = 1
        }

        var connectorCount: Int { max(connectors.count, 1) }

        /// Where a connector is found that the configuration does not say otherwise of.
        ///
        /// - Parameter number: From 1 to ``connectorCount``.
        func connector(_ number: Int) -> Connector {
            connectors.isEmpty ? Connector(port: port, unit: unit) : connectors[number - 1]
        }

        /// The profile as one connector of it is found.
        func at(connector number: Int) -> KnownProfile {
            var profile = self
            (profile.port, profile.unit) = (connector(number).port, connector(number).unit)
            return profile
        }

        /// What it may fall to by itself at any time.
        func reserve(safeCurrent: Milliamperes, maxCurrent: Milliamperes) -> Milliamperes {
            rises ? maxCurrent : max(safeCurrent, leastFailsafe)
        }
    }

    struct Result: Hashable, Sendable {
        /// nil if there are errors.
        var configuration: AgentConfiguration?
        /// In the order of the file.
        var diagnostics: [ConfigurationDiagnostic]
    }

    let profiles: [KnownProfile]
    private let timeZones: TimeZoneNames
    var reader = ConfigurationReader()
    /// Also of chargers with mistakes.
    var declaredIDs: [ChargerID] = []

    /// File descriptors stay far below what libmodbus can select (1,024) with this many links.
    private static let maximumChargers = 64

    /// More than any station has.
    private static let maximumConnectors = 32

    /// Names of one computer.
    private static let maximumHosts = 16

    private init(profiles: [KnownProfile], timeZones: TimeZoneNames) {
        self.profiles = profiles
        self.timeZones = timeZones
    }

    /// Reads the text of a configuration file.
    ///
    /// - Parameters:
    ///   - profiles: The device profiles that are installed.
    ///   - timeZones: The zones that this computer knows.
    static func parse(
        _ text: String, profiles: [KnownProfile], timeZones: TimeZoneNames = .system
    ) -> Result {
        var parser = ConfigurationParser(profiles: profiles, timeZones: timeZones)
        let configuration = parser.configuration(text)
        let diagnostics = parser.reader.diagnostics.enumerated().sorted {
            ($0.element.place, $0.offset) < ($1.element.place, $1.offset)
        }.map(\.element)
        let hasErrors = diagnostics.contains { $0.severity == .error }
        return Result(configuration: hasErrors ? nil : configuration, diagnostics: diagnostics)
    }

    private mutating func configuration(_ text: String) -> AgentConfiguration? {
        guard let document = reader.document(text),
            let root = reader.section(
                document, "the configuration",
                keys: ["site", "api", "state-dir", "poll", "recorder", "chargers", "groups"])
        else { return nil }
        var configuration = AgentConfiguration(
            site: site(root), api: api(root),
            stateDirectory: reader.value(root, "state-dir", ConfigurationValues.absolutePath)
                ?? "/var/lib/evse-agent",
            poll: reader.value(root, "poll") { (text) throws(ConfigurationProblem) in
                try ConfigurationValues.duration(
                    text, in: .milliseconds(5) ... .seconds(60), "100ms to 60s")
            } ?? .seconds(1),
            chargers: chargers(root))
        checkPoll(root, of: configuration)
        configuration.groups = groups(root, of: configuration.chargers)
        configuration.recorder = recorder(root)
        return configuration
    }

    /// A wallbox's controller is small: only simulated ones are polled faster, for endurance tests.
    private mutating func checkPoll(
        _ root: ConfigurationReader.Section, of configuration: AgentConfiguration
    ) {
        guard configuration.poll < .milliseconds(100),
            let real = configuration.chargers.first(where: { !$0.isSimulated })
        else { return }
        reader.error(
            root.place(of: "poll"),
            ConfigurationProblem(
                "poll: '\(real.id)' is not simulated, and a wallbox is polled every 100ms at most",
                "Write 100ms to 60s"))
    }

    private mutating func site(_ root: ConfigurationReader.Section) -> AgentConfiguration.Site {
        guard
            let section = reader.subsection(
                root, "site", keys: ["timezone", "clock", "start-delay"])
        else {
            return AgentConfiguration.Site(timeZone: timeZones.current(), clock: .auto)
        }
        let timeZones = timeZones
        let timeZone = reader.value(section, "timezone") { (text) throws(ConfigurationProblem) in
            try timeZones.checked(text)
        }
        return AgentConfiguration.Site(
            timeZone: timeZone ?? timeZones.current(),
            clock: reader.value(section, "clock", ConfigurationValues.word) ?? .auto,
            startDelay: reader.value(section, "start-delay") {
                (text) throws(ConfigurationProblem) in
                try ConfigurationValues.duration(
                    text, in: .zero ... .seconds(1_800), "0s to 30m, such as 10m")
            } ?? .zero)
    }

    private mutating func api(_ root: ConfigurationReader.Section) -> AgentConfiguration.API {
        var api = AgentConfiguration.API(
            listen: AgentConfiguration.SocketAddress(host: "127.0.0.1", port: 8080), isLAN: false)
        guard let section = reader.subsection(root, "api", keys: ["listen", "lan", "hosts"])
        else {
            return api
        }
        api.isLAN = reader.value(section, "lan", ConfigurationValues.truth) ?? false
        api.listen =
            reader.value(section, "listen", ConfigurationAddresses.listen) ?? api.listen
        api.hosts = reader.values(
            section, "hosts", atMost: Self.maximumHosts, ConfigurationAddresses.hostName)
        guard !api.listen.isLoopback else { return api }
        let place = section.place(of: "listen")
        if api.isLAN {
            reader.warning(
                place,
                ConfigurationProblem(
                    "keys and answers cross the network in clear text at \(api.listen)",
                    "Put a proxy with TLS before it, or keep the network to yourself"))
        } else {
            reader.error(
                place,
                ConfigurationProblem(
                    "listen: the network can reach \(api.listen), which is not permitted",
                    """
                    Write 127.0.0.1, or permit it with 'lan: true' under 'api'
                    """))
        }
        return api
    }

    // MARK: - Chargers

    private mutating func chargers(
        _ root: ConfigurationReader.Section
    ) -> [AgentConfiguration.Charger] {
        guard let items = reader.list(root, "chargers") else { return [] }
        guard 1...Self.maximumChargers ~= items.count else {
            reader.error(
                root.place(of: "chargers"),
                ConfigurationProblem(
                    "there are \(items.count) chargers", "List 1 to \(Self.maximumChargers)"))
            return []
        }
        var chargers: [AgentConfiguration.Charger] = []
        var places: [ChargerID: ConfigurationPlace] = [:]
        for item in items {
            guard
                let section = reader.section(
                    item, "a charger",
                    keys: [
                        "id", "profile", "connector", "connect", "max-current", "safe-current",
                        "phases", "vendor", "model", "user", "simulated", "idle-ends-at-unplug",
                        "phase", "vehicle-phases", "phase-switching",
                    ])
            else { continue }
            let id = reader.required(section, "id", ConfigurationValues.chargerID)
            if let id {
                declaredIDs.append(id)
                if let first = places[id] {
                    reader.error(
                        section.place(of: "id"),
                        ConfigurationProblem(
                            "id: '\(id)' is taken by the charger on line \(first.line)",
                            "Give every charger an id of its own"))
                }
                places[id] = places[id] ?? section.place(of: "id")
            }
            guard let charger = charger(section, id: id) else { continue }
            checkBus(of: charger, among: chargers, at: section.place(of: "connect"))
            chargers.append(charger)
        }
        return chargers
    }

    /// nil if something is missing that nothing stands in for.
    private mutating func charger(
        _ section: ConfigurationReader.Section, id: ChargerID?
    ) -> AgentConfiguration.Charger? {
        let profile = profile(section)
        let connector = connector(section, of: profile)
        let connection = reader.required(section, "connect", WallboxConnection.init)
        let currents = currents(section)
        let phases = reader.value(section, "phases") { (text) throws(ConfigurationProblem) in
            try ConfigurationValues.number(text, in: 1...3, "a number of phases")
        }
        let phase = phase(section, phases: min(phases ?? 3, profile?.phases ?? 3))
        let vehiclePhases = reader.value(section, "vehicle-phases") {
            (text) throws(ConfigurationProblem) in
            try ConfigurationValues.number(text, in: 1...3, "a number of phases")
        }
        let vendor = reader.value(section, "vendor", ConfigurationValues.label)
        let model = reader.value(section, "model", ConfigurationValues.label)
        let user = reader.value(section, "user", ConfigurationValues.label)
        let isSimulated = reader.value(section, "simulated", ConfigurationValues.truth)
        let idleEnds = reader.value(section, "idle-ends-at-unplug", ConfigurationValues.truth)
        let switchesPhases = phaseSwitching(section, phases: phases ?? 3, profile)
        guard let profile, let connector, let connection else { return nil }
        let standard = profile.at(connector: connector)
        let place = section.place(of: "connect")
        let bus = bus(connection, standard, at: place)
        checkUnit(connection, standard, at: place)
        guard let id, let bus, let currents else { return nil }
        return AgentConfiguration.Charger(
            id: id, profile: profile.id, connector: connector, address: bus.address,
            unit: connection.unit ?? standard.unit, line: bus.line,
            requestGap: connection.gap ?? .zero, maxCurrent: currents.max,
            safeCurrent: currents.safe, phases: phases ?? 3, vendor: vendor, model: model,
            user: user, isSimulated: isSimulated ?? false,
            idleEndsAtUnplug: idleEnds ?? false, phase: phase,
            vehiclePhases: vehiclePhases, switchesPhases: switchesPhases ?? false)
    }

    private mutating func phaseSwitching(
        _ section: ConfigurationReader.Section, phases: Int, _ profile: KnownProfile?
    ) -> Bool? {
        reader.value(section, "phase-switching") { (text) throws(ConfigurationProblem) in
            guard try ConfigurationValues.truth(text) else { return false }
            if let profile, !profile.switchesPhases {
                throw ConfigurationProblem(
                    "nobody knows how to switch the phases of a '\(profile.id)'",
                    "Remove 'phase-switching'")
            }
            if phases < 3 {
                throw ConfigurationProblem(
                    "an installation of \(phases) phase\(phases == 1 ? "" : "s") has nothing to switch",
                    "Remove 'phase-switching', or 'phases' where all three are connected")
            }
            return true
        }
    }

    private mutating func phase(
        _ section: ConfigurationReader.Section, phases: Int
    ) -> PhaseSet? {
        reader.value(section, "phase") { (text) throws(ConfigurationProblem) in
            guard phases == 1 else {
                throw ConfigurationProblem(
                    "a charger of \(phases) phases hangs on more than one",
                    "Leave it out, or write 'phases: 1' where only one is connected")
            }
            guard let place = PhaseSet.all.names.firstIndex(of: text) else {
                throw ConfigurationProblem("'\(text)' is not a phase", "Write L1, L2 or L3")
            }
            return PhaseSet(rawValue: 1 << UInt8(place))
        }
    }

    private mutating func profile(_ section: ConfigurationReader.Section) -> KnownProfile? {
        let profiles = profiles
        return reader.required(section, "profile") { (text) throws(ConfigurationProblem) in
            guard let profile = profiles.first(where: { $0.id == text }) else {
                throw ConfigurationProblem(
                    "there is no device profile '\(text)'",
                    SpellingSuggestion.remedy(
                        for: text, among: profiles.map(\.id), "device profiles"))
            }
            return profile
        }
    }

    /// Which connector of the station the charger is; the first where none is named.
    private mutating func connector(
        _ section: ConfigurationReader.Section, of profile: KnownProfile?
    ) -> Int? {
        guard section["connector"] != nil else { return 1 }
        return reader.value(section, "connector") { (text) throws(ConfigurationProblem) in
            let count = profile?.connectorCount ?? Self.maximumConnectors
            guard count > 1 || text == "1" else {
                throw ConfigurationProblem(
                    "the wallboxes of '\(profile?.id ?? "")' have one connector",
                    "Remove 'connector'")
            }
            return try ConfigurationValues.number(text, in: 1...count, "a connector of the station")
        }
    }

    private mutating func currents(
        _ section: ConfigurationReader.Section
    ) -> (max: Milliamperes, safe: Milliamperes)? {
        let max = reader.required(section, "max-current") { (text) throws(ConfigurationProblem) in
            let current = try ConfigurationValues.current(text)
            guard Milliamperes.pilotMinimum ... .amperes(80) ~= current else {
                throw ConfigurationProblem(
                    "\(current) is out of range",
                    "Write what the installation carries per phase, 6 to 80 A")
            }
            return current
        }
        let safe = reader.value(section, "safe-current") { (text) throws(ConfigurationProblem) in
            let current = try ConfigurationValues.current(text)
            guard current == .zero || current >= .pilotMinimum else {
                throw ConfigurationProblem(
                    "no vehicle can be offered \(current)", "Write 0, or 6 A and more")
            }
            if let max, current > max {
                throw ConfigurationProblem(
                    "\(current) is more than max-current, \(max)",
                    "Write 0, or 6 A up to max-current")
            }
            return current
        }
        guard let max else { return nil }
        return (max, safe ?? .pilotMinimum)
    }
}
