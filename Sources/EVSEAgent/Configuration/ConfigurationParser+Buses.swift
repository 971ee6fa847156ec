import LibmodbusBus
import Modbus

// Which bus a charger is on, and what those on one bus must have in common.
extension ConfigurationParser {
    /// nil if something is missing that nothing stands in for, which is reported.
    mutating func bus(
        _ connection: WallboxConnection, _ profile: KnownProfile, at place: ConfigurationPlace
    ) -> (address: BusAddress, line: LineSettings?)? {
        switch connection.medium {
        case .tcp(let host, let port):
            return (.tcp(.init(host: host, port: port ?? profile.port)), nil)
        case .gateway(let host, let port):
            return (.gateway(.init(host: host, port: port)), nil)
        case .serial(let path):
            warnOfName(path, at: place)
            guard let serial = serialSettings(connection, profile, at: place) else { return nil }
            let line = LineSettings(serial: serial, direction: connection.direction ?? .off)
            return (.serial(path: path), line)
        }
    }

    private mutating func serialSettings(
        _ connection: WallboxConnection, _ profile: KnownProfile, at place: ConfigurationPlace
    ) -> SerialSettings? {
        if let settings = connection.settings(delivered: profile.serial) { return settings }
        reader.error(
            place,
            ConfigurationProblem(
                "connect: the profile '\(profile.id)' does not say how its line is set",
                "Write it as it is set in the wallbox, such as ?baud=9600&parity=none&stop=1"))
        return nil
    }

    /// Names such as ttyUSB0 are given in the order in which adapters are found.
    private mutating func warnOfName(_ path: String, at place: ConfigurationPlace) {
        let numbered = ["/dev/ttyUSB", "/dev/ttyACM"]
        guard numbered.contains(where: path.hasPrefix) else { return }
        reader.warning(
            place,
            ConfigurationProblem(
                "connect: \(path) may be another adapter after the next start",
                "Write its path in /dev/serial/by-id; ls -l /dev/serial/by-id shows it"))
    }

    /// The unit of the profile must be one that the medium has, too.
    mutating func checkUnit(
        _ connection: WallboxConnection, _ profile: KnownProfile, at place: ConfigurationPlace
    ) {
        guard connection.unit == nil, !(1...247 ~= profile.unit) else { return }
        if case .tcp = connection.medium { return }
        reader.error(
            place,
            ConfigurationProblem(
                "connect: unit \(profile.unit), the profile's, is none on a serial line",
                "Write the one that is set in the wallbox: ?unit=N, 1 to 247"))
    }

    /// On one bus the unit id tells chargers apart, or the connector of one station; and a serial line
    /// has one setting.
    mutating func checkBus(
        of charger: AgentConfiguration.Charger, among others: [AgentConfiguration.Charger],
        at place: ConfigurationPlace
    ) {
        let neighbours = others.filter { $0.address == charger.address }
        // Connectors of one station may differ in nothing but their registers.
        let other = neighbours.first { other in
            other.unit == charger.unit
                && (other.profile != charger.profile || other.connector == charger.connector)
        }
        if let other {
            let hasConnectors = profiles.contains {
                $0.id == charger.profile && $0.connectorCount > 1
            }
            reader.error(
                place,
                ConfigurationProblem(
                    """
                    connect: '\(other.id)' is at \(charger.address) with unit \(charger.unit) \
                    too
                    """,
                    hasConnectors
                        ? "Give each its own 'connector'"
                        : "Give each its own address, or its own ?unit=N"))
        }
        if let line = charger.line,
            let other = neighbours.first(where: { $0.line != line }), let first = other.line
        {
            reader.error(
                place,
                ConfigurationProblem(
                    "connect: the line is at \(first) for '\(other.id)' and at \(line) here",
                    """
                    All wallboxes on one line are set alike; set them so, and write baud, parity, \
                    stop and rs485 to match
                    """))
        }
    }
}
