import LibmodbusBus
import Modbus

/// What `connect` says about one wallbox; what is not written is nil.
///
/// ```
/// tcp://host[:port][?unit=N]
/// rtu+tcp://host:port[?unit=N&gap=100ms]
/// serial:///dev/...[?unit=N&baud=9600&parity=none&stop=1&rs485=off&gap=100ms]
/// ```
struct WallboxConnection: Hashable, Sendable {
    var medium: Medium
    var unit: Int?
    var baud: Int?
    var parity: SerialSettings.Parity?
    var stopBits: Int?
    var direction: SerialPort.Direction?
    var gap: Duration?

    enum Medium: Hashable, Sendable {
        /// The host in lower case, for names are compared.
        case tcp(host: String, port: Int?)
        /// RTU frames over TCP.
        case gateway(host: String, port: Int)
        case serial(path: String)
    }

    init(_ text: String) throws(ConfigurationProblem) {
        let parts = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let address = String(parts[0])
        let keys: [String]
        if let rest = Self.rest(of: address, behind: "tcp://") {
            let (host, port) = try ConfigurationAddresses.hostAndPort(rest, ports: 1...65_535)
            medium = .tcp(host: host, port: port)
            keys = ["unit"]
        } else if let rest = Self.rest(of: address, behind: "rtu+tcp://") {
            let (host, port) = try ConfigurationAddresses.hostAndPort(rest, ports: 1...65_535)
            guard let port else {
                throw ConfigurationProblem(
                    "'\(text)' has no port", "Write the one at which the gateway passes RTU on")
            }
            medium = .gateway(host: host, port: port)
            keys = ["unit", "gap"]
        } else if let path = Self.rest(of: address, behind: "serial://") {
            guard path.hasPrefix("/"), path.count > 1, !path.contains("\0") else {
                throw ConfigurationProblem(
                    "'\(text)' names no serial port",
                    "Write its path behind serial://, such as serial:///dev/serial/by-id/NAME")
            }
            medium = .serial(path: path)
            keys = ["unit", "baud", "parity", "stop", "rs485", "gap"]
        } else {
            throw ConfigurationProblem(
                "'\(text)' is not an address of a wallbox",
                """
                Write tcp://host[:port][?unit=N], such as tcp://192.168.1.20:502?unit=255, \
                serial:///dev/serial/by-id/NAME[?unit=N] or rtu+tcp://host:port[?unit=N]
                """)
        }
        if parts.count == 2 { try read(query: parts[1], keys: keys) }
    }

    /// How the serial line is set: as it is written, else as `delivered`; nil where neither says.
    func settings(delivered: SerialSettings?) -> SerialSettings? {
        guard let baud = baud ?? delivered?.baud, let parity = parity ?? delivered?.parity else {
            return nil
        }
        return SerialSettings(
            baud: baud, parity: parity, stopBits: stopBits ?? delivered?.stopBits ?? 1)
    }

    private static func rest(of text: String, behind scheme: String) -> String? {
        text.hasPrefix(scheme) ? String(text.dropFirst(scheme.count)) : nil
    }

    /// On a serial line 0 is everybody, and from 248 on nobody may be.
    private var units: ClosedRange<Int> {
        if case .tcp = medium { 0...255 } else { 1...247 }
    }

    private mutating func read(
        query: Substring, keys: [String]
    ) throws(ConfigurationProblem) {
        var seen: [Substring] = []
        for item in query.split(separator: "&", omittingEmptySubsequences: false) {
            let pair = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, keys.contains(String(pair[0])) else {
                throw ConfigurationProblem(
                    "'\(item)' is not known in this address",
                    SpellingSuggestion.remedy(for: String(pair[0]), among: keys, "keys"))
            }
            guard !seen.contains(pair[0]) else {
                throw ConfigurationProblem("'\(pair[0])' is given twice", "Keep one of the two")
            }
            seen.append(pair[0])
            try read(String(pair[1]), of: pair[0])
        }
    }

    private mutating func read(
        _ value: String, of key: Substring
    ) throws(ConfigurationProblem) {
        switch key {
        case "unit": unit = try ConfigurationValues.number(value, in: units, "a unit id")
        case "baud": baud = try Self.baud(value)
        case "parity": parity = try ConfigurationValues.word(value)
        case "stop":
            stopBits = try ConfigurationValues.number(
                value, in: SerialSettings.stopBitCounts, "a number of stop bits")
        case "rs485": direction = try ConfigurationValues.word(value)
        default:
            gap = try ConfigurationValues.duration(
                value, in: .zero ... .seconds(2), "0ms to 2s")
        }
    }

    private static func baud(_ text: String) throws(ConfigurationProblem) -> Int {
        guard let baud = Int(text), SerialSettings.bauds.contains(baud) else {
            let known = SerialSettings.bauds.map(String.init).joined(separator: ", ")
            throw ConfigurationProblem("'\(text)' is not a speed", "Write one of \(known)")
        }
        return baud
    }
}
