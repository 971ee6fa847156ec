import ChargeModel
import Modbus

/// What the server's side puts on the wire for one answer, in order.
package enum Transmission: Hashable, Sendable {
    /// Bytes, this long after the request.
    case send([UInt8], after: Duration)
    /// Bytes to be sent behind the next answer on this connection.
    case hold([UInt8])
    case close
    case reset
}

/// The faults of one wire, decided by a seed: the same requests meet the same faults.
///
/// Rules add up, in their order: a delayed answer can be a duplicated one with a wrong unit.
package struct WireFaultPlan: Hashable, Sendable {
    package private(set) var rules: [WireFaultRule]
    private var random: SeededRandom

    package init(_ rules: [WireFaultRule] = [], seed: UInt64 = 1) {
        self.rules = rules
        random = SeededRandom(seed: seed)
    }

    /// Whether a fault of the whole wallbox stands.
    package func isStanding(_ fault: WireFault) -> Bool {
        rules.contains { $0.fault == fault && $0.fault.isStanding }
    }

    /// The faults that strike the answer to a request: asked once for each request, before it is
    /// carried out.
    package mutating func strike(isWrite: Bool) -> [WireFault] {
        guard !rules.isEmpty else { return [] }
        var struck: [WireFault] = []
        for index in rules.indices where !rules[index].fault.isStanding {
            let rule = rules[index]
            guard rule.count != 0, rule.scope.contains(isWrite: isWrite),
                rule.perMillion >= 1_000_000
                    || Int.random(in: 0..<1_000_000, using: &random) < rule.perMillion
            else { continue }
            rules[index].count = rule.count.map { $0 - 1 }
            struck.append(rule.fault)
        }
        rules.removeAll { $0.count == 0 }
        return struck
    }

    /// What faults make of an answer.
    package mutating func transmissions(
        of answer: some ModbusFrame, struckBy faults: [WireFault]
    ) -> [Transmission] {
        var answer = answer
        for fault in faults { answer.corrupt(fault) }
        var bytes = answer.bytes
        var delay = Duration.zero
        var spacing: Duration?
        var copies = 1
        var isHeld = false
        var end: Transmission?
        for fault in faults {
            switch fault {
            case .delay(let time): delay += time
            case .drip(let time): spacing = time
            case .drop: copies = 0
            case .duplicate: copies *= 2
            case .reorder: isHeld = true
            case .truncate(let count): bytes = Array(bytes.prefix(count))
            case .garbageBefore(let count): bytes = garbage(count) + bytes
            case .garbageAfter(let count): bytes += garbage(count)
            case .close: (copies, end) = (0, .close)
            case .reset: (copies, end) = (0, .reset)
            default: break
            }
        }
        let frames = Array(repeating: bytes, count: min(copies, Self.maximumCopies))
        let sent = frames.flatMap { frame in
            isHeld ? [.hold(frame)] : Self.send(frame, after: delay, spacing: spacing)
        }
        return sent + (end.map { [$0] } ?? [])
    }

    private static let maximumCopies = 16

    private static func send(
        _ bytes: [UInt8], after delay: Duration, spacing: Duration?
    ) -> [Transmission] {
        guard let spacing else { return [.send(bytes, after: delay)] }
        return bytes.enumerated().map { .send([$1], after: delay + spacing * $0) }
    }

    private mutating func garbage(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
}

extension WireFaultRule.Scope {
    fileprivate func contains(isWrite: Bool) -> Bool {
        switch self {
        case .all: true
        case .reads: !isWrite
        case .writes: isWrite
        }
    }
}
