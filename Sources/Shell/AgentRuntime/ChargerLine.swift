import ChargeControl
import ChargeModel
import ChargerDriver
import Logging
import Modbus

/// One bus and the chargers on it: holds their engines and carries out what these order.
///
/// Three loops share it, and none waits for another: the wire (one transaction after the other), the
/// desk (control engines and their commits) and the tick (fixed rate). No `await` lies between
/// reading and changing an engine.
actor ChargerLine {
    let address: String
    private var line: LineEngine
    private var seats: [Seat]
    private let bus: any ModbusBus
    private let environment: LineEnvironment
    private let wireAlarm: Alarm
    private let deskAlarm: Alarm
    private let log: Logger
    private var nextRequest: UInt64 = 1
    private var isStopping = false

    /// One charger of the line.
    private struct Seat {
        var control: ControlEngine
        var desk = ControlDesk()
        /// Its place in the view.
        let index: Int
        var target: ChargerTarget?
        var pollWaiters: [(since: MonotonicInstant, done: CheckedContinuation<Void, Never>)] = []

        var id: ChargerID { control.configuration.description.id }
    }

    /// How long handing the wallboxes back may take at the end.
    private static let handBackBound: Duration = .milliseconds(800)

    init(
        address: String, line: LineEngine, controls: [(control: ControlEngine, index: Int)],
        bus: any ModbusBus, environment: LineEnvironment
    ) {
        self.address = address
        self.line = line
        seats = controls.map { Seat(control: $0.control, index: $0.index) }
        self.bus = bus
        self.environment = environment
        wireAlarm = Alarm(clock: environment.clock)
        deskAlarm = Alarm(clock: environment.clock)
        var log = environment.log
        log[metadataKey: "bus"] = "\(address)"
        self.log = log
    }

    // MARK: - The wire

    /// Carries out transactions until the line is told to stop; then hands the wallboxes back.
    func runWire() async {
        while !isStopping, !Task.isCancelled { await carryOutNextOrder() }
        await handBack()
        await bus.close()
    }

    private func carryOutNextOrder() async {
        let now = environment.clock.now()
        switch line.next(at: now) {
        case .open(let timeout):
            await open(timeout: timeout)
        case .close:
            await bus.close()
            take(line.closed(at: environment.clock.now()))
        case .perform(let request):
            let result = await perform(request)
            take(line.completed(result, at: environment.clock.now()))
        case .sleep(let until):
            await wireAlarm.wait(until: until)
        }
    }

    private func open(timeout: Duration) async {
        do throws(ModbusError) {
            try await bus.open(timeout: timeout)
            line.opened(at: environment.clock.now())
            log.info("connected")
        } catch {
            log.debug("cannot connect: \(error)")
            take(line.openFailed(error, at: environment.clock.now()))
        }
    }

    private func perform(
        _ request: DriverRequest
    ) async -> Result<ModbusResponse, ModbusError> {
        do throws(ModbusError) {
            return .success(try await bus.perform(request.request, timeout: request.timeout))
        } catch {
            log.debug("\(request.request) failed: \(error)")
            return .failure(error)
        }
    }

    private func take(_ effects: [LineEngine.Effect]) {
        for effect in effects {
            switch effect.effect {
            case .snapshot(let snapshot):
                noteLink(snapshot.link, of: effect.driver)
                seats[effect.driver].desk.add(snapshot)
                deskAlarm.ring()
                if let poll = snapshot.lastPoll {
                    endRefreshes(effect.driver, since: poll.monotonic)
                }
            case .wrote(let report):
                let name = seats[effect.driver].id
                if let refusal = report.refusal {
                    log.warning("\(name): \(report.what) refused: \(refusal)")
                } else {
                    log.debug("\(name): \(report.what) [\(report.request)]")
                }
            }
        }
    }

    private func noteLink(_ link: LinkState, of driver: Int) {
        guard link != seats[driver].control.snapshot.link else { return }
        if case .down(let reason) = link {
            log.warning("\(seats[driver].id): not answering: \(reason)")
        } else {
            log.info("\(seats[driver].id): answering")
        }
    }

    /// Writes min(last, safe current) to every wallbox, within a bound (the end of the agent must
    /// not leave a charger at full power with nobody watching).
    private func handBack() async {
        guard line.isOpen else { return }
        let deadline = environment.clock.now().monotonic.advanced(by: Self.handBackBound)
        let now = environment.clock.now()
        for (driver, seat) in seats.enumerated() {
            guard let last = seat.target else { continue }
            let target = ChargerTarget(
                limit: min(last.limit, seat.control.configuration.safeCurrent),
                allowsIncrease: false, validUntil: deadline.advanced(by: .seconds(60)),
                revision: last.revision + 1)
            take(line.targetChanged(target, driver: driver, at: now))
        }
        while line.isOpen, isHandingBack, environment.clock.now().monotonic < deadline {
            switch line.next(at: environment.clock.now()) {
            case .perform(let request):
                let result = await perform(request)
                take(line.completed(result, at: environment.clock.now()))
            case .sleep, .open, .close:
                return
            }
        }
    }

    /// Whether a wallbox has not confirmed yet what it was handed back with.
    private var isHandingBack: Bool {
        line.drivers.contains { driver in
            switch driver.snapshot.application {
            case .pending, .held: true
            case .none, .written, .verified, .refused, .contradicted: false
            }
        }
    }

    // MARK: - The tick

    /// Ticks the engines at a fixed rate with absolute deadlines: a missed one is counted and
    /// skipped, never made up for.
    func runTicks(period: Duration, offset: Duration) async {
        let clock = environment.clock
        var due = clock.now().monotonic.advanced(by: offset)
        while !isStopping, !Task.isCancelled {
            do {
                try await clock.sleep(until: due)
            } catch {
                return
            }
            let now = clock.now()
            environment.recorder.cycle(late: due.duration(to: now.monotonic))
            tick()
            due = due.advanced(by: period)
            let missed = Int(due.duration(to: now.monotonic) / period) + 1
            if missed > 0, due <= now.monotonic {
                environment.recorder.overrun(missed)
                due = due.advanced(by: period * missed)
            }
        }
    }

    private func tick() {
        for index in seats.indices where !seats[index].desk.addTick() {
            environment.recorder.overrun(1)
        }
        deskAlarm.ring()
    }

    // MARK: - The desk

    /// Tells the control engines what waits for them, one thing after the other.
    func runDesk() async {
        while !Task.isCancelled {
            await deskAlarm.wait()
            for index in seats.indices {
                while let input = seats[index].desk.next() { await tell(input, to: index) }
            }
        }
        for index in seats.indices {
            for request in seats[index].desk.drainRequests() {
                request.answer.resume(returning: .failure(.busy(retryAfter: .seconds(5))))
            }
        }
    }

    private func tell(_ input: ControlDesk.Input, to index: Int) async {
        switch input {
        case .tick:
            await carryOut(seats[index].control.tick(at: environment.clock.now()), of: index)
        case .snapshot(let snapshot):
            let effects = seats[index].control.snapshotTaken(
                snapshot, at: environment.clock.now())
            await carryOut(effects, of: index)
        case .request(let request):
            await tell(request, to: index)
        }
        environment.board.publish(seats[index].control.view, at: seats[index].index)
    }

    private func tell(_ request: ControlDesk.Request, to index: Int) async {
        let now = environment.clock.now()
        if request.receivedAt.monotonic.duration(to: now.monotonic) > environment.takingBound {
            request.answer.resume(returning: .failure(.busy(retryAfter: .seconds(1))))
            return
        }
        if let key = request.idempotency, let answer = await answerBefore(key, now: now.wall) {
            request.answer.resume(returning: answer)
            return
        }
        let effects: [ControlEffect]
        switch request.order {
        case .push(let push):
            effects = seats[index].control.requested(
                push, id: environment.makeActionID(), as: request.id,
                at: environment.clock.now())
        case .change(let change):
            effects = seats[index].control.settingsRequested(
                change, as: request.id, at: environment.clock.now())
        }
        await carryOut(effects, of: index, answering: request)
    }

    /// What was answered before under the same idempotency key.
    private func answerBefore(
        _ key: IdempotencyKey, now: WallInstant
    ) async -> Result<AcceptedRequest, RequestRefusal>? {
        do throws(StoreError) {
            guard
                let record = try await environment.repository.idempotencyRecord(
                    scope: key.scope, key: key.key, now: now)
            else { return nil }
            guard record.bodyHash == key.bodyHash else {
                return .failure(.idempotencyKeyReused)
            }
            guard let id = record.action else { return .success(.settings) }
            guard let action = try await environment.repository.action(id) else { return nil }
            return .success(.action(action.asAcknowledged))
        } catch {
            log.error("the store cannot be read: \(error)")
            return .failure(error == .full ? .storeFull : .storeUnavailable(retryAfter: .seconds(5)))
        }
    }

    private func carryOut(
        _ effects: [ControlEffect], of index: Int, answering request: ControlDesk.Request? = nil
    ) async {
        for effect in effects {
            switch effect {
            case .persist(let change, let commit):
                let next = await self.commit(change, commit, of: index)
                await carryOut(next, of: index, answering: request)
            case .setTarget(let target):
                // At the end the wallboxes are handed back; nothing may raise them again.
                guard !isStopping else { continue }
                seats[index].target = target
                take(line.targetChanged(target, driver: index, at: environment.clock.now()))
                wireAlarm.ring()
            case .accept(_, let accepted):
                request?.answer.resume(returning: .success(accepted))
            case .refuse(_, let refusal):
                request?.answer.resume(returning: .failure(refusal))
            case .announce(let payload):
                environment.events.publish(
                    payload, charger: seats[index].id, at: environment.clock.now().wall)
            case .reachedWire(let latency):
                environment.recorder.reachedWire(after: latency)
            }
        }
    }

    private func commit(
        _ change: StoreChange, _ commit: CommitID, of index: Int
    ) async -> [ControlEffect] {
        do throws(StoreError) {
            try await environment.repository.commit(change)
            environment.storeHealth.succeeded()
            return seats[index].control.persisted(commit, at: environment.clock.now())
        } catch {
            environment.storeHealth.failed(error)
            log.error("\(seats[index].id): the store cannot be written: \(error)")
            return seats[index].control.persistFailed(
                commit, error: error, at: environment.clock.now())
        }
    }

    // MARK: - What is asked of the line

    /// Waits until the request is taken and durable, or refused.
    func submit(
        _ order: ControlDesk.Request.Order, to index: Int
    ) async -> Result<AcceptedRequest, RequestRefusal> {
        guard !isStopping else { return .failure(.busy(retryAfter: .seconds(5))) }
        return await withCheckedContinuation { answer in
            let request = ControlDesk.Request(
                id: RequestID(rawValue: nextRequest), order: order,
                receivedAt: environment.clock.now(), answer: answer)
            nextRequest += 1
            guard seats[index].desk.add(request) else {
                answer.resume(returning: .failure(.busy(retryAfter: .seconds(1))))
                return
            }
            deskAlarm.ring()
        }
    }

    /// Polls a wallbox now and waits until that is done.
    func refresh(_ index: Int) async {
        let now = environment.clock.now()
        line.pollRequested(driver: index, at: now)
        wireAlarm.ring()
        await withCheckedContinuation { done in
            seats[index].pollWaiters.append((now.monotonic, done))
        }
    }

    /// Ends the waiting for a poll of this wallbox by those who asked up to a time.
    func endRefreshes(_ index: Int, since: MonotonicInstant) {
        let due = seats[index].pollWaiters.filter { $0.since <= since }
        guard !due.isEmpty else { return }
        seats[index].pollWaiters.removeAll { $0.since <= since }
        for waiter in due { waiter.done.resume() }
    }

    /// Lets the loops end; the wire hands the wallboxes back first.
    func stop() {
        isStopping = true
        wireAlarm.ring()
        let now = environment.clock.now().monotonic
        for index in seats.indices { endRefreshes(index, since: now) }
    }

    var readiness: BusReadiness {
        BusReadiness(
            address: address, link: seats[0].control.snapshot.link, chargers: seats.map(\.id),
            transactions: line.statistics.transactions, errors: line.statistics.errors)
    }
}

extension Action {
    /// The action as it was when it was accepted: what the first answer said.
    fileprivate var asAcknowledged: Action {
        var action = Action(
            id: id, charger: charger, command: command, state: .acknowledged,
            createdAt: createdAt, sandbox: sandbox)
        action.acknowledgedAt = acknowledgedAt
        action.start = start
        action.end = end
        return action
    }
}
