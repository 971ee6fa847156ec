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

    /// - Returns: What it was written as.
    @discardableResult
    mutating func write(
        _ input: LineInput, at now: TimePoint, to bytes: inout [UInt8]
    ) -> Kind {
        let kind = kind(of: input)
        let before = time ?? now
        let step = now.monotonic.nanoseconds - before.monotonic.nanoseconds
        let apart = now.wall.milliseconds - before.wall.milliseconds - Self.wallStep(before, now)
        bytes.append(
            kind.rawValue | (now.isWallTrusted ? Self.isTrusted : 0)
                | (apart == 0 ? 0 : Self.isWallApart))
        bytes.append(signed: step)
        if apart != 0 { bytes.append(signed: apart) }
        time = now
        writePayload(of: input, as: kind, at: now, to: &bytes)
        return kind
    }

    /// How far a wall clock has gone that goes like the steady one.
    private static func wallStep(_ before: TimePoint, _ now: TimePoint) -> Int64 {
        now.monotonic.nanoseconds / 1_000_000 - before.monotonic.nanoseconds / 1_000_000
    }

    private func kind(of input: LineInput) -> Kind {
        switch input {
        case .next: .next
        case .wire(let wire):
            switch wire {
            case .opened: .opened
            case .closed: .closed
            case .answered(.registers): .registers
            case .answered(.bits): .bits
            case .answered(.written): .written
            case .failed(.timeout): .timeout
            case .failed(.exception): .exception
            case .targetChanged(nil, _): .noTarget
            case .targetChanged: .target
            case .pollRequested: .pollRequested
            case .openFailed, .failed, .endRequested: .asValue
            }
        case .control(let control, let charger):
            switch control {
            case .tick: .tick
            case .snapshotTaken: .snapshotTaken
            case .persisted: .persisted
            case .shareGiven(let share?) where hasWords(of: share, charger): .share
            case .shareGiven, .requested, .cancelRequested, .settingsRequested,
                .scheduleRequested, .persistFailed, .delayDrawn:
                .asValue
            }
        }
    }

    private func hasWords(of share: GroupShare, _ charger: Int) -> Bool {
        shares[charger].map { $0.group == share.group && $0.reason == share.reason } ?? false
    }

    private mutating func writePayload(
        of input: LineInput, as kind: Kind, at now: TimePoint, to bytes: inout [UInt8]
    ) {
        switch input {
        case .next: break
        case .wire(let wire): writePayload(of: wire, at: now, to: &bytes)
        case .control(let control, let charger):
            guard kind != .asValue else { return remember(control, charger) }
            bytes.append(number: UInt64(charger))
            if case .persisted(let commit) = control { bytes.append(number: commit.rawValue) }
            guard case .shareGiven(let share?) = control else { return }
            bytes.append(signed: Int64(share.limit.rawValue))
            bytes.append(signed: now.monotonic.duration(to: share.validUntil).nanoseconds)
            bytes.append(number: share.revision)
        }
    }

    private mutating func remember(_ control: LineInput.Control, _ charger: Int) {
        if case .shareGiven(let share) = control { shares[charger] = share }
    }

    private func writePayload(
        of wire: LineInput.Wire, at now: TimePoint, to bytes: inout [UInt8]
    ) {
        switch wire {
        case .answered(.registers(let words)):
            bytes.append(number: UInt64(words.count))
            for word in words { bytes.append(number: UInt64(word)) }
        case .answered(.bits(let bits)):
            bytes.append(number: UInt64(bits.count))
            for bit in bits { bytes.append(bit ? 1 : 0) }
        case .failed(.exception(let exception)):
            bytes.append(exception.rawValue)
        case .targetChanged(let target, let driver):
            bytes.append(number: UInt64(driver))
            guard let target else { return }
            bytes.append(
                number: target.revision << 2 | (target.isRequested ? 2 : 0)
                    | (target.allowsIncrease ? 1 : 0))
            bytes.append(signed: Int64(target.limit.rawValue))
            bytes.append(signed: now.monotonic.duration(to: target.validUntil).nanoseconds)
            bytes.append(number: Self.number(of: target.phases))
        case .pollRequested(let driver):
            bytes.append(number: UInt64(driver))
        case .opened, .openFailed, .closed, .answered(.written), .failed, .endRequested:
            break
        }
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
                remember(control, charger)
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
