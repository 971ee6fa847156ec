import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import FlightRecorder
import Logging
import Modbus
import ServiceLifecycle

/// The running agent: one line for each bus, and the answers to the API's questions.
///
/// It owns loops and nothing else: what to do is decided in the engines.
package final class Agent: AgentService, Service {
    private let lines: [ChargerLine]
    /// Of each line, what its profiles were compiled from.
    private let texts: [[ProfileText]]
    private let places: [Place]
    private let environment: LineEnvironment
    private let period: Duration

    /// Where a charger is.
    private struct Place: Sendable {
        var id: ChargerID
        var line: Int
        var driver: Int
    }

    /// One bus and what hangs on it, as the composition root states it.
    package struct Bus {
        package var address: String
        package var bus: any ModbusBus
        package var chargers: [Charger]
        /// The least time between two requests, beyond what the profiles ask for.
        package var requestGap: Duration

        package init(
            address: String, bus: any ModbusBus, chargers: [Charger],
            requestGap: Duration = .zero
        ) {
            self.address = address
            self.bus = bus
            self.chargers = chargers
            self.requestGap = requestGap
        }
    }

    /// One charger, as the composition root states it.
    package struct Charger {
        package var profile: DeviceProfile
        /// What the profile was compiled from, for recordings; nil where that is not known.
        package var text: ProfileText?
        package var driver: DriverConfiguration
        package var control: ControlConfiguration
        /// Its place in the configuration, from 0.
        package var index: Int

        package init(
            profile: DeviceProfile, text: ProfileText? = nil, driver: DriverConfiguration,
            control: ControlConfiguration, index: Int
        ) {
            self.profile = profile
            self.text = text
            self.driver = driver
            self.control = control
            self.index = index
        }
    }

    /// The longest control period: leases are renewed well inside their 10 s.
    package static let longestPeriod: Duration = .seconds(1)

    /// Takes up where the store says that the last run ended.
    ///
    /// - Parameters:
    ///   - poll: The configured poll period; the control loop runs at it, at most a second.
    ///   - makeActionID: Makes unpredictable identifiers, as `makeScheduleID` does.
    ///   - groups: Chargers that share a fuse; each is in one at most.
    ///   - isReadOnly: Whether nothing is written to any wallbox.
    ///   - recorder: How much of what the engines are told is kept; nil for nothing.
    ///   - drawDelay: Draws the delay of one start, of up to so much.
    ///   - seed: For the jitter of reconnects alone.
    package init(
        buses: [Bus], groups: [FuseGroupConfiguration] = [], isReadOnly: Bool = false,
        recorder: RecorderLimits? = nil, poll: Duration, policy: LinkPolicy = LinkPolicy(),
        repository: any ActionRepository, zones: any ZoneDirectory, clock: any AgentClock,
        makeActionID: @escaping @Sendable () -> Action.ID,
        makeScheduleID: @escaping @Sendable () -> String,
        drawDelay: @escaping @Sendable (Duration) -> Duration = Agent.systemDelay,
        seed: UInt64, log: Logger
    ) async throws(StoreError) {
        let now = clock.now()
        let ids = buses.flatMap(\.chargers).sorted { $0.index < $1.index }
            .map(\.control.description.id)
        let restored = try await repository.restore(ids)
        let engines = buses.map { bus in
            bus.chargers.map { charger in
                let id = charger.control.description.id
                var configuration = charger.control
                configuration.group = groups.first { $0.has(id) }?.name
                return ControlEngine(
                    configuration: configuration,
                    restored: restored.first { $0.charger == id } ?? RestoredCharger(charger: id),
                    zones: zones, at: now)
            }
        }
        var views: [(index: Int, view: ChargerView)] = []
        for (bus, controls) in zip(buses, engines) {
            for (charger, control) in zip(bus.chargers, controls) {
                views.append((charger.index, control.view))
            }
        }
        views.sort { $0.index < $1.index }
        period = min(poll, Self.longestPeriod)
        let board = ViewBoard(AgentView(chargers: views.map(\.view)))
        environment = LineEnvironment(
            clock: clock, repository: repository, events: EventFeed(), board: board,
            recorder: LoopRecorder(period: period), storeHealth: StoreHealth(),
            fuses: FuseDesk(groups, board: board, at: now.monotonic),
            faults: FaultBell(at: now.monotonic),
            isReadOnly: isReadOnly,
            makeActionID: makeActionID, makeScheduleID: makeScheduleID, drawDelay: drawDelay,
            log: log)
        var places: [Place] = []
        var lines: [ChargerLine] = []
        for (number, bus) in buses.enumerated() {
            let drivers = bus.chargers.map { charger in
                var configuration = charger.driver
                configuration.isReadOnly = isReadOnly
                return DriverEngine(
                    profile: charger.profile, configuration: configuration, at: now)
            }
            for (driver, charger) in bus.chargers.enumerated() {
                places.append(
                    Place(id: charger.control.description.id, line: number, driver: driver))
            }
            var policy = policy
            policy.recovery = bus.bus.recovery
            policy.requestGap = bus.requestGap
            let line = LineEngine(
                drivers: drivers, policy: policy, seed: seed &+ UInt64(number), at: now.monotonic)
            lines.append(
                ChargerLine(
                    address: bus.address,
                    engines: RecordedLine(
                        LineState(line: line, controls: engines[number]),
                        limits: recorder?.divided(among: buses.count)),
                    indices: bus.chargers.map(\.index),
                    bus: isReadOnly ? ReadOnlyBus(bus: bus.bus, log: log) : bus.bus,
                    environment: environment))
        }
        self.lines = lines
        self.places = places
        texts = buses.map { $0.chargers.compactMap(\.text) }
    }

    /// Draws a delay as nobody can foretell it: from the system's generator (requirement R45).
    package static func systemDelay(upTo longest: Duration) -> Duration {
        var random = SystemRandomNumberGenerator()
        return StartDelay.draw(upTo: longest, using: &random)
    }

    // MARK: - Running

    /// Runs until graceful shutdown; then hands the wallboxes back, which takes less than a second.
    package func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [environment] in
                await Alarm.waitForEnd(clock: environment.clock)
                environment.events.close()
                environment.faults.close()
            }
            for (number, line) in lines.enumerated() {
                // Spread over the period, so that many wallboxes are not asked at once.
                let offset = period * number / lines.count
                group.addTask { [period] in await line.run(period: period, offset: offset) }
            }
        }
    }

    // MARK: - The flight recorder

    /// What every line was told lately; empty while the recorder is off.
    package func recording() async -> [AgentRecording.Line] {
        var recorded: [AgentRecording.Line] = []
        for (line, texts) in zip(lines, texts) {
            guard let recording = await line.recording else { continue }
            recorded.append(
                AgentRecording.Line(
                    address: line.address, profiles: texts, recording: recording))
        }
        return recorded
    }

    /// Faults that begin, in words; of those that nobody has looked at, the newest.
    package var faults: AsyncStream<String> { environment.faults.stream }

    // MARK: - AgentService

    package var view: AgentView { environment.board.current }

    package func now() -> TimePoint { environment.clock.now() }

    package func push(_ request: ActionRequest) async throws(RequestRefusal) -> Action {
        let place = try place(of: request.charger)
        switch try await lines[place.line].submit(.push(request), to: place.driver).get() {
        case .action(let action): return action
        case .settings, .schedule: throw .idempotencyKeyReused
        }
    }

    package func change(_ request: SettingsRequest) async throws(RequestRefusal) {
        let place = try place(of: request.charger)
        _ = try await lines[place.line].submit(.change(request), to: place.driver).get()
    }

    package func earlierAction(
        under key: IdempotencyKey
    ) async throws(RequestRefusal) -> Action? {
        switch try await environment.answer(under: key) {
        case .action(let action): return action
        case nil: return nil
        case .settings, .schedule: throw .idempotencyKeyReused
        }
    }

    package func replaceSchedule(
        _ request: ScheduleRequest
    ) async throws(RequestRefusal) -> RecurringSchedule {
        let place = try place(of: request.charger)
        let schedule = RecurringSchedule(
            id: environment.makeScheduleID(), charger: request.charger,
            timezone: request.timezone, recurrence: request.recurrence, slots: request.slots,
            updatedAt: environment.clock.now().wall)
        if let problem = ScheduleRules.problem(of: schedule) {
            throw .invalidSchedule(field: problem.field, message: problem.message)
        }
        let order = ControlDesk.Request.Order.schedule(schedule.inOrder, request.idempotency)
        switch try await lines[place.line].submit(order, to: place.driver).get() {
        case .schedule(let accepted?): return accepted
        case .schedule(nil), .settings, .action:
            // Answered by an earlier release, which did not keep what it said: it is in the view,
            // unless it was changed since.
            guard let schedule = view[request.charger]?.schedule else {
                throw .idempotencyKeyReused
            }
            return schedule
        }
    }

    package func removeSchedule(
        of charger: ChargerID, idempotency: IdempotencyKey?
    ) async throws(RequestRefusal) -> RecurringSchedule? {
        let place = try place(of: charger)
        if let idempotency,
            case .schedule(let removed) = try await environment.answer(
                under: idempotency)
        {
            return removed
        }
        guard let standing = view[charger]?.schedule else { return nil }
        let order = ControlDesk.Request.Order.schedule(nil, idempotency)
        switch try await lines[place.line].submit(order, to: place.driver).get() {
        case .schedule(let removed): return removed
        case .settings, .action: return standing
        }
    }

    package func cancel(
        _ id: Action.ID, of charger: ChargerID
    ) async throws(RequestRefusal) -> Action {
        let place = try place(of: charger)
        switch await lines[place.line].submit(.cancel(id), to: place.driver) {
        case .success(.action(let action)): return action
        case .success: throw .unknownAction
        case .failure(.unknownAction):
            // Not the one that waits: it has ended, or is nobody's.
            guard let action = try await action(id), action.charger == charger else {
                throw .unknownAction
            }
            throw .notCancellable(action.state.name)
        case .failure(let refusal): throw refusal
        }
    }

    package func action(_ id: Action.ID) async throws(RequestRefusal) -> Action? {
        do throws(StoreError) {
            return try await environment.repository.action(id)
        } catch {
            throw environment.refusal(error)
        }
    }

    package func actions(_ query: ActionQuery) async throws(RequestRefusal) -> ActionPage {
        do throws(StoreError) {
            return try await environment.repository.actions(query)
        } catch {
            throw environment.refusal(error)
        }
    }

    package func refresh(_ charger: ChargerID, within bound: Duration) async {
        guard let place = places.first(where: { $0.id == charger }) else { return }
        let line = lines[place.line]
        let clock = environment.clock
        let deadline = clock.now().monotonic.advanced(by: bound)
        let polled = Alarm(clock: clock)
        await line.poll(place.driver, ringing: polled)
        await polled.wait(until: deadline)
        await line.forgetWaiter(polled, of: place.driver)
    }

    package func events(after sequence: UInt64?) -> AsyncStream<AgentEvent> {
        environment.events.events(after: sequence)
    }

    package func readiness() async -> Readiness {
        var buses: [BusReadiness] = []
        for line in lines { buses.append(await line.readiness) }
        let now = environment.clock.now()
        let isEveryChargerFresh = view.chargers.allSatisfy {
            $0.freshness(at: now.monotonic) != .fallback
        }
        let problem = environment.storeHealth.problem
        return Readiness(
            isReady: isEveryChargerFresh && problem == nil, buses: buses, storeProblem: problem,
            isWallClockTrusted: now.isWallTrusted, isReadOnly: environment.isReadOnly,
            loop: environment.recorder.statistics(
                transactions: buses.map(\.transactions).reduce(0, +),
                errors: buses.map(\.errors).reduce(0, +)))
    }

    private func place(of charger: ChargerID) throws(RequestRefusal) -> Place {
        guard let place = places.first(where: { $0.id == charger }) else { throw .unknownCharger }
        return place
    }
}
