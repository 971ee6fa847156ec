import ChargeControl
import ChargeModel
import ChargerDriver
import FlightRecorder
import Logging
import Modbus

// The wire: one transaction after the other.
extension ChargerLine {
    /// Carries out transactions until the line is told to stop; then hands the wallboxes back.
    func runWire() async {
        await withDiscardingTaskGroup { timers in
            while !isStopping, !Task.isCancelled { await carryOutNextOrder(timers: &timers) }
            timers.cancelAll()
        }
        stop()
        if Task.isCancelled {
            // Why this task is unstructured: a cancelled task cannot sleep, and handing back has
            // pauses to keep. It is waited for here and ends within its bound.
            await Task { await handBack() }.value
        } else {
            await handBack()
        }
        await bus.close()
    }

    private func carryOutNextOrder(timers: inout DiscardingTaskGroup) async {
        switch engines.next(at: environment.clock.now()) {
        case .open(let timeout):
            await open(timeout: timeout)
        case .close:
            await bus.close()
            take(engines.tell(.closed, at: environment.clock.now()))
        case .perform(let request):
            await carryOut(request)
        case .sleep(let until):
            await wireAlarm.wait(until: until, timers: &timers)
        }
    }

    private func open(timeout: Duration) async {
        do throws(ModbusError) {
            try await bus.open(timeout: timeout)
            take(engines.tell(.opened, at: environment.clock.now()))
            log.info("connected")
        } catch {
            log.debug("cannot connect: \(error)")
            take(engines.tell(.openFailed(error), at: environment.clock.now()))
        }
    }

    private func carryOut(_ request: DriverRequest) async {
        let result: LineInput.Wire
        do throws(ModbusError) {
            result = .answered(
                try await bus.perform(request.request, timeout: request.timeout))
        } catch {
            log.debug("\(request.request) failed: \(error)")
            result = .failed(error)
        }
        take(engines.tell(result, at: environment.clock.now()))
    }

    func take(_ effects: [LineEngine.Effect]) {
        for effect in effects {
            switch effect.effect {
            case .snapshot(let snapshot):
                logLink(snapshot.link, of: effect.driver)
                seats[effect.driver].desk.add(snapshot)
                deskAlarm.ring()
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

    private func logLink(_ link: LinkState, of driver: Int) {
        guard link != seats[driver].loggedLink else { return }
        seats[driver].loggedLink = link
        if case .down(let reason) = link {
            log.warning("\(seats[driver].id): not answering: \(reason)")
        } else {
            log.info("\(seats[driver].id): answering")
        }
    }

    // MARK: - The end

    /// Writes min(last, safe current) to every wallbox, within a bound: the end of the agent must
    /// not leave a charger at full power with nobody watching (requirement R4).
    private func handBack() async {
        guard !environment.isReadOnly, engines.state.line.isOpen, let deadline = handBackBy else {
            return
        }
        let now = environment.clock.now()
        for driver in seats.indices {
            if let target = handBackTarget(of: driver, until: deadline) {
                take(engines.tell(.targetChanged(target, driver: driver), at: now))
            }
            take(engines.tell(.endRequested(driver: driver), at: now))
        }
        await withDiscardingTaskGroup { timers in
            var isGoingOn = true
            while isGoingOn, engines.state.line.isOpen, isHandingBack {
                isGoingOn = await carryOutHandBack(before: deadline, timers: &timers)
            }
            timers.cancelAll()
        }
    }

    /// - Returns: Whether there may be more to do.
    private func carryOutHandBack(
        before deadline: MonotonicInstant, timers: inout DiscardingTaskGroup
    ) async -> Bool {
        let now = environment.clock.now()
        let left = now.monotonic.duration(to: deadline)
        guard left > .zero else { return false }
        switch engines.next(at: now) {
        case .perform(var request):
            request.timeout = min(request.timeout, left)
            await carryOut(request)
        case .sleep(let until):
            guard !Task.isCancelled else { return false }
            await wireAlarm.wait(until: min(until, deadline), timers: &timers)
        case .open, .close:
            return false
        }
        return true
    }

    /// What a wallbox is left with; nil when nothing is to be done: it was never told anything, or
    /// verifiably stands at no more already.
    private func handBackTarget(
        of driver: Int, until deadline: MonotonicInstant
    ) -> ChargerTarget? {
        guard let last = seats[driver].target else { return nil }
        let limit = min(last.limit, engines.state.controls[driver].configuration.safeCurrent)
        if limit == last.limit,
            case .verified(last.revision, _, _) = engines.state.line.drivers[driver].snapshot
                .application
        {
            return nil
        }
        return ChargerTarget(
            limit: limit, allowsIncrease: false, validUntil: deadline.advanced(by: .seconds(60)),
            revision: last.revision + 1,
            phases: last.phases.map { PhaseWish(wanted: nil, counted: $0.counted) })
    }

    /// Whether a wallbox has not confirmed yet what it was handed back with, or has not been told yet
    /// that the agent ends.
    private var isHandingBack: Bool {
        engines.state.line.drivers.contains { driver in
            if !driver.isReleased { return true }
            return switch driver.snapshot.application {
            case .pending, .held: true
            case .none, .written, .verified, .withheld, .refused, .contradicted: false
            }
        }
    }
}
