import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Modbus
import WallboxModel

@testable import AgentRuntime

/// A bus in virtual time with simulated wallboxes on it, and what can go wrong with it.
final class SimulatedBus: ModbusBus {
    /// How the far end behaves.
    enum Behaviour: Sendable {
        case answering
        /// Nothing is answered: a request takes its whole timeout.
        case silent
        /// The bus itself does not come back before it is shut down, whatever the timeout says.
        case hanging
    }

    /// One request as it reached the wallbox.
    struct Access: Sendable {
        var at: MonotonicInstant
        var request: ModbusRequest

        var isWrite: Bool {
            request.operation.isWrite
        }
    }

    private struct State {
        var wallboxes: [SimulatedWallbox]
        var behaviour = Behaviour.answering
        var latency: Duration = .zero
        var isOpen = false
        var isShutDown = false
        var pending = 0
        var accesses: [Access] = []
        var openings = 0
        var stuck: [Alarm] = []
    }

    private let state: Locked<State>
    private let clock: any AgentClock

    init(_ wallboxes: [SimulatedWallbox], clock: any AgentClock) {
        state = Locked(State(wallboxes: wallboxes))
        self.clock = clock
    }

    // MARK: - What a test does with it

    func behave(_ behaviour: Behaviour) {
        state.withLock { $0.behaviour = behaviour }
    }

    /// How long an answer takes.
    func answer(after latency: Duration) {
        state.withLock { $0.latency = latency }
    }

    func change(_ place: Int = 0, _ body: (inout SimulatedWallbox) -> Void) {
        state.withLock { body(&$0.wallboxes[place]) }
    }

    func truth(_ place: Int = 0) -> WallboxTruth {
        let now = clock.now().monotonic
        return state.withLock { state in
            state.wallboxes[place].advance(to: now)
            return state.wallboxes[place].truth
        }
    }

    /// A new bus to the same wallboxes.
    func revived() -> SimulatedBus {
        SimulatedBus(state.withLock(\.wallboxes), clock: clock)
    }

    var accesses: [Access] { state.withLock(\.accesses) }
    var writes: [Access] { accesses.filter(\.isWrite) }
    var openings: Int { state.withLock(\.openings) }
    /// Requests that have not ended.
    var pending: Int { state.withLock(\.pending) }

    // MARK: - The port

    func open(timeout: Duration) async throws(ModbusError) {
        try await wait(timeout: timeout)
        state.withLock { state in
            state.isOpen = true
            state.openings += 1
        }
    }

    func close() async {
        state.withLock { $0.isOpen = false }
    }

    func perform(
        _ request: ModbusRequest, timeout: Duration
    ) async throws(ModbusError) -> ModbusResponse {
        let isFree = state.withLock { state in
            defer { state.pending += 1 }
            return state.pending == 0
        }
        precondition(isFree, "R23: two requests at a time on one bus")
        defer { state.withLock { $0.pending -= 1 } }
        guard state.withLock({ $0.isOpen || $0.isShutDown }) else {
            throw .connectionLost(errno: 107)
        }
        do {
            try await wait(timeout: timeout)
        } catch {
            state.withLock { $0.isOpen = false }
            throw error
        }
        return try answer(request)
    }

    func shutDown() async {
        let stuck = state.withLock { state in
            state.isShutDown = true
            defer { state.stuck = [] }
            return state.stuck
        }
        for alarm in stuck { alarm.ring() }
    }

    // MARK: - Parts

    /// Waits as long as the answer takes, or until the bus is shut down.
    private func wait(timeout: Duration) async throws(ModbusError) {
        let (behaviour, latency) = state.withLock { ($0.behaviour, $0.latency) }
        switch behaviour {
        case .answering: await pause(for: min(latency, timeout))
        case .silent: await pause(for: timeout)
        case .hanging: await shutDownAsked()
        }
        if state.withLock(\.isShutDown) { throw .busShutDown }
        if behaviour == .silent || latency > timeout { throw .timeout }
    }

    private func pause(for duration: Duration) async {
        guard duration > .zero else { return }
        let end = clock.now().monotonic.advanced(by: duration)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [clock] in
                do {
                    try await clock.sleep(until: end)
                } catch {
                    // Shut down; or the caller was cancelled, which here only hastens the end.
                }
            }
            group.addTask { await self.shutDownAsked() }
            await group.next()
            group.cancelAll()
        }
    }

    /// Waits until the bus is shut down, or the task is cancelled.
    private func shutDownAsked() async {
        let alarm = state.withLock { state in
            let alarm = Alarm(clock: clock)
            state.isShutDown ? alarm.ring() : state.stuck.append(alarm)
            return alarm
        }
        await alarm.wait()
        state.withLock { $0.stuck.removeAll { $0 === alarm } }
    }

    private func answer(_ request: ModbusRequest) throws(ModbusError) -> ModbusResponse {
        let now = clock.now().monotonic
        let reply = state.withLock { state -> WallboxReply in
            state.accesses.append(Access(at: now, request: request))
            let place = state.wallboxes.firstIndex { $0.answers(unit: request.unit) }
            guard let place else { return .silence }
            return state.wallboxes[place].respond(to: request, at: now)
        }
        switch reply {
        case .response(let response): return response
        case .exception(let exception): throw .exception(exception)
        case .silence:
            state.withLock { $0.isOpen = false }
            throw .timeout
        }
    }
}

extension SimulatedBus {
    /// The setpoints that were written to a reference wallbox, in amperes.
    func setpointWrites(unit: UInt8 = 1) -> [Int] {
        accesses.compactMap { access in
            guard access.request.unit == unit,
                case .writeSingleRegister(0, let deciamperes) = access.request.operation
            else { return nil }
            return Int(deciamperes) / 10
        }
    }

    /// When a setpoint was last written.
    func lastSetpointWrite(unit: UInt8 = 1) -> MonotonicInstant? {
        accesses.last { access in
            guard access.request.unit == unit,
                case .writeSingleRegister(0, _) = access.request.operation
            else { return false }
            return true
        }?.at
    }
}
