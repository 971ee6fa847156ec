import ChargeControl
import ChargeModel
import ChargerDriver
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
            await carryOut(seats[index].control.tick(at: environment.clock.now()), of: index)
        case .snapshot(let snapshot):
            exchangeShare(of: index, with: snapshot)
            let effects = seats[index].control.snapshotTaken(
                snapshot, at: environment.clock.now())
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
        let report = seats[index].control.report(told: seats[index].target, snapshot: snapshot)
        seats[index].control.shareGiven(
            environment.fuses.exchange(
                report, of: place, at: environment.clock.now().monotonic))
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
            let longest = seats[index].control.longestDelay(of: push)
            effects = seats[index].control.requested(
                push, id: environment.makeActionID(),
                startDelay: longest > .zero ? environment.drawDelay(longest) : nil,
                as: request.id, at: environment.clock.now())
        case .change(let change):
            effects = seats[index].control.settingsRequested(
                change, as: request.id, at: environment.clock.now())
        case .cancel(let id):
            effects = seats[index].control.cancelRequested(
                id, as: request.id, at: environment.clock.now())
        case .schedule(let schedule, let key):
            effects = seats[index].control.scheduleRequested(
                schedule, idempotency: key, as: request.id, at: environment.clock.now())
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
                environment.events.publish(
                    payload, charger: seats[index].id, at: environment.clock.now().wall)
            case .drawDelay(let longest, let slot):
                let next = seats[index].control.delayDrawn(
                    environment.drawDelay(longest), slot: slot, at: environment.clock.now())
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
        take(line.targetChanged(target, driver: index, at: now))
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
            return seats[index].control.persisted(commit, at: environment.clock.now())
        } catch {
            if environment.storeHealth.failed(error) {
                log.error("\(seats[index].id): the store cannot be written: \(error)")
            }
            return seats[index].control.persistFailed(
                commit, error: error, at: environment.clock.now())
        }
    }

    private func publishView(of index: Int) {
        environment.board.publish(seats[index].control.view, at: seats[index].index)
    }

    private func wakePollWaiters(of index: Int, upTo time: MonotonicInstant) {
        seats[index].pollWaiters.removeAll { waiter in
            guard waiter.since <= time else { return false }
            waiter.alarm.ring()
            return true
        }
    }
}
