import ChargeModel
import Logging
import Modbus
import Synchronization
import WallboxModel

/// One simulated wallbox behind a lock, in the time of a clock: what all connections and the
/// control endpoint share. Nothing waits inside the lock.
package final class SharedWallbox: Sendable {
    fileprivate struct State: ~Copyable {
        var wallbox: SimulatedWallbox
        var wire: WireFaultPlan
        var writes: WriteLog
        var ignoredFrames = 0
        /// Until when nothing is read, since it has not started yet.
        var startsAt: MonotonicInstant?
    }

    private let state: Mutex<State>
    private let clock: any AgentClock
    private let logger: Logger

    package init(_ wallbox: SimulatedWallbox, clock: any AgentClock, logger: Logger) {
        state = Mutex(State(wallbox: wallbox, wire: WireFaultPlan(), writes: WriteLog()))
        self.clock = clock
        self.logger = logger
    }

    // MARK: - For people and tests

    /// What the wallbox physically is and does now.
    package var truth: WallboxTruth {
        update { wallbox, now in
            wallbox.advance(to: now)
            return wallbox.truth
        }
    }

    /// The wallbox as it is now.
    package var wallbox: SimulatedWallbox {
        update { wallbox, now in
            wallbox.advance(to: now)
            return wallbox
        }
    }

    /// Does something to the wallbox: plug a vehicle in, reboot, break it.
    package func update<Result>(
        _ body: (inout SimulatedWallbox, MonotonicInstant) -> sending Result
    ) -> sending Result {
        state.withLock { state in
            // Inside the lock, so that the instants of several threads do not cross.
            body(&state.wallbox, clock.now().monotonic)
        }
    }

    /// The last writes that arrived, oldest first; at least the last 10,000.
    package var writes: [WriteLogEntry] { state.withLock { $0.writes.entries } }

    /// How many frames a silent wallbox has let pass.
    package var ignoredFrames: Int { state.withLock { $0.ignoredFrames } }

    package var wireFaults: WireFaultPlan { state.withLock { $0.wire } }

    func setWireFaults(_ plan: WireFaultPlan) {
        state.withLock { state in
            state.wire = plan
            state.startsAt = clock.now().monotonic.advanced(by: plan.slowStart)
        }
    }

    func addWireFault(_ rule: WireFaultRule) {
        state.withLock { state in
            state.wire.add(rule)
            guard case .slowStart(let time) = rule.fault else { return }
            state.startsAt = clock.now().monotonic.advanced(by: time)
        }
    }

    // MARK: - For connections

    /// Whether it is the one that is meant on a line with others, or has a fault for those too.
    func answers(unit: UInt8) -> Bool {
        state.withLock { state in
            state.wallbox.advance(to: clock.now().monotonic)
            return state.wire.isForAnyUnit || state.wallbox.answers(unit: unit)
        }
    }

    /// Carries out what a frame asks for, and says what goes on the wire for it.
    func answer(_ frame: some ModbusFrame, to peer: String) -> [Transmission] {
        let (transmissions, accesses) = state.withLock { state in
            let now = clock.now()
            return state.answer(frame, to: peer, at: now, logsReads: logger.logLevel <= .debug)
        }
        for access in accesses { logger.debug("\(access) by \(peer)") }
        return transmissions
    }
}

extension SharedWallbox.State {
    fileprivate mutating func answer(
        _ frame: some ModbusFrame, to peer: String, at now: TimePoint, logsReads: Bool
    ) -> ([Transmission], [AccessRecord]) {
        let hasStarted = startsAt.map { $0 <= now.monotonic } ?? true
        guard !wire.isStanding(.silence), hasStarted else {
            ignoredFrames += 1
            return ([], [])
        }
        let operation: ModbusOperation
        switch PDU.decodeRequest(frame.pdu) {
        case .success(let decoded): operation = decoded
        case .failure(let exception):
            return (refuse(frame, with: exception, at: now), [])
        }
        let faults = wire.strike(
            isWrite: operation.isWrite, isForeign: !wallbox.hasUnit(frame.unit))
        if faults.contains(.reboot) {
            wallbox.reboot(at: now.monotonic)
            return (wire.endings(struckBy: faults), [])
        }
        let request = ModbusRequest(unit: frame.unit, operation: operation)
        let reply =
            faults.exception.map { WallboxReply.exception($0) }
            ?? wallbox.respond(to: request, at: now.monotonic)
        var accesses: [AccessRecord] = []
        if logsReads || operation.isWrite {
            accesses = wallbox.accesses(request, answered: reply, at: now.monotonic)
        }
        if operation.isWrite {
            for access in accesses {
                writes.append(WriteLogEntry(time: now, peer: peer, access: access))
            }
        }
        let pdu: [UInt8]
        switch reply {
        case .response(let response): pdu = PDU.encode(response, to: operation)
        case .exception(let exception):
            pdu = PDU.encode(exception, functionCode: operation.functionCode)
        case .silence: return (wire.endings(struckBy: faults), accesses)
        }
        return (wire.transmissions(of: frame.answer(pdu), struckBy: faults), accesses)
    }

    /// The answer to what is no request that we know: none where nobody is at home.
    private mutating func refuse(
        _ frame: some ModbusFrame, with exception: ModbusException, at now: TimePoint
    ) -> [Transmission] {
        wallbox.advance(to: now.monotonic)
        guard wallbox.answers(unit: frame.unit), let function = frame.pdu.first else { return [] }
        let answer = frame.answer(PDU.encode(exception, functionCode: function))
        return [.send(answer.bytes, after: .zero)]
    }
}

extension [WireFault] {
    fileprivate var exception: ModbusException? {
        for case .exception(let exception) in self { return exception }
        return nil
    }
}
