import Modbus

@testable import LibmodbusBus

/// A unit of a serial line and the ledger of what it may still answer, through any order of events
/// (requirements R5 and R6): what is let out must not be answered by what was asked before.
enum SerialAnswers {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        var ledger = UnitLedger()
        var unanswered: [ModbusOperation] = []
        var last: ModbusOperation?
        var now: Int64 = 0
        for _ in 0..<60 where !input.isEmpty {
            now += 1
            switch input.byte() % 5 {
            case 0, 1:
                let wanted = input.operation()
                let operation: ModbusOperation
                switch ledger.choice(for: wanted) {
                case .ask: operation = wanted
                case .mark(let marker):
                    try hold(!marker.isWrite, "a marker that writes: \(marker)")
                    operation = marker
                case .wait: continue
                }
                ledger.sent(operation, at: now)
                try checkLate(ledger, operation, unanswered)
                unanswered.append(operation)
                last = operation
            case 2:
                ledger.answered()
                unanswered = []
            case 3:
                ledger.strayed(at: now)
                if let last, unanswered.count <= 32 { unanswered.append(last) }
            default:
                _ = ledger.verdict(on: input.bytes(Int(input.byte()))[...])
            }
            try hold(ledger.isClear == unanswered.isEmpty, "it lost count")
        }
        ledger.forget(before: now + 1)
        try hold(ledger.isClear, "it does not forget")
    }

    /// The right answers to everything before, and their refusals, are no answer now.
    private static func checkLate(
        _ ledger: UnitLedger, _ operation: ModbusOperation, _ earlier: [ModbusOperation]
    ) throws {
        for late in earlier {
            let response: ModbusResponse =
                switch late {
                case .readCoils, .readDiscreteInputs:
                    .bits(Array(repeating: true, count: late.count))
                case .readHoldingRegisters, .readInputRegisters:
                    .registers(Array(repeating: 0x1234, count: late.count))
                default: .written
                }
            let answer = PDU.encode(response, to: late)
            let refusal = PDU.encode(.serverDeviceBusy, functionCode: late.functionCode)
            for pdu in [answer, refusal] {
                let verdict = ledger.verdict(on: pdu[...])
                try hold(
                    verdict == .late, "\(verdict) to \(operation), which answers \(late): \(pdu)")
            }
        }
    }
}
