import AgentTestSupport
import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import WallboxModel

@testable import FlightRecorder

/// A line with simulated wallboxes that is told what a runtime would tell it, with faults, in an order
/// that a seed draws.
struct RandomSession {
    private(set) var line: RecordedLine
    private(set) var now: TimePoint
    private var boxes: [SimulatedWallbox]
    private var random: SeededRandom
    private var order: LineEngine.Order?
    private var targets: [ChargerTarget?]
    private var hasSnapshot: [Bool]
    /// The wire has something to do before it sleeps no longer.
    private var isWoken = false
    private var nextID: UInt64 = 0
    private var trust = true
    /// How many inputs were told.
    private(set) var inputs = 0
    /// Requests on the wire that write.
    private(set) var writes = 0

    init(
        seed: UInt64, profiles: [String] = ["reference-7kw", "reference-22kw"],
        limits: RecorderLimits? = RecorderLimits()
    ) throws {
        let now = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 3_600_000_000_123),
            wall: WallInstant(milliseconds: 1_780_000_000_000))
        self.now = now
        random = SeededRandom(seed: seed)
        let compiled = try profiles.map { try ProfileFolder.profile($0) }
        boxes = compiled.enumerated().map { place, profile in
            var box = SimulatedWallbox(
                profile: profile, options: WallboxOptions(), unit: UInt8(place + 1),
                at: now.monotonic)
            box.plug(Vehicle(phases: 1, maximumCurrent: .amperes(32)), at: now.monotonic)
            return box
        }
        let drivers = compiled.enumerated().map { place, profile in
            DriverEngine(profile: profile, configuration: Self.driver(place, profile), at: now)
        }
        let controls = compiled.enumerated().map { place, profile in
            ControlEngine(
                configuration: Self.control(place, profile),
                restored: RestoredCharger(charger: Self.id(place)), zones: TestZoneDirectory(),
                at: now)
        }
        var policy = LinkPolicy()
        policy.recovery = .resume
        line = RecordedLine(
            LineState(
                line: LineEngine(
                    drivers: drivers, policy: policy, seed: seed, at: now.monotonic),
                controls: controls), limits: limits)
        targets = Array(repeating: nil, count: compiled.count)
        hasSnapshot = Array(repeating: false, count: compiled.count)
    }

    private static func id(_ place: Int) -> ChargerID { ChargerID("device_ev_00\(place + 1)") }

    private static func driver(_ place: Int, _ profile: DeviceProfile) -> DriverConfiguration {
        DriverConfiguration(
            unit: UInt8(place + 1), installationMaximum: .amperes(16), safeCurrent: .amperes(6),
            phases: profile.electrical.phases, poll: .seconds(1))
    }

    private static func control(_ place: Int, _ profile: DeviceProfile) -> ControlConfiguration {
        ControlConfiguration(
            description: ChargerDescription(
                id: id(place), vendor: profile.vendor, model: profile.model, user: "somebody",
                isSimulated: true, profile: profile.id, phases: profile.electrical.phases,
                effectivePoll: .seconds(1)),
            installationMaximum: .amperes(16), safeCurrent: .amperes(6),
            minimum: profile.control.minimum, profileMaximum: profile.control.maximum,
            step: profile.control.step, ratedPower: profile.electrical.ratedPower,
            startDelay: .seconds(60), group: place == 0 ? "garage" : nil, boot: "boot")
    }

    // MARK: - Running

    /// Lets time pass, with everything that comes along.
    mutating func run(for duration: Duration) {
        let end = now.monotonic.advanced(by: duration)
        var nextTick = now.monotonic
        while now.monotonic < end {
            pass(.microseconds(Int.random(in: 50...40_000, using: &random)))
            workOnWire()
            takeSnapshots()
            guard now.monotonic >= nextTick else { continue }
            nextTick = now.monotonic.advanced(by: .seconds(1))
            tick()
        }
    }

    private mutating func pass(_ duration: Duration) {
        now = now.advanced(by: duration)
        // Two clocks never go quite alike.
        if chance(20) { now.wall.milliseconds += Int64.random(in: -2...2, using: &random) }
        if chance(1_000) {
            now.wall.milliseconds += Int64.random(in: -90_000...90_000, using: &random)
        }
        if chance(2_000) { trust.toggle() }
        now.isWallTrusted = trust
        for place in boxes.indices { boxes[place].advance(to: now.monotonic) }
    }

    private mutating func chance(_ one: Int) -> Bool {
        Int.random(in: 0..<one, using: &random) == 0
    }

    private mutating func tick() {
        for place in boxes.indices {
            if place == 0 { give(share: place) }
            carryOut(control(.tick, place), of: place)
            if chance(20) { request(place) }
            if chance(60) { tell(.pollRequested(driver: place)) }
            if chance(120) { disturb(place) }
        }
    }

    private mutating func give(share place: Int) {
        let limit = Milliamperes.amperes(Int.random(in: 6...16, using: &random))
        _ = control(
            .shareGiven(
                chance(30)
                    ? nil
                    : GroupShare(
                        group: "garage", limit: limit,
                        validUntil: now.monotonic.advanced(by: .seconds(10)),
                        revision: UInt64.random(in: 0...99, using: &random),
                        reason: chance(3) ? "alone" : "as much as the others")), place)
    }

    private mutating func disturb(_ place: Int) {
        var faults = WallboxFaults()
        switch Int.random(in: 0..<5, using: &random) {
        case 0: faults.isSilent = true
        case 1: faults.exception = .serverDeviceBusy
        case 2: faults.writes = .ignored
        case 3: boxes[place].reboot(at: now.monotonic)
        default: break
        }
        boxes[place].setFaults(faults, at: now.monotonic)
    }

    // MARK: - The wire

    private mutating func workOnWire() {
        switch order {
        case .sleep(let until)? where now.monotonic < until && !isWoken: break
        case nil, .sleep:
            isWoken = false
            inputs += 1
            let next = line.next(at: now)
            if case .perform(let request) = next, request.request.operation.isWrite { writes += 1 }
            order = next
        case .open: finish(chance(8) ? .openFailed(.connectionLost(errno: 111)) : .opened)
        case .close: finish(.closed)
        case .perform(let request): finish(answer(to: request.request))
        }
    }

    private mutating func finish(_ input: LineInput.Wire) {
        order = nil
        tell(input)
    }

    private mutating func answer(to request: ModbusRequest) -> LineInput.Wire {
        if chance(200) { return .failed(.malformed(.checksum)) }
        if chance(400) { return .failed(.connectionLost(errno: 104)) }
        guard let place = boxes.firstIndex(where: { $0.answers(unit: request.unit) }) else {
            return .failed(.timeout)
        }
        switch boxes[place].respond(to: request, at: now.monotonic) {
        case .response(let response): return .answered(response)
        case .exception(let exception): return .failed(.exception(exception))
        case .silence: return .failed(.timeout)
        }
    }

    private mutating func tell(_ input: LineInput.Wire) {
        inputs += 1
        if case .pollRequested = input { isWoken = true }
        for effect in line.tell(input, at: now) {
            if case .snapshot = effect.effect { hasSnapshot[effect.driver] = true }
        }
    }

    // MARK: - The desk

    private mutating func takeSnapshots() {
        for place in boxes.indices where hasSnapshot[place] {
            hasSnapshot[place] = false
            carryOut(control(.snapshotTaken, place), of: place)
        }
    }

    private mutating func control(
        _ input: LineInput.Control, _ place: Int
    ) -> [ControlEffect] {
        inputs += 1
        return line.tell(input, of: place, at: now)
    }

    private mutating func carryOut(_ effects: [ControlEffect], of place: Int) {
        for effect in effects {
            switch effect {
            case .persist(_, let commit):
                let failed = chance(10)
                carryOut(
                    control(failed ? .persistFailed(commit, .full) : .persisted(commit), place),
                    of: place)
            case .setTarget(let target):
                isWoken = isWoken || target?.revision != targets[place]?.revision
                targets[place] = target
                tell(.targetChanged(target, driver: place))
            case .drawDelay(let longest, let slot):
                carryOut(control(.delayDrawn(longest / 2, slot: slot), place), of: place)
            case .accept, .refuse, .announce, .reachedWire: break
            }
        }
    }

    private mutating func request(_ place: Int) {
        nextID += 1
        let request = RequestID(rawValue: nextID)
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            let rate = Watts(Int.random(in: 0...8_000, using: &random))
            carryOut(
                control(
                    .settingsRequested(
                        SettingsRequest(charger: Self.id(place), maxChargeRate: rate),
                        as: request), place), of: place)
        case 1:
            carryOut(
                control(
                    .scheduleRequested(
                        LineInput.ScheduleOrder(chance(3) ? nil : schedule(place)), as: request),
                    place), of: place)
        case 2:
            carryOut(
                control(.cancelRequested(Action.ID("action_\(nextID - 1)"), as: request), place),
                of: place)
        default:
            carryOut(control(push(place, as: request), place), of: place)
        }
    }

    private mutating func push(_ place: Int, as request: RequestID) -> LineInput.Control {
        let start = now.wall.advanced(by: .seconds(Int.random(in: 1...200, using: &random)))
        let command: ChargeCommand = chance(2) ? .idle : .charge
        let action = ActionRequest(
            charger: Self.id(place), command: command,
            timing: chance(2)
                ? nil
                : ActionTiming(
                    start: start, isRelative: chance(2),
                    end: command == .charge && chance(2)
                        ? start.advanced(by: .seconds(300)) : nil),
            onConflict: chance(2) ? .cancelAndReplace : nil,
            idempotency: IdempotencyKey(scope: "secret", key: "secret", bodyHash: [1]))
        let longest = line.state.controls[place].longestDelay(of: action)
        return .requested(
            action, id: Action.ID("action_\(nextID)"),
            startDelay: longest > .zero ? .seconds(3) : nil,
            as: request)
    }

    private mutating func schedule(_ place: Int) -> RecurringSchedule {
        let minute = Int.random(in: 0..<1_380, using: &random)
        return RecurringSchedule(
            id: "sched_\(nextID)", charger: Self.id(place), timezone: "Europe/Berlin",
            recurrence: .daily,
            slots: [ScheduleSlot(startMinute: minute, durationMinutes: 30, command: .charge)],
            updatedAt: now.wall)
    }
}
