import ChargeModel
import DeviceProfiles
import Modbus

/// Steps that are being carried out, one transaction at a time.
///
/// ```
/// first step left   when                          next
/// write             confirmed                     the step after it
/// modify            read                          a write of what was read, changed; none if equal
/// wait              it is over, from its turn on  the step after it
/// waitUntil         the conditions hold, as read  the step after it
///                     since its turn
///                   they do not in time           given up
/// when              the newest values fulfil it   its steps, else the step after it
/// ```
struct RunningSteps: Hashable, Codable, Sendable {
    let purpose: Purpose
    private(set) var left: [CommandOperation]
    /// The last write that has gone out; from the first on nobody knows what stands in the wallbox.
    private(set) var lastRequest: ModbusRequest?
    /// The addresses that were written.
    private(set) var addresses: [UInt16] = []
    /// Whether a register was written, or found to stand as it is to.
    private(set) var hasActed = false
    /// When the first step left had its turn, for steps that take time.
    private var turn: MonotonicInstant?

    enum Purpose: Hashable, Codable, Sendable {
        case command(SetpointReconciler.Command)
        /// What the wallbox has to be told after every contact.
        case connect
        /// What it is told when the agent ends.
        case disconnect
        /// The rest of what arms the failsafe.
        case arm
        case heartbeat(Heartbeat.Kind)
        case wakeUp
        /// To one phase or to three, at 0 A.
        case phaseSwitch(Int)

        var command: SetpointReconciler.Command? {
            guard case .command(let command) = self else { return nil }
            return command
        }
    }

    enum State: Hashable, Sendable {
        /// The first step left is a write or a modification.
        case ready
        /// Nothing is to be done before this time.
        case waiting(until: MonotonicInstant)
        case finished
        case givenUp(reason: String)
    }

    var hasWritten: Bool { lastRequest != nil }

    init(_ purpose: Purpose, _ operations: [CommandOperation]) {
        self.purpose = purpose
        left = operations
    }

    /// Takes the steps that need no transaction, as far as they go.
    ///
    /// - Parameter readAt: When a register was last read.
    mutating func settle(
        _ profile: DeviceProfile, _ values: RegisterValues,
        readAt: (RegisterID) -> MonotonicInstant?, at now: MonotonicInstant
    ) -> State {
        while let first = left.first {
            switch first {
            case .write, .modify:
                return .ready
            case .wait(let pause):
                let over = (turn ?? now).advanced(by: pause)
                turn = turn ?? now
                guard now >= over else { return .waiting(until: over) }
                next()
            case .waitUntil(let conditions, let bound):
                let began = turn ?? now
                turn = began
                if conditions.allSatisfy({
                    $0.holds(values) && readAt($0.register).map { $0 > began } == true
                }) {
                    next()
                    continue
                }
                let end = began.advanced(by: bound)
                guard now >= end else { return .waiting(until: end) }
                return .givenUp(reason: profile.unfulfilled(conditions, values, within: bound))
            case .when(let conditions, let steps):
                next()
                if conditions.allSatisfy({ $0.holds(values) }) { left = steps + left }
            }
        }
        return .finished
    }

    private mutating func next() {
        left.removeFirst()
        turn = nil
    }

    /// The write that is first was confirmed.
    mutating func confirmed(_ request: ModbusRequest) {
        lastRequest = request
        addresses.append(request.operation.address)
        hasActed = true
        next()
    }

    /// The register of the modification that is first has been read.
    ///
    /// - Parameter write: What is to be written; nil when it stands there already.
    mutating func read(_ write: CommandOperation?) {
        next()
        hasActed = true
        if let write { left.insert(write, at: 0) }
    }

    /// Whether there is something to do: a transaction, or the end of a wait.
    func isDue(at now: MonotonicInstant) -> Bool { wake.map { now >= $0 } ?? true }

    /// When a step that takes time is over; nil where none is under way.
    var wake: MonotonicInstant? {
        switch left.first {
        case .wait(let pause): turn?.advanced(by: pause)
        case .waitUntil(_, let bound): turn?.advanced(by: bound)
        case .write, .modify, .when, nil: nil
        }
    }

    /// What polling has to tell before it goes on.
    var awaited: [RegisterID] {
        guard case .waitUntil(let conditions, _)? = left.first else { return [] }
        return conditions.map(\.register)
    }
}

extension RegisterCondition {
    /// Whether it holds for a value that is there.
    func holds(_ values: RegisterValues) -> Bool {
        values[register].map { test.holds($0) } ?? false
    }
}

extension DeviceProfile {
    fileprivate func unfulfilled(
        _ conditions: [RegisterCondition], _ values: RegisterValues, within bound: Duration
    ) -> String {
        let shown = conditions.filter { !$0.holds(values) }.map {
            "\(self[$0.register].name) reads \(values[$0.register]?.forPeople ?? "nothing")"
        }
        let what = shown.isEmpty ? "nothing new was read" : shown.joined(separator: ", ")
        return "it did not get ready within \(bound.milliseconds / 1000) s: \(what)"
    }

    /// The write that changes some bits of a register that holds these words; nil when they stand
    /// there already.
    func change(
        _ id: RegisterID, holding words: [UInt16], set: UInt64, clear: UInt64
    ) -> CommandOperation? {
        guard words.count == self[id].width else { return nil }
        let raw = self[id].pattern(ArraySlice(words))
        let changed = raw & ~clear | set
        return changed == raw ? nil : write(raw: changed, to: id)
    }
}
