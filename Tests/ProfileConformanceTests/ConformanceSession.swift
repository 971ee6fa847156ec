import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// One driver and one simulated wallbox in virtual time, watched at every step.
struct ConformanceSession {
    let profile: DeviceProfile
    let vehiclePhases: Int
    var driver: DriverEngine
    var box: SimulatedWallbox
    private(set) var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    private var target: ChargerTarget?
    private var revision: UInt64 = 0
    /// The most that may flow, and until when more, because a reduction takes its time.
    private var ceiling = Milliamperes.amperes(32)
    private var graceUntil: MonotonicInstant
    private let isBare: Bool

    /// How long a reduction may take: until the driver writes it, the wallbox signals it and the
    /// vehicle and the contactor follow.
    private static let grace = Duration.seconds(25)
    private static let safeCurrent = Milliamperes.amperes(6)

    /// - Parameters:
    ///   - isBare: The wallbox has nothing of what not every unit has.
    ///   - isStated: The installer has said on how many phases vehicles charge.
    init(_ test: ConformanceCase, isBare: Bool = false, isStated: Bool = true) throws {
        let profile = try test.file.profile().selecting(connector: test.connector)
        self.profile = profile
        vehiclePhases = test.vehiclePhases
        self.isBare = isBare
        var options = WallboxOptions()
        options.keepsRequestGap = true
        if isBare {
            options.missing = profile.registers.indices.filter { profile.registers[$0].isOptional }
                .map { RegisterID($0) }
        }
        box = SimulatedWallbox(profile: profile, options: options, at: now)
        graceUntil = now
        var configuration = DriverConfiguration(
            unit: profile.link.unit, installationMaximum: .amperes(16),
            safeCurrent: Self.safeCurrent, phases: profile.electrical.phases,
            poll: .seconds(1))
        if isStated { configuration.vehiclePhases = test.vehiclePhases }
        driver = DriverEngine(
            profile: profile, configuration: configuration,
            at: TimePoint(monotonic: now, wall: WallInstant(milliseconds: 0)))
    }

    var time: TimePoint {
        TimePoint(monotonic: now, wall: WallInstant(milliseconds: now.nanoseconds / 1_000_000))
    }

    var snapshot: ChargerSnapshot { driver.snapshot }

    /// The least limit that is no pause, whatever phases the vehicle has.
    var least: Milliamperes {
        let control = profile.control
        let candidates = stride(
            from: control.minimum.rawValue, through: control.maximum.rawValue, by: 100)
        let least = candidates.first { current in
            (1...profile.electrical.phases).allSatisfy {
                !profile.isOff(Milliamperes(current), phases: $0)
            }
        }
        return Milliamperes(least ?? control.maximum.rawValue)
    }

    // MARK: - What happens

    mutating func connect() {
        box.connectionOpened(at: now)
        driver.linkOpened(at: time)
        graceUntil = now.advanced(by: Self.grace)
    }

    mutating func disconnect() {
        _ = driver.linkLost(reason: "cut", at: time)
    }

    mutating func aim(_ limit: Milliamperes) {
        revision += 1
        target = ChargerTarget(limit: limit, validUntil: now, revision: revision)
        if limit < ceiling {
            graceUntil = now.advanced(by: Self.grace)
        } else {
            ceiling = limit
        }
    }

    mutating func plug(phases: Int? = nil) {
        box.plug(
            Vehicle(phases: phases ?? vehiclePhases, maximumCurrent: .amperes(32)), at: now)
    }

    /// Time passes without the agent.
    mutating func pass(_ duration: Duration) {
        now = now.advanced(by: duration)
        box.advance(to: now)
        graceUntil = now.advanced(by: Self.grace)
    }

    mutating func run(for duration: Duration) {
        let end = now.advanced(by: duration)
        while now < end {
            if var renewed = target {
                renewed.validUntil = now.advanced(by: .seconds(10))
                target = renewed
                _ = driver.targetChanged(renewed, at: time)
            }
            guard driver.urgency(at: time) != nil, let order = driver.next(at: time) else {
                now = min(end, driver.wake(at: time))
                lookAtCurrents()
                continue
            }
            perform(order)
            lookAtCurrents()
        }
        box.advance(to: now)
    }

    private mutating func perform(_ order: DriverRequest) {
        now = now.advanced(by: .milliseconds(5))
        let wasThere = !box.truth.isBooting
        switch box.respond(to: order.request, at: now) {
        case .response(let response):
            _ = driver.completed(.success(response), at: time)
        case .exception(let exception):
            if !isBare || order.request.operation.isWrite {
                Issue.record("\(order.request) was refused: \(exception)")
            }
            _ = driver.completed(.failure(.exception(exception)), at: time)
        case .silence:
            if wasThere, !isBare { Issue.record("\(order.request) was not answered") }
            now = now.advanced(by: order.timeout)
            _ = driver.completed(.failure(.timeout), at: time)
            _ = driver.linkLost(reason: "no answer", at: time)
            now = now.advanced(by: .seconds(1))
            connect()
        }
    }

    /// No phase ever carries more than the limit.
    private mutating func lookAtCurrents() {
        box.advance(to: now)
        guard now >= graceUntil, let target else { return }
        ceiling = target.limit
        let most = box.truth.currents.max() ?? .zero
        if most > ceiling {
            Issue.record("\(most) flow, \(ceiling) are allowed")
            // Told once.
            graceUntil = now.advanced(by: Self.grace)
        }
    }
}

// MARK: - What is expected

extension ConformanceSession {
    /// Whether the last target counts as carried out.
    var isApplied: Bool {
        switch snapshot.application {
        case .verified(revision, _, _): true
        // What cannot be read back is believed at most.
        case .written(revision, _): profile.control.readBack == nil
        default: false
        }
    }

    /// The limit is in force, to the resolution of the wallbox, and the driver knows it.
    func expectCharging(at limit: Milliamperes) {
        let truth = box.truth
        #expect(truth.limit <= limit)
        #expect(truth.limit > limit - resolution, "\(limit) was asked for")
        #expect(truth.currents.allSatisfy { $0 <= limit })
        #expect(snapshot.pilot.value?.isDrawing == true)
        #expect(isApplied, "\(snapshot.application)")
        if case .verified(_, let offered, _) = snapshot.application {
            #expect(abs(offered.rawValue - truth.limit.rawValue) < resolution.rawValue)
        }
    }

    /// What the wallbox cannot tell apart.
    private var resolution: Milliamperes {
        let control = profile.control
        let register = profile[control.setpoint]
        let unit = register.scale.numerator / register.scale.denominator
        guard case .power(let voltage, _) = control.domain else {
            return Milliamperes(max(control.step.rawValue, unit) + 1)
        }
        // Watts for one phase: a vehicle on three is served by a third of it.
        return Milliamperes(unit * 1_000_000 / voltage.rawValue + 2)
    }

    /// What the driver reads or works out of the power, where there is anything to go by.
    func expectPower() {
        let known = profile.registers.compactMap(\.quantity) + profile.derived.map(\.quantity)
        guard known.contains(.power) || known.contains(.powers) else { return }
        let truth = box.truth.power.rawValue
        guard let power = snapshot.power.value?.rawValue else {
            Issue.record("no power: \(snapshot.power)")
            return
        }
        #expect(truth > 1_000)
        #expect(abs(power - truth) <= 100 + truth / 20, "\(truth) W flow")
    }

    /// Where the wallbox does not fall by itself, somebody has to be told.
    func expectWarnings() {
        let isSafe = profile.failsafe?.direction == .down || profile.failsafe?.direction == .stop
        #expect(isSafe || isWarned, "\(snapshot.conditions)")
    }

    private var isWarned: Bool {
        snapshot.conditions.contains { condition in
            if case .failsafeNotArmed = condition { true } else { false }
        }
    }

    /// Nobody talks to the wallbox any more: it does what its profile says, within its timeout and a
    /// second.
    mutating func expectFailsafe() {
        guard let failsafe = profile.failsafe, profile.heartbeat.kind != .none else { return }
        let activations = box.truth.failsafe.activations
        let timeout = box.truth.failsafe.timeout
        #expect(timeout > .zero, "it watches nobody")
        pass(timeout + .seconds(1))
        let truth = box.truth
        #expect(truth.failsafe.activations == activations + 1)
        switch failsafe.direction {
        case .down:
            let allowed = max(Self.safeCurrent, least)
            // What is set in the wallbox alone may be too much for this vehicle: then it was said.
            let isToldOnly = failsafe.current == nil && isWarned
            #expect(truth.limit <= allowed || isToldOnly, "R3: \(truth.limit)")
        case .stop: #expect(truth.limit == .zero)
        case .hold: #expect(truth.limit <= .amperes(16))
        // The box rises: there is nothing to be done but to say so.
        case .up: break
        }
    }

    /// Nothing was done that is never to be done.
    func expectManners() {
        let truth = box.truth
        #expect(truth.deniedWrites == 0)
        #expect(truth.phaseSwitchesUnderLoad == 0)
        for (register, count) in zip(profile.registers, truth.writeCounts) {
            guard let budget = register.writesPerDay else { continue }
            #expect(count <= budget, "\(register.name)")
        }
    }
}
