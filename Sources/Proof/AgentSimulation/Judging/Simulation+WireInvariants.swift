import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import WallboxModel

// What must hold of every request, as it is sent and as it arrives.
extension Simulation {
    /// Requirement R24: at least a second between two attempts to connect.
    mutating func checkOpening(_ index: Int) {
        if let last = stations[index].agent?.lastOpen {
            expect(
                .reconnects, last.duration(to: now) >= .seconds(1), index, "connects too soon again"
            )
        }
        stations[index].agent?.lastOpen = now
    }

    mutating func checkSleep(until wake: MonotonicInstant, _ index: Int) {
        expect(.liveness, wake > now, index, "sleeps until now: it would never sleep")
    }

    // MARK: - As it is sent

    mutating func checkRequest(_ request: ModbusRequest, of index: Int) {
        hash.add(Int64(request.operation.address))
        let station = stations[index]
        guard request.operation.isWrite else {
            expect(
                .urgent, station.agent?.isReductionDue != true, index,
                "reads at \(request.operation.address) before the reduction is written")
            return
        }
        station.agent?.isReductionDue = false
        expect(
            .safety, !station.isImpostorMet, index,
            "writes to \(request.operation.address) of a device that is another one")
        let records = station.box.accesses(request, answered: .response(.written), at: now)
        for record in records {
            guard let id = record.register, case .number(let value, let raw)? = record.value
            else { continue }
            hash.add(Int64(value))
            checkBudget(of: id, writing: value, index)
            if let isStop = station.isStop(id, raw) { station.agent?.sendsStop = isStop }
            guard id == station.profile.control.setpoint,
                !station.profile.control.offValues.contains(raw)
            else { continue }
            checkSetpoint(value, index)
        }
    }

    /// Requirements R1, R2, R4: what the agent writes as a limit, in the unit of the register.
    private mutating func checkSetpoint(_ value: Int, _ index: Int) {
        let station = stations[index]
        station.agent?.sent = station.profile.control.isSetInWatts ? nil : Milliamperes(value)
        guard value != 0 else { return }
        expect(
            .minimum, value >= station.profile.least(.pilotMinimum), index,
            "writes \(station.profile.words(value))")
        func check(_ limit: Milliamperes, _ invariant: Invariant, _ name: String) {
            expect(
                invariant, value <= station.profile.most(limit), index,
                "writes \(station.profile.words(value)), above the \(name) of \(limit)")
        }
        check(station.driver.installationMaximum, .limits, "installation")
        check(station.profile.control.maximum, .limits, "model")
        guard let agent = station.agent else { return }
        if let hardware = agent.control.snapshot.hardwareMaximum.value {
            check(hardware, .limits, "hardware")
        }
        guard let target = agent.target else {
            expect(
                .limits, false, index, "writes \(station.profile.words(value)) without a target")
            return
        }
        // Some wallboxes take a stop only after they were told the minimum.
        let isEdge = target.limit == .zero && station.profile.forcesEdges
        check(isEdge ? station.profile.control.minimum : target.limit, .limits, "target")
        if now >= target.validUntil { check(station.driver.safeCurrent, .lease, "safe current") }
        if agent.control.snapshot.conditions.contains(where: \.holdsEverything) {
            check(station.driver.safeCurrent, .safety, "safe current, and a fault stands")
        }
    }

    /// Requirement R11: flash memory is not worn out by what can wait.
    private mutating func checkBudget(of id: RegisterID, writing value: Int, _ index: Int) {
        let station = stations[index]
        guard let budget = station.profile[id].writesPerDay else { return }
        let before = station.witness.wrote(id, value, at: now)
        guard let last = before.value, value > last else { return }
        expect(
            .writeBudget, before.count < budget, index,
            "raises \(station.profile[id].name), written \(before.count) times in a day already")
    }

    // MARK: - As it arrives

    /// Lets a request arrive at the wallbox and watches what it does there (requirements R9, R12).
    mutating func respond(_ arrival: Arrival) -> WallboxReply {
        let index = arrival.station
        let station = stations[index]
        station.box.advance(to: now)
        station.witness.arrivedAt = now
        guard arrival.request.operation.isWrite else {
            return station.box.respond(to: arrival.request, at: now)
        }
        let before = station.box.limit
        let hadFallenBack = station.box.truth.failsafe.isActive
        let underLoad = station.box.phaseSwitchesUnderLoad
        let reply = station.box.respond(to: arrival.request, at: now)
        let after = station.box.limit
        if station.isControl(arrival.request) {
            let faults = station.box.faults
            station.witness.isMisled =
                !station.showsWhatItDoes
                && (faults.writes == .ignored || faults.foreignController != nil)
        }
        expect(
            .phases, station.box.phaseSwitchesUnderLoad == underLoad, index,
            "phases are switched under load")
        // The agent counts what it tries: a refusal does not say what was done before it.
        let isRefused = if case .exception = reply { true } else { false }
        if isRefused && station.isControl(arrival.request) || (after > .zero) != (before > .zero) {
            station.witness.toggled(at: now)
        }
        guard after > before, !station.isImpostor else { return reply }
        // Whatever is asked first ends what ends with any contact, a read as well.
        let isAsGoodAsRead = hadFallenBack && station.wakesWithContact
        guard station.isControl(arrival.request) || !isAsGoodAsRead else { return reply }
        let names = station.box.accesses(arrival.request, answered: reply, at: now)
            .compactMap(\.name).joined(separator: ", ")
        let rise = "a write of \(names) raises \(before) to \(after)"
        // When something arrives that it has given up, no agent can know.
        if !arrival.isGivenUp { checkApart(rise, index) }
        checkWanted(rise, index)
        return reply
    }

    /// Requirement R9: 5 s between increases, also where a sign of life has ended the failsafe, and what
    /// was written before is back.
    private mutating func checkApart(_ rise: String, _ index: Int) {
        let station = stations[index]
        defer { station.witness.raisedAt = now }
        guard let apart = station.witness.raisedAt?.duration(to: now) else { return }
        expect(
            .increases, apart >= .milliseconds(4_950), index, "\(rise), \(apart) after the last")
    }

    /// Requirement R12: nothing rises that nobody wants, least of all right after the start.
    private mutating func checkWanted(_ rise: String, _ index: Int) {
        // One that takes seconds for what it is told, and none for a sign of life, is for that time as
        // it was told before.
        if case .delayed = stations[index].box.faults.writes { return }
        let witness = stations[index].witness
        let isWanted =
            witness.wantsCharge
            || witness.chargeWantedAt.map { $0.duration(to: now) < .seconds(4) } == true
        let sinceStart = stations[index].agent?.startedAt.duration(to: now)
        let isEarly = sinceStart.map { $0 < .seconds(5) } ?? false
        expect(isEarly ? .quietStart : .wanted, isWanted, index, "\(rise), and nobody wants it")
    }

    // MARK: - What is waiting

    /// Requirement R9: a target below what the wallbox surely allows is to be written before
    /// anything is read, unless it is taken back before that.
    mutating func noteTarget(_ target: ChargerTarget, isReduction: Bool, _ index: Int) {
        guard let agent = stations[index].agent, let confirmed = agent.confirmed,
            let shown = agent.control.snapshot.setpoint.value,
            agent.control.snapshot.link == .up
        else { return }
        // While it is stopped to switch its phases, its limit is the next start's.
        let isBelow =
            target.limit < min(confirmed, shown) && !isStoppedUnseen(agent, stations[index])
            && !(agent.isStopped && isSwitchingPhases(index))
        agent.isReductionDue = isBelow && (isReduction || agent.isReductionDue)
    }

    /// Whether the last thing that it was told is to pause, and nothing shows whether it does: what it
    /// shows is what would be in force.
    private func isStoppedUnseen(_ agent: AgentSide, _ station: Station) -> Bool {
        agent.isStopped && station.showsSetpointAlone
            && agent.control.snapshot.pilot.value?.isOffering != true
    }

    /// Queues within bounds.
    mutating func checkQueues(_ index: Int) {
        guard let agent = stations[index].agent else { return }
        let events = queue.count
        expect(
            .queues, agent.requests.count <= Self.mostRequests, index,
            "\(agent.requests.count) requests wait")
        expect(
            .queues, agent.effects.count <= Self.mostEffects, index,
            "\(agent.effects.count) effects wait")
        expect(
            .queues, events <= Self.mostEvents * stations.count, index, "\(events) events wait")
    }

    /// What the runtime's channel takes.
    private static let mostRequests = 64
    private static let mostEffects = 32
    private static let mostEvents = 200
}

extension ChargerCondition {
    /// Whether nothing above the safe current is written while it stands.
    fileprivate var holdsEverything: Bool {
        switch self {
        case .writesNotApplied, .wrongDevice: true
        default: false
        }
    }
}

extension DeviceProfile {
    /// Whether a stop may begin with the minimum, where the wallbox charges.
    fileprivate var forcesEdges: Bool {
        control.idle.contains { if case .when = $0 { true } else { false } }
    }

    /// A limit in the unit of the setpoint, as much as it can be on all phases.
    fileprivate func most(_ limit: Milliamperes) -> Int {
        guard case .power(let voltage, _) = control.domain else { return limit.rawValue }
        return limit.rawValue * electrical.phases * voltage.rawValue / 1_000_000
    }

    /// A limit in the unit of the setpoint on one phase.
    fileprivate func least(_ limit: Milliamperes) -> Int {
        guard case .power(let voltage, _) = control.domain else { return limit.rawValue }
        // A register may not show every watt.
        return limit.rawValue * voltage.rawValue / 1_000_000 - 10
    }

    fileprivate func words(_ value: Int) -> String {
        control.isSetInWatts ? "\(Watts(value))" : "\(Milliamperes(value))"
    }
}
