import ChargeControl
import ChargeModel
import ChargerDriver
import FlightRecorder
import Logging
import Modbus

/// One bus and the chargers on it: holds their engines and carries out what these order.
///
/// Three loops share it, and none waits for another:
/// - the wire: one transaction after the other, as the line engine orders;
/// - the desk: the control engines, one input after the other, commits included;
/// - the tick: at a fixed rate, and it only puts a tick on each desk.
///
/// No `await` lies between reading and changing an engine. While the desk waits for a commit the wire
/// goes on with the targets that it has, and falls to the safe current when their lease is over.
actor ChargerLine {
    nonisolated let address: String
    nonisolated let bus: any ModbusBus
    nonisolated let environment: LineEnvironment
    nonisolated let log: Logger
    nonisolated let wireAlarm: Alarm
    nonisolated let deskAlarm: Alarm
    var engines: RecordedLine
    var seats: [Seat]
    /// Whether a target has changed that the wire has not been woken for yet.
    var isWireDue = false
    /// By when the wallboxes must be handed back; nil as long as the line is not to end.
    var handBackBy: MonotonicInstant?
    private var nextRequest: UInt64 = 1

    /// One charger of the line.
    struct Seat {
        let id: ChargerID
        var desk = ControlDesk()
        /// Its place in the view.
        let index: Int
        /// Its place on the fuse that it shares with others.
        var fuse: FuseDesk.Place?
        var target: ChargerTarget?
        /// What the log was told last.
        var loggedLink = LinkState.connecting
        /// Who waits for a poll, and since when.
        var pollWaiters: [(since: MonotonicInstant, alarm: Alarm)] = []
    }

    /// How long the line may take to end, with the wallboxes handed back.
    static let handBackBound: Duration = .milliseconds(800)

    init(
        address: String, engines: RecordedLine, indices: [Int], bus: any ModbusBus,
        environment: LineEnvironment
    ) {
        self.address = address
        self.engines = engines
        seats = zip(engines.state.controls, indices).map { control, index in
            let id = control.configuration.description.id
            return Seat(id: id, index: index, fuse: environment.fuses.place(of: id))
        }
        self.bus = bus
        self.environment = environment
        wireAlarm = Alarm(clock: environment.clock)
        deskAlarm = Alarm(clock: environment.clock)
        var log = environment.log
        log[metadataKey: "bus"] = "\(address)"
        self.log = log
    }

    // MARK: - Running

    /// Runs until graceful shutdown or cancellation; then hands the wallboxes back.
    ///
    /// - Parameter offset: When the first tick comes, so that many lines do not tick at once.
    nonisolated func run(period: Duration, offset: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.runDesk() }
            group.addTask { await self.runTicks(period: period, offset: offset) }
            group.addTask { await self.superviseEnd() }
            await withTaskExecutorPreference(bus.preferredExecutor) { await self.runWire() }
            group.cancelAll()
        }
    }

    /// Lets the line end when the time has come, and sees to it that it does: a wallbox that hangs
    /// must not hold the agent up.
    private nonisolated func superviseEnd() async {
        await Alarm.waitForEnd(clock: environment.clock)
        let deadline = await stop()
        do {
            try await environment.clock.sleep(until: deadline)
        } catch {
            // The wire has ended, or the task is cancelled and every transaction bounds itself.
            return
        }
        log.warning("no answer in time at the end: the wallboxes are left to their failsafe")
        await bus.shutDown()
    }

    /// From now on nothing is accepted, and the wire hands the wallboxes back.
    ///
    /// - Returns: By when that must be over.
    @discardableResult
    func stop() -> MonotonicInstant {
        if let handBackBy { return handBackBy }
        let now = environment.clock.now().monotonic
        let deadline = now.advanced(by: Self.handBackBound)
        handBackBy = deadline
        for index in seats.indices {
            for request in seats[index].desk.takeRequests(receivedUpTo: now) {
                request.refuse(.busy(retryAfter: .seconds(5)))
            }
            for waiter in seats[index].pollWaiters { waiter.alarm.ring() }
        }
        wireAlarm.ring()
        return deadline
    }

    var isStopping: Bool { handBackBy != nil }

    /// What the flight recorder holds of this line; nil while it is off.
    var recording: LineRecording? { engines.recording }

    // MARK: - What is asked of the line

    /// Waits until the request is taken and durable, or refused.
    func submit(
        _ order: ControlDesk.Request.Order, to index: Int
    ) async -> Result<AcceptedRequest, RequestRefusal> {
        await withCheckedContinuation { answer in
            let request = ControlDesk.Request(
                id: RequestID(rawValue: nextRequest), order: order,
                receivedAt: environment.clock.now(), answer: answer)
            nextRequest += 1
            guard !isStopping else { return request.refuse(.busy(retryAfter: .seconds(5))) }
            guard seats[index].desk.add(request) else {
                return request.refuse(.busy(retryAfter: .seconds(1)))
            }
            deskAlarm.ring()
        }
    }

    /// Polls a wallbox as soon as its wire is free, and rings the alarm when what was read is in the
    /// view, or when nothing will come any more.
    func poll(_ index: Int, ringing alarm: Alarm) {
        guard !isStopping else { return alarm.ring() }
        let now = environment.clock.now()
        seats[index].pollWaiters.append((now.monotonic, alarm))
        _ = engines.tell(.pollRequested(driver: index), at: now)
        wireAlarm.ring()
    }

    /// Forgets who has given up waiting for a poll.
    func forgetWaiter(_ alarm: Alarm, of index: Int) {
        seats[index].pollWaiters.removeAll { $0.alarm === alarm }
    }

    var readiness: BusReadiness {
        let line = engines.state.line
        let links = line.drivers.map(\.snapshot.link)
        return BusReadiness(
            address: address, link: links.contains(.up) ? .up : links[0],
            chargers: seats.map(\.id), transactions: line.statistics.transactions,
            errors: line.statistics.errors)
    }
}
