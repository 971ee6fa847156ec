import Foundation

/// A vector file: what raw words mean and which frames commands are, transcribed by hand.
/// `Vectors/keba-p30.yaml` explains the format.
struct ProfileVectors: Decodable {
    var profile: String
    var registers: [RegisterVector]
    /// By register the words it holds; `is` the state.
    var state: [[String: String]]
    var commands: [CommandVector]
}

/// One value: the frame that reads it, an answer, and its meaning.
struct RegisterVector: Decodable {
    var name: String
    var element: Int?
    var read: String
    var answer: String
    /// A number, with its unit if it has one.
    var `is`: String?
    /// The name of the raw value.
    var named: String?
    var text: String?
    /// Why there is no value: `not-available` or `implausible`.
    var absent: String?
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
    /// Unit id and protocol data unit; `wait 2s` for a pause.
    var frames: [String]

    var name: String {
        let all = [
            ("charge", charge), ("limit", limit), ("idle", idle), ("heartbeat", heartbeat),
            ("failsafe", failsafe),
        ]
        return all.first { $0.1 != nil }?.0 ?? "none"
    }

    /// In milliamperes.
    var current: Int {
        VectorSyntax.canonical(charge ?? limit ?? idle ?? heartbeat ?? failsafe ?? "") ?? 0
    }
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

    /// A number and unit in whole mA, mV, W, Wh or ms; without a unit the number itself.
    static func canonical(_ text: String) -> Int? {
        let parts = text.split(separator: " ")
        guard let first = parts.first, let number = Decimal(string: String(first)),
            parts.count <= 2
        else { return nil }
        guard let unit = parts.dropFirst().first else { return Int("\(number)") }
        let factors: [Substring: Decimal] = [
            "A": 1000, "V": 1000, "W": 1, "kW": 1000, "Wh": 1, "kWh": 1000, "s": 1000,
        ]
        return factors[unit].flatMap { Int("\(number * $0)") }
    }
}
