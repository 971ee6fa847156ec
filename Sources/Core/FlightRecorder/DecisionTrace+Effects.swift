import ChargeControl
import ChargeModel
import ChargerDriver
import Modbus

// What of an answer counts as decided: every request on the wire, what becomes of it, and whatever
// control orders. Of views only what people would call the state.
extension DecisionTrace {
    mutating func add(_ order: LineEngine.Order) {
        switch order {
        case .open(let timeout):
            add(1)
            add(timeout.nanoseconds)
        case .close:
            add(2)
        case .perform(let request):
            add(3)
            add(request.request)
            add(request.timeout.nanoseconds)
        case .sleep(let until):
            add(4)
            add(until.nanoseconds)
        }
    }

    private mutating func add(_ request: ModbusRequest) {
        add(UInt64(request.unit) << 32 | UInt64(request.operation.functionCode))
        add(Int(request.operation.address))
        switch request.operation {
        case .readCoils, .readDiscreteInputs, .readHoldingRegisters, .readInputRegisters:
            add(request.operation.count)
        case .writeSingleCoil(_, let isOn): add(isOn)
        case .writeSingleRegister(_, let value): add(Int(value))
        case .writeMultipleRegisters(_, let values): for value in values { add(Int(value)) }
        }
    }

    mutating func add(_ effects: [LineEngine.Effect]) {
        let effects = effects.span
        for index in effects.indices {
            add(effects[index].driver)
            add(effects[index].effect)
        }
    }

    @inline(__always)
    private mutating func add(_ effect: borrowing DriverEffect) {
        switch effect {
        case .snapshot(let snapshot): add(snapshot)
        case .wrote(let report): add(report)
        }
    }

    private mutating func add(_ report: WriteReport) {
        add(report.what)
        add(report.request)
        add(report.refusal ?? "")
    }

    @inline(__always)
    private mutating func add(_ snapshot: ChargerSnapshot) {
        switch snapshot.link {
        case .connecting: add(1)
        case .up: add(2)
        case .down(let reason): add(reason)
        }
        add(snapshot.lastPoll?.monotonic.nanoseconds ?? 0)
        add(snapshot.pilot.value?.rawValue ?? "")
        add(snapshot.setpoint.value?.rawValue)
        add(snapshot.power.value?.rawValue)
        add(snapshot.hardwareMaximum.value?.rawValue)
        if let phases = snapshot.switchedPhases { add(phases) }
        add(snapshot.application)
        for condition in snapshot.conditions { add(condition.code) }
    }

    private mutating func add(_ application: TargetApplication) {
        switch application {
        case .none: add(0)
        case .pending(let revision): add(1 << 60 | revision)
        case .held(let revision, let until):
            add(2 << 60 | revision)
            add(until.nanoseconds)
        case .written(let revision, _): add(3 << 60 | revision)
        case .verified(let revision, let offered, _):
            add(4 << 60 | revision)
            add(offered.rawValue)
        case .withheld(let revision, let write):
            add(5 << 60 | revision)
            add(write)
        case .refused(let revision, let reason):
            add(6 << 60 | revision)
            add(reason)
        case .contradicted(let revision, let found):
            add(7 << 60 | revision)
            add(found.rawValue)
        }
    }

    // MARK: - Control

    mutating func add(_ effects: [ControlEffect]) {
        let effects = effects.span
        for index in effects.indices { add(effects[index]) }
    }

    private mutating func add(_ effect: borrowing ControlEffect) {
        switch effect {
        case .persist(let change, let commit):
            add(1 << 60 | commit.rawValue)
            add(change)
        case .setTarget(let target):
            add(target)
        case .accept(let request, let accepted):
            add(2 << 60 | request.rawValue)
            add(accepted)
        case .refuse(let request, let refusal):
            add(3 << 60 | request.rawValue)
            add("\(refusal)")
        case .announce(let payload):
            add(payload)
        case .drawDelay(let longest, let slot):
            add(longest.nanoseconds)
            add(slot.milliseconds)
        case .reachedWire(let latency):
            add(latency.nanoseconds)
        }
    }

    private mutating func add(_ target: ChargerTarget?) {
        guard let target else { return add(0) }
        add(4 << 60 | target.revision)
        add(target.limit.rawValue)
        add(target.allowsIncrease)
        add(target.isRequested)
        add(target.validUntil.nanoseconds)
        if let phases = target.phases {
            add(phases.wanted)
            add(phases.counted)
        }
    }

    private mutating func add(_ change: StoreChange) {
        for action in change.actions { add(action) }
        if let intent = change.intent {
            add(intent.intent.map { "\($0)" } ?? "")
            add(intent.window?.rawValue ?? "")
            add(intent.until?.milliseconds ?? 0)
        }
        if let settings = change.settings { add(settings.maxChargeRate?.rawValue) }
        if let schedule = change.schedule { add(schedule.schedule) }
        if let delay = change.slotDelay {
            add(delay.start.milliseconds)
            add(delay.delay.nanoseconds)
        }
    }

    private mutating func add(_ action: Action) {
        add(action.id.rawValue)
        add(action.state.name.rawValue)
        if case .failed(let failure) = action.state { add(failure.message) }
        add(action.message ?? "")
        add(action.updatedAt.milliseconds)
    }

    private mutating func add(_ schedule: RecurringSchedule?) {
        add(schedule?.id ?? "")
        add(schedule?.slots.count)
    }

    private mutating func add(_ accepted: AcceptedRequest) {
        switch accepted {
        case .action(let action): add(action)
        case .settings: add(1)
        case .schedule(let schedule): add(schedule)
        }
    }

    private mutating func add(_ payload: AgentEvent.Payload) {
        switch payload {
        case .state(let view):
            add(view.status.rawValue)
            add(view.power?.rawValue)
            add(view.maxCurrent.rawValue)
        case .action(let action):
            add(action)
        case .decision(let decision):
            add(decision.limit?.rawValue)
            add(decision.winner?.rawValue ?? "")
            add(decision.reason)
            for claim in decision.claims { add(claim.limit.rawValue) }
        case .fault(let condition, let isActive):
            add(condition.code)
            add(isActive)
        }
    }
}
