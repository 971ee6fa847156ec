import ChargeControl
import ChargeModel
import ChargerDriver
import Modbus

/// The bytes of inputs, each with its time. What comes with every poll takes a few bytes; what is
/// rare is kept as a value beside them.
///
/// An input is its kind and whether the wall clock was trusted (one byte), the steady clock's step
/// since the input before (nanoseconds), where the two clocks did not go alike the wall clock's
/// (milliseconds), and its payload. Numbers have seven bits to a byte, the low ones first, and a sign
/// in the lowest bit where they may be negative. One byte of ``DecisionTrace`` follows.
struct InputCoding: Hashable, Sendable {
    private var time: TimePoint?
    /// The share that each charger was given last, of which the words stay.
    private var shares: [GroupShare?]

    init(chargers: Int, from time: TimePoint? = nil) {
        self.time = time
        shares = Array(repeating: nil, count: chargers)
    }

    enum Kind: UInt8 {
        /// Kept beside the bytes.
        case asValue
        case next, opened, closed
        case registers, bits, written, timeout, exception
        case target, noTarget, pollRequested
        case tick, snapshotTaken, share, persisted
    }

    private static let kindBits: UInt8 = 0x1F
    private static let isTrusted: UInt8 = 0x20
    /// The wall clock's step follows.
    private static let isWallApart: UInt8 = 0x40

    // MARK: - Writing

    // Comes with everything that a line is told: room is made once for each input, nothing is
    // allocated, and inputs are lent, as to copy one takes longer than to write it.

    mutating func writeNext(at now: TimePoint, to bytes: inout [UInt8]) {
        bytes.append(addingCapacity: Self.longestFixed) { writeHead(.next, at: now, to: &$0) }
    }

    /// - Returns: What it was written as.
    mutating func write(
        _ wire: borrowing LineInput.Wire, at now: TimePoint, to bytes: inout [UInt8]
    ) -> Kind {
        switch wire {
        case .opened: write(as: .opened, at: now, to: &bytes)
        case .closed: write(as: .closed, at: now, to: &bytes)
        case .answered(.registers(let words)):
            write(as: .registers, longest: 3 * words.count, at: now, to: &bytes) { bytes in
                bytes.append(number: UInt64(words.count))
                for word in words { bytes.append(number: UInt64(word)) }
            }
        case .answered(.bits(let bits)):
            write(as: .bits, longest: bits.count, at: now, to: &bytes) { bytes in
                bytes.append(number: UInt64(bits.count))
                for bit in bits { bytes.append(bit ? 1 : 0) }
            }
        case .answered(.written): write(as: .written, at: now, to: &bytes)
        case .failed(.timeout): write(as: .timeout, at: now, to: &bytes)
        case .failed(.exception(let exception)):
            write(as: .exception, at: now, to: &bytes) { $0.append(exception.rawValue) }
        case .targetChanged(let target, let driver):
            write(target, driver: driver, at: now, to: &bytes)
        case .pollRequested(let driver):
            write(as: .pollRequested, at: now, to: &bytes) { $0.append(number: UInt64(driver)) }
        case .openFailed, .failed, .endRequested: write(as: .asValue, at: now, to: &bytes)
        }
    }

    private mutating func write(
        _ target: ChargerTarget?, driver: Int, at now: TimePoint, to bytes: inout [UInt8]
    ) -> Kind {
        guard let target else {
            return write(as: .noTarget, at: now, to: &bytes) { $0.append(number: UInt64(driver)) }
        }
        return write(as: .target, at: now, to: &bytes) { bytes in
            bytes.append(number: UInt64(driver))
            bytes.append(
                number: target.revision << 2 | (target.isRequested ? 2 : 0)
                    | (target.allowsIncrease ? 1 : 0))
            bytes.append(signed: Int64(target.limit.rawValue))
            bytes.append(signed: target.validUntil.nanoseconds - now.monotonic.nanoseconds)
            bytes.append(number: Self.number(of: target.phases))
        }
    }

    /// - Returns: What it was written as.
    mutating func write(
        _ control: borrowing LineInput.Control, of charger: Int, at now: TimePoint,
        to bytes: inout [UInt8]
    ) -> Kind {
        let number = UInt64(charger)
        switch control {
        case .tick: return write(as: .tick, at: now, to: &bytes) { $0.append(number: number) }
        case .snapshotTaken:
            return write(as: .snapshotTaken, at: now, to: &bytes) { $0.append(number: number) }
        case .persisted(let commit):
            return write(as: .persisted, at: now, to: &bytes) { bytes in
                bytes.append(number: number)
                bytes.append(number: commit.rawValue)
            }
        case .shareGiven(let share):
            return write(share, of: charger, at: now, to: &bytes)
        case .requested, .cancelRequested, .settingsRequested, .scheduleRequested,
            .persistFailed, .delayDrawn:
            return write(as: .asValue, at: now, to: &bytes)
        }
    }

    private mutating func write(
        _ share: GroupShare?, of charger: Int, at now: TimePoint, to bytes: inout [UInt8]
    ) -> Kind {
        guard let share, hasWords(of: share, charger) else {
            shares[charger] = share
            return write(as: .asValue, at: now, to: &bytes)
        }
        return write(as: .share, at: now, to: &bytes) { bytes in
            bytes.append(number: UInt64(charger))
            bytes.append(signed: Int64(share.limit.rawValue))
            bytes.append(signed: share.validUntil.nanoseconds - now.monotonic.nanoseconds)
            bytes.append(number: share.revision)
        }
    }

    private func hasWords(of share: GroupShare, _ charger: Int) -> Bool {
        shares[charger].map { $0.group == share.group && $0.reason == share.reason } ?? false
    }

    /// What any input takes at most, but for the words or bits of an answer: its kind and seven
    /// numbers.
    private static let longestFixed = 1 + 7 * 10

    private mutating func write(
        as kind: Kind, longest: Int = 0, at now: TimePoint, to bytes: inout [UInt8],
        payload: (inout OutputSpan<UInt8>) -> Void = { _ in }
    ) -> Kind {
        bytes.append(addingCapacity: Self.longestFixed + longest) { bytes in
            writeHead(kind, at: now, to: &bytes)
            payload(&bytes)
        }
        return kind
    }

    private mutating func writeHead(
        _ kind: Kind, at now: TimePoint, to bytes: inout OutputSpan<UInt8>
    ) {
        let before = time ?? now
        let step = now.monotonic.nanoseconds - before.monotonic.nanoseconds
        let apart = now.wall.milliseconds - before.wall.milliseconds - Self.wallStep(before, now)
        bytes.append(
            kind.rawValue | (now.isWallTrusted ? Self.isTrusted : 0)
                | (apart == 0 ? 0 : Self.isWallApart))
        bytes.append(signed: step)
        if apart != 0 { bytes.append(signed: apart) }
        time = now
    }

    /// How far a wall clock has gone that goes like the steady one.
    private static func wallStep(_ before: TimePoint, _ now: TimePoint) -> Int64 {
        now.monotonic.nanoseconds / 1_000_000 - before.monotonic.nanoseconds / 1_000_000
    }

    // MARK: - Reading

    /// The next input, or nil if the bytes are none; `value` gives the next of those that are kept
    /// as values.
    mutating func read(
        _ bytes: inout ByteReader, value: () -> LineInput?
    ) -> (input: LineInput, time: TimePoint)? {
        guard let head = bytes.byte(), let kind = Kind(rawValue: head & Self.kindBits),
            let before = time, let now = readTime(&bytes, head, after: before)
        else { return nil }
        time = now
        guard kind != .asValue else {
            guard let input = value() else { return nil }
            if case .control(let control, let charger) = input {
                guard shares.indices.contains(charger) else { return nil }
                if case .shareGiven(let share) = control { shares[charger] = share }
            }
            return (input, now)
        }
        return input(kind, at: now, from: &bytes).map { ($0, now) }
    }

    private func readTime(
        _ bytes: inout ByteReader, _ head: UInt8, after before: TimePoint
    ) -> TimePoint? {
        guard let step = bytes.signed(),
            let apart = head & Self.isWallApart == 0 ? 0 : bytes.signed()
        else { return nil }
        var now = before
        now.monotonic.nanoseconds &+= step
        now.wall.milliseconds &+= Self.wallStep(before, now) &+ apart
        now.isWallTrusted = head & Self.isTrusted != 0
        return now
    }

    private func input(
        _ kind: Kind, at now: TimePoint, from bytes: inout ByteReader
    ) -> LineInput? {
        switch kind {
        case .asValue: nil
        case .next: .next
        case .opened: .wire(.opened)
        case .closed: .wire(.closed)
        case .registers: registers(&bytes)
        case .bits: bits(&bytes)
        case .written: .wire(.answered(.written))
        case .timeout: .wire(.failed(.timeout))
        case .exception:
            bytes.byte().map { .wire(.failed(.exception(ModbusException(rawValue: $0)))) }
        case .target: target(at: now, &bytes)
        case .noTarget: bytes.index().map { .wire(.targetChanged(nil, driver: $0)) }
        case .pollRequested: bytes.index().map { .wire(.pollRequested(driver: $0)) }
        case .tick: bytes.index().map { .control(.tick, of: $0) }
        case .snapshotTaken: bytes.index().map { .control(.snapshotTaken, of: $0) }
        case .share: share(at: now, &bytes)
        case .persisted: persisted(&bytes)
        }
    }

    private func registers(_ bytes: inout ByteReader) -> LineInput? {
        guard let count = bytes.index(), count <= ModbusOperation.maximumReadCount else {
            return nil
        }
        var words: [UInt16] = []
        for _ in 0..<count {
            guard let word = bytes.number().flatMap({ UInt16(exactly: $0) }) else { return nil }
            words.append(word)
        }
        return .wire(.answered(.registers(words)))
    }

    private func bits(_ bytes: inout ByteReader) -> LineInput? {
        guard let count = bytes.index(), count <= ModbusOperation.maximumBitReadCount else {
            return nil
        }
        var bits: [Bool] = []
        for _ in 0..<count {
            guard let bit = bytes.byte() else { return nil }
            bits.append(bit != 0)
        }
        return .wire(.answered(.bits(bits)))
    }

    private func target(at now: TimePoint, _ bytes: inout ByteReader) -> LineInput? {
        guard let driver = bytes.index(), let revision = bytes.number(),
            let limit = bytes.signed(), let lease = bytes.signed(), let phases = bytes.number()
        else { return nil }
        return .wire(
            .targetChanged(
                ChargerTarget(
                    limit: Milliamperes(Int(limit)), allowsIncrease: revision & 1 == 1,
                    validUntil: now.monotonic.advanced(by: .nanoseconds(lease)),
                    revision: revision >> 2, isRequested: revision & 2 == 2,
                    phases: Self.phases(of: phases)), driver: driver))
    }

    /// 0 without a wish; 4 for each phase that is counted, and the wanted ones.
    private static func number(of wish: PhaseWish?) -> UInt64 {
        wish.map { UInt64(max($0.counted, 0) * 4 + max($0.wanted ?? 0, 0) % 4) } ?? 0
    }

    private static func phases(of number: UInt64) -> PhaseWish? {
        guard number > 0 else { return nil }
        let wanted = Int(number % 4)
        return PhaseWish(wanted: wanted == 0 ? nil : wanted, counted: Int(number / 4 % 4))
    }

    private func share(at now: TimePoint, _ bytes: inout ByteReader) -> LineInput? {
        guard let charger = bytes.index(), shares.indices.contains(charger),
            var share = shares[charger], let limit = bytes.signed(), let lease = bytes.signed(),
            let revision = bytes.number()
        else { return nil }
        share.limit = Milliamperes(Int(limit))
        share.validUntil = now.monotonic.advanced(by: .nanoseconds(lease))
        share.revision = revision
        return .control(.shareGiven(share), of: charger)
    }

    private func persisted(_ bytes: inout ByteReader) -> LineInput? {
        guard let charger = bytes.index(), let commit = bytes.number() else { return nil }
        return .control(.persisted(CommitID(rawValue: commit)), of: charger)
    }
}
