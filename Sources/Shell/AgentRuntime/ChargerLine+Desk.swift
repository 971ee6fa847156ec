import ChargeControl
import ChargeModel
import ChargerDriver
import FlightRecorder
import Logging

// The tick and the desk: what the control engines are told, and what they order.
extension ChargerLine {
    // MARK: - The tick

    /// Ticks the engines at a fixed rate with absolute deadlines: a missed one is counted and
    /// skipped, never made up for.
    func runTicks(period: Duration, offset: Duration) async {
        let clock = environment.clock
        var due = clock.now().monotonic.advanced(by: offset)
        while !isStopping {
            do {
                try await clock.sleep(until: due)
            } catch {
                return
            }
            let now = clock.now().monotonic
            environment.recorder.cycle(late: due.duration(to: now))
            tick(at: now)
            due = due.advanced(by: period)
            guard due <= now else { continue }
            let missed = Int(due.duration(to: now).nanoseconds / period.nanoseconds) + 1
            environment.recorder.overrun(missed)
            due = due.advanced(by: period * missed)
        }
    }

    private func tick(at now: MonotonicInstant) {
        let bound = now.advanced(by: .zero - environment.takingBound)
        for index in seats.indices {
            if !seats[index].desk.addTick() { environment.recorder.overrun(1) }
            // Here and not at the desk, which may be waiting for a disk that hangs.
            for request in seats[index].desk.takeRequests(receivedUpTo: bound) {
                request.refuse(.busy(retryAfter: .seconds(1)))
            }
        }
        deskAlarm.ring()
    }

    // MARK: - The desk

    /// Tells the control engines what waits for them, one thing after the other, in turn.
    func runDesk() async {
        while !Task.isCancelled {
            await deskAlarm.wait()
            while await tellEachOnce() {}
        }
        // Whoever comes later is refused, so that no request waits for nobody.
        stop()
    }

    /// - Returns: Whether there was something to tell.
    private func tellEachOnce() async -> Bool {
        var hasTold = false
        for index in seats.indices {
            guard let input = seats[index].desk.next() else { continue }
            hasTold = true
            await tell(input, to: index)
            ringWireIfDue()
        }
        return hasTold
    }

    private func tell(_ input: ControlDesk.Input, to index: Int) async {
        switch input {
        case .tick:
            exchangeShare(of: index)
            await carryOut(tellControl(.tick, of: index), of: index)
        case .snapshot(let snapshot):
            exchangeShare(of: index, with: snapshot)
            let effects = tellControl(.snapshotTaken, of: index)
            publishView(of: index)
            if let poll = snapshot.lastPoll { wakePollWaiters(of: index, upTo: poll.monotonic) }
            await carryOut(effects, of: index)
        case .request(let request):
            await tell(request, to: index)
            // What is wanted of it may be another thing now.
            if seats[index].fuse != nil { await tell(.tick, to: index) }
        }
    }

    /// Tells the group what the charger does, and takes its share.
    private func exchangeShare(of index: Int, with snapshot: ChargerSnapshot? = nil) {
        guard let place = seats[index].fuse else { return }
        let report = engines.state.controls[index].report(
            told: seats[index].target, snapshot: snapshot)
        let share = environment.fuses.exchange(
            report, of: place, at: environment.clock.now().monotonic)
        _ = tellControl(.shareGiven(share), of: index)
    }

    private func tell(_ request: ControlDesk.Request, to index: Int) async {
        let now = environment.clock.now()
        if request.receivedAt.monotonic.duration(to: now.monotonic) > environment.takingBound {
            return request.refuse(.busy(retryAfter: .seconds(1)))
        }
        if let key = request.idempotency {
            do throws(RequestRefusal) {
                if let answer = try await environment.answer(under: key) {
                    return request.answer.resume(returning: .success(answer))
                }
            } catch {
                return request.refuse(error)
            }
        }
        let effects: [ControlEffect]
        switch request.order {
        case .push(let push):
            let longest = engines.state.controls[index].longestDelay(of: push)
            effects = tellControl(
                .requested(
                    push, id: environment.makeActionID(),
                    startDelay: longest > .zero ? environment.drawDelay(longest) : nil,
                    as: request.id), of: index)
        case .change(let change):
            effects = tellControl(.settingsRequested(change, as: request.id), of: index)
        case .cancel(let id):
            effects = tellControl(.cancelRequested(id, as: request.id), of: index)
        case .schedule(let schedule, let key):
            effects = tellControl(
                .scheduleRequested(
                    LineInput.ScheduleOrder(schedule, idempotency: key), as: request.id),
                of: index)
        }
        await carryOut(effects, of: index, answering: request)
    }

    /// Carries out effects in their order, after the view shows what led to them: who is answered,
    /// or hears of an event, reads nothing older.
    private func carryOut(
        _ effects: [ControlEffect], of index: Int, answering request: ControlDesk.Request? = nil
    ) async {
        publishView(of: index)
        for effect in effects {
            switch effect {
            case .persist(let change, let commit):
                let next = await self.commit(change, commit, of: index)
                await carryOut(next, of: index, answering: request)
            case .setTarget(let target):
                setTarget(target, of: index)
            case .accept(_, let accepted):
                request?.answer.resume(returning: .success(accepted))
            case .refuse(_, let refusal):
                request?.refuse(refusal)
            case .announce(let payload):
                ringAlarm(for: payload, of: index)
                environment.events.publish(
                    payload, charger: seats[index].id, at: environment.clock.now().wall)
            case .drawDelay(let longest, let slot):
                let next = tellControl(
                    .delayDrawn(environment.drawDelay(longest), slot: slot), of: index)
                await carryOut(next, of: index, answering: request)
            case .reachedWire(let latency):
                environment.recorder.reachedWire(after: latency)
            }
        }
    }

    private func setTarget(_ target: ChargerTarget?, of index: Int) {
        // At the end the wallboxes are handed back; nothing may raise them again.
        guard !isStopping else { return }
        let now = environment.clock.now()
        let before = seats[index].target
        seats[index].target = target
        take(engines.tell(.targetChanged(target, driver: index), at: now))
        let isSame = before?.revision == target?.revision
        let isLeaseOnly = isSame && (before?.validUntil ?? now.monotonic) > now.monotonic
        // A mere renewal changes nothing that is due on the wire.
        if !isLeaseOnly { isWireDue = true }
    }

    /// Wakes the wire for a new target. Not before the desk is about to let go of this actor: the
    /// wire needs it at once, and if it were woken earlier it would only find it taken.
    private func ringWireIfDue() {
        guard isWireDue else { return }
        isWireDue = false
        wireAlarm.ring()
    }

    private func commit(
        _ change: StoreChange, _ commit: CommitID, of index: Int
    ) async -> [ControlEffect] {
        ringWireIfDue()
        do throws(StoreError) {
            try await environment.repository.commit(change)
            if environment.storeHealth.succeeded() { log.info("the store can be written again") }
            return tellControl(.persisted(commit), of: index)
        } catch {
            if environment.storeHealth.failed(error) {
                log.error("\(seats[index].id): the store cannot be written: \(error)")
            }
            return tellControl(.persistFailed(commit, error), of: index)
        }
    }

    private func tellControl(
        _ input: LineInput.Control, of index: Int
    ) -> [ControlEffect] {
        engines.tell(input, of: index, at: environment.clock.now())
    }

    /// Something is wrong with a charger from now on: what led to it is worth keeping.
    private func ringAlarm(for payload: AgentEvent.Payload, of index: Int) {
        guard case .fault(let condition, isActive: true) = payload else { return }
        environment.faults.began(
            condition, of: seats[index].id, at: environment.clock.now().monotonic)
    }

    private func publishView(of index: Int) {
        environment.board.publish(engines.state.controls[index].view, at: seats[index].index)
    }

    private func wakePollWaiters(of index: Int, upTo time: MonotonicInstant) {
        seats[index].pollWaiters.removeAll { waiter in
            guard waiter.since <= time else { return false }
            waiter.alarm.ring()
            return true
        }
    }
}
