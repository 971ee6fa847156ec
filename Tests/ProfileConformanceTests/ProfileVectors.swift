import Foundation

/// A vector file: what raw words mean and which frames commands are, transcribed by hand.
/// `Vectors/keba-p30.yaml` explains the format, and `Vectors/README.md` all of it.
struct ProfileVectors: Decodable {
    var profile: String
    var registers: [RegisterVector]
    /// By register the words it holds; `register` names the one in question, `is` says whether it is
    /// `there` or `missing`.
    var gates: [[String: String]]?
    /// By register the words it holds; `is` the state.
    var state: [[String: String]]
    var commands: [CommandVector]
    /// Frames that must never go out.
    var denied: [String]?
}

/// One value: the frame that reads it, an answer, and its meaning.
struct RegisterVector: Decodable {
    var name: String
    var element: Int?
    var connector: Int?
    var read: String
    var answer: String
    /// A number, with its unit if it has one.
    var `is`: String?
    /// The name of the raw value.
    var named: String?
    var text: String?
    var version: String?
    /// Why there is no value: `not-available` or `implausible`.
    var absent: String?
    /// The words mean off where the limit is read back.
    var off: String?
    /// The value is not exactly that of the words: encoding it gives others.
    var rounded: String?
}

/// One command: a key says which, and for what limit.
struct CommandVector: Decodable {
    var charge: String?
    var limit: String?
    var idle: String?
    var heartbeat: String?
    var failsafe: String?
    var onConnect: String?
    var onDisconnect: String?
    var wakeUp: String?
    var phaseSwitch: String?
    var connector: Int?
    /// The phases that a power is counted for.
    var phases: Int?
    /// By register the words it holds when the command goes out.
    var given: [String: String]?
    /// Unit id and protocol data unit; `wait 2s` for a pause, `until NAME = 0000 within 10s`.
    var frames: [String]

    enum CodingKeys: String, CodingKey {
        case charge, limit, idle, heartbeat, failsafe
        case onConnect = "on-connect"
        case onDisconnect = "on-disconnect"
        case wakeUp = "wake-up"
        case phaseSwitch = "phase-switch"
        case connector, phases, given, frames
    }

    private var named: (name: String, value: String) {
        let all = [
            ("charge", charge), ("limit", limit), ("idle", idle), ("heartbeat", heartbeat),
            ("failsafe", failsafe), ("on-connect", onConnect), ("on-disconnect", onDisconnect),
            ("wake-up", wakeUp), ("phase-switch", phaseSwitch),
        ]
        return all.lazy.compactMap { name, value in value.map { (name, $0) } }.first ?? ("none", "")
    }

    /// The command, with the phases for `phase-switch 1` and `phase-switch 3`.
    var name: String {
        named.name == "phase-switch" ? "\(named.name) \(named.value)" : named.name
    }

    /// In milliamperes.
    var current: Int { VectorSyntax.canonical(named.value) ?? 0 }
}

/// How vectors write bytes, words and quantities; of its own, so that it cannot share a mistake with
/// the profile language.
enum VectorSyntax {
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.filter { $0 != " " })
        guard digits.count.isMultiple(of: 2) else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        return bytes.count == digits.count / 2 ? bytes : nil
    }

    static func words(_ text: String) -> [UInt16]? {
        guard let bytes = bytes(text), bytes.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: bytes.count, by: 2).map {
            UInt16(bytes[$0]) * 256 + UInt16(bytes[$0 + 1])
        }
    }

    /// One byte of which the lowest bit counts.
    static func bit(_ text: String) -> [UInt16]? {
        guard let bytes = bytes(text), bytes.count == 1, bytes[0] <= 1 else { return nil }
        return [UInt16(bytes[0])]
    }

    /// A number and unit in whole mA, mV, W, Wh or ms; without a unit the number itself.
    static func canonical(_ text: String) -> Int? {
        let parts = text.split(separator: " ")
        guard let first = parts.first, let number = Decimal(string: String(first)),
            parts.count <= 2
        else { return nil }
        guard let unit = parts.dropFirst().first else { return Int("\(number)") }
        return factors[unit].flatMap { Int("\(number * $0)") }
    }

    private static let factors: [Substring: Decimal] = [
        "A": 1000, "mA": 1, "V": 1000, "mV": 1, "W": 1, "mW": 0.001, "kW": 1000, "Wh": 1,
        "kWh": 1000, "s": 1000, "ms": 1,
    ]

    /// The number of "1.22.2": 1022002.
    static func version(_ text: String) -> Int? {
        let parts = text.split(separator: ".").map { Int($0) }
        guard parts.count == 3, let major = parts[0], let minor = parts[1], let patch = parts[2]
        else { return nil }
        return major * 1_000_000 + minor * 1_000 + patch
    }

    /// What a frame is compared by: hexadecimal digits, or words with times in milliseconds.
    static func frame(_ text: String) -> String {
        if let bytes = bytes(text) { return hex(bytes) }
        var words = text.split(separator: " ").map(String.init)
        if words.first == "wait" || words.first == "until", let last = words.last,
            let time = time(last)
        {
            words[words.count - 1] = "\(time)ms"
        }
        return words.joined(separator: " ")
    }

    private static func time(_ text: String) -> Int? {
        let digits = text.prefix { $0.isNumber || $0 == "." }
        return canonical("\(digits) \(text.dropFirst(digits.count))")
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0, radix: 16, uppercase: true) }
            .map { $0.count == 1 ? "0\($0)" : $0 }.joined(separator: " ")
    }
}
