import ChargeModel
import DeviceProfiles
import Hummingbird
import Modbus
import WallboxModel

/// The body of `POST /fault`: the name of one fault, and what it needs. Faults add up until
/// `{"fault": "none"}`.
///
/// On the wire, with the optional fields `count` (how often), `perMillion` (of the answers), `on`
/// (`reads` or `writes`) and `seed`: `delay` and `drip` (`milliseconds`), `drop`, `duplicate`,
/// `reorder`, `wrong-transaction-id`, `wrong-protocol-id`, `wrong-length` (`bytes`),
/// `wrong-checksum`, `wrong-unit`, `wrong-function-code`, `wrong-byte-count`, `wrong-echo`, `truncate`, `garbage-before` and
/// `garbage-after` (`bytes`), `exception` (`code`), `close`, `reset`, `silence`, `hang-on-accept`,
/// `refuse`.
///
/// In the wallbox: `ignore-writes`, `delay-writes` (`milliseconds`), `cable-limit` (`amperes`),
/// `foreign-controller` (`amperes`, `milliseconds` from one write to the next), `defect` (`code`),
/// `unavailable` (`code`), `welded-contactor`, `busy` (`code` of the exception), `dead`, and for one
/// `register`: `stuck-register`, `nan-register`, `swapped-register`, `register-words` (`words`),
/// `refused-register` (`code`), `silent-register`.
struct FaultRequest: Decodable {
    var fault: String
    var milliseconds: Int?
    var amperes: Double?
    var bytes: Int?
    var code: Int?
    var register: String?
    var words: [UInt16]?
    var count: Int?
    var perMillion: Int?
    var on: String?
    var seed: UInt64?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case fault, milliseconds, amperes, bytes, code, register, words, count, perMillion, on, seed
    }

    enum Meaning {
        /// Everything is sound again.
        case none
        case wire(WireFaultRule)
        case wallbox(WallboxFaults)
    }

    init(from decoder: any Decoder) throws {
        try decoder.refuseUnknownKeys(but: CodingKeys.self)
        let body = try decoder.container(keyedBy: CodingKeys.self)
        fault = try body.decode(String.self, forKey: .fault)
        milliseconds = try body.decodeIfPresent(Int.self, forKey: .milliseconds)
        amperes = try body.decodeIfPresent(Double.self, forKey: .amperes)
        bytes = try body.decodeIfPresent(Int.self, forKey: .bytes)
        code = try body.decodeIfPresent(Int.self, forKey: .code)
        register = try body.decodeIfPresent(String.self, forKey: .register)
        words = try body.decodeIfPresent([UInt16].self, forKey: .words)
        count = try body.decodeIfPresent(Int.self, forKey: .count)
        perMillion = try body.decodeIfPresent(Int.self, forKey: .perMillion)
        on = try body.decodeIfPresent(String.self, forKey: .on)
        seed = try body.decodeIfPresent(UInt64.self, forKey: .seed)
    }

    /// What it comes to on top of what is wrong with the wallbox already.
    func meaning(for wallbox: SimulatedWallbox) throws(HTTPError) -> Meaning {
        if fault == "none" { return .none }
        if let wire = try wireFault {
            if let complaint = wire.complaint {
                throw HTTPError(.badRequest, message: "\(fault): \(complaint)")
            }
            return .wire(try rule(wire))
        }
        var faults = wallbox.faults
        guard try add(to: &faults, of: wallbox) else {
            throw HTTPError(.badRequest, message: "fault: there is none named \"\(fault)\"")
        }
        if let complaint = faults.complaint { throw HTTPError(.badRequest, message: complaint) }
        return .wallbox(faults)
    }

    // MARK: - The wire

    private var wireFault: WireFault? {
        get throws(HTTPError) {
            switch fault {
            case "delay": .delay(try time)
            case "drip": .drip(try time)
            case "drop": .drop
            case "duplicate": .duplicate
            case "reorder": .reorder
            case "wrong-transaction-id": .wrongTransactionID
            case "wrong-protocol-id": .wrongProtocolID
            case "wrong-length": .wrongLength(excess: UInt16(try value(bytes, "bytes", 1...1000)))
            case "wrong-unit": .wrongUnit
            case "wrong-checksum": .wrongChecksum
            case "wrong-function-code": .wrongFunctionCode
            case "wrong-byte-count": .wrongByteCount
            case "wrong-echo": .wrongEcho
            case "truncate": .truncate(bytes: try value(bytes, "bytes", 1...1000))
            case "garbage-before": .garbageBefore(bytes: try value(bytes, "bytes", 1...1000))
            case "garbage-after": .garbageAfter(bytes: try value(bytes, "bytes", 1...1000))
            case "exception": .exception(try exception)
            case "close": .close
            case "reset": .reset
            case "silence": .silence
            case "hang-on-accept": .hangOnAccept
            case "refuse": .refuse
            default: nil
            }
        }
    }

    private func rule(_ wire: WireFault) throws(HTTPError) -> WireFaultRule {
        var rule = WireFaultRule(wire)
        if let count { rule.count = try value(count, "count", 1...1_000_000) }
        if let perMillion { rule.perMillion = try value(perMillion, "perMillion", 0...1_000_000) }
        if let on {
            guard let scope = WireFaultRule.Scope(rawValue: on) else {
                throw HTTPError(.badRequest, message: "on: all, reads or writes, not \"\(on)\"")
            }
            rule.scope = scope
        }
        return rule
    }

    // MARK: - The wallbox

    /// - Returns: False for a name that there is not.
    private func add(
        to faults: inout WallboxFaults, of wallbox: SimulatedWallbox
    ) throws(HTTPError) -> Bool {
        switch fault {
        case "ignore-writes": faults.writes = .ignored
        case "delay-writes": faults.writes = .delayed(by: try time)
        case "cable-limit": faults.cableLimit = try current
        case "foreign-controller":
            faults.foreignController = WallboxFaults.ForeignController(
                setpoint: try current, period: try time)
        case "defect": faults.defect = WallboxFaults.Defect(code: code)
        case "unavailable":
            faults.defect = WallboxFaults.Defect(isUnavailable: true, code: code)
        case "welded-contactor": faults.isContactorWelded = true
        case "busy": faults.exception = try exception
        case "dead": faults.isSilent = true
        default:
            guard let kind = try registerFault else { return false }
            let fault = WallboxFaults.RegisterFault(try register(of: wallbox.profile), kind)
            faults.registers.removeAll { $0.register == fault.register }
            faults.registers.append(fault)
        }
        return true
    }

    private var registerFault: WallboxFaults.RegisterFault.Kind? {
        get throws(HTTPError) {
            switch fault {
            case "stuck-register": return .stuck
            case "nan-register": return .notANumber
            case "swapped-register": return .wordsSwapped
            case "refused-register": return .exception(try exception)
            case "silent-register": return .silent
            case "register-words":
                guard let words, 1...125 ~= words.count else {
                    throw HTTPError(.badRequest, message: "words: \(fault) needs 1 to 125 of them")
                }
                return .words(words)
            default: return nil
            }
        }
    }

    private func register(of profile: DeviceProfile) throws(HTTPError) -> RegisterID {
        if let register, let id = profile.register(named: register) { return id }
        let names = profile.registers.map(\.name).joined(separator: ", ")
        throw HTTPError(
            .badRequest, message: "register: \(fault) needs the name of one; there are \(names)")
    }

    // MARK: - Figures

    private var time: Duration {
        get throws(HTTPError) {
            .milliseconds(try value(milliseconds, "milliseconds", 0...3_600_000))
        }
    }

    private var current: Milliamperes {
        get throws(HTTPError) {
            guard let amperes else {
                throw HTTPError(.badRequest, message: "amperes: \(fault) needs them")
            }
            return try Milliamperes(amperes: amperes, field: "amperes")
        }
    }

    private var exception: ModbusException {
        get throws(HTTPError) {
            ModbusException(rawValue: UInt8(try value(code, "code", 0...255)))
        }
    }

    private func value(
        _ value: Int?, _ field: String, _ range: ClosedRange<Int>
    ) throws(HTTPError) -> Int {
        guard let value else {
            throw HTTPError(.badRequest, message: "\(field): \(fault) needs it")
        }
        guard range.contains(value) else {
            throw HTTPError(
                .badRequest,
                message: "\(field): \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
        return value
    }
}
