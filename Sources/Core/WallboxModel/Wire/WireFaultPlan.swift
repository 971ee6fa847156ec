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
    /// From now on nothing that comes on this connection is read.
    case deafen
}

/// The faults of one wire, decided by seeds: the same requests meet the same faults, whatever other
/// rules there are.
///
/// Rules add up, in their order: a delayed answer can be a duplicated one with a wrong unit.
package struct WireFaultPlan: Hashable, Sendable {
    private var entries: [Entry] = []
    private let seed: UInt64
    /// For bytes that belong to nothing.
    private var random: SeededRandom

    fileprivate struct Entry: Hashable, Sendable {
        var rule: WireFaultRule
        var random: SeededRandom
        /// How many requests there were within its scope.
        var seen = 0
    }

    package init(_ rules: [WireFaultRule] = [], seed: UInt64 = 1) {
        self.seed = seed
        random = SeededRandom(seed: seed)
        for rule in rules { add(rule) }
    }

    /// The rules that are not over yet.
    package var rules: [WireFaultRule] { entries.map(\.rule) }

    /// Adds a rule to those that are there, which go on where they are.
    package mutating func add(_ rule: WireFaultRule) {
        let seed = rule.seed ?? seed &+ UInt64(entries.count)
        entries.append(Entry(rule: rule, random: SeededRandom(seed: seed)))
    }

    /// Whether a fault of the whole wallbox stands.
    package func isStanding(_ fault: WireFault) -> Bool {
        entries.contains { $0.rule.fault == fault && $0.rule.fault.isStanding }
    }

    /// How long nothing is answered at first.
    package var slowStart: Duration {
        entries.reduce(.zero) { longest, entry in
            guard case .slowStart(let time) = entry.rule.fault else { return longest }
            return max(longest, time)
        }
    }

    /// Whether requests to other units may be struck.
    package var isForAnyUnit: Bool { entries.contains { $0.rule.isForAnyUnit } }

    /// The faults that strike the answer to a request: asked once for each request, before it is
    /// carried out.
    ///
    /// - Parameter isForeign: Whether the request is for a unit that the wallbox is not.
    package mutating func strike(isWrite: Bool, isForeign: Bool = false) -> [WireFault] {
        guard !entries.isEmpty else { return [] }
        var struck: [WireFault] = []
        for index in entries.indices where !entries[index].rule.fault.isStanding {
            if entries[index].strikes(isWrite: isWrite, isForeign: isForeign) {
                struck.append(entries[index].rule.fault)
            }
        }
        entries.removeAll { $0.rule.count == 0 }
        return struck
    }

    /// How faults end the connection that a request came through, which was not answered.
    package func endings(struckBy faults: [WireFault]) -> [Transmission] {
        faults.compactMap(\.ending).prefix(1).map(\.self)
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
            default: break
            }
            if let ending = fault.ending {
                (copies, end) = (0, ending)
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

extension WireFaultPlan.Entry {
    fileprivate mutating func strikes(isWrite: Bool, isForeign: Bool) -> Bool {
        guard rule.isForAnyUnit || !isForeign, rule.scope.contains(isWrite: isWrite) else {
            return false
        }
        seen += 1
        guard seen >= rule.start,
            rule.perMillion >= 1_000_000
                || Int.random(in: 0..<1_000_000, using: &random) < rule.perMillion
        else { return false }
        rule.count = rule.count.map { $0 - 1 }
        return true
    }
}

extension WireFault {
    /// How it ends a connection, if it does.
    fileprivate var ending: Transmission? {
        switch self {
        case .close: .close
        case .reset, .reboot: .reset
        case .halfOpen: .deafen
        default: nil
        }
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
