import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// Every profile, the driver against the simulator: what one side encodes the other must understand.
@Suite struct DriverConformanceTests {
    /// From unplugged through charging at 10 A, limited to 6 A, idle, loss of the link with the
    /// failsafe, to recovery.
    @Test(arguments: try ProfileFile.all())
    func r03_theDriverLeadsTheWallboxThroughASession(file: ProfileFile) throws {
        let profile = try file.profile()
        var session = ConformanceSession(profile)

        // Unplugged, and nobody wants anything: read, armed, and otherwise left alone.
        session.connect()
        session.run(for: .seconds(5))
        #expect(session.snapshot.link == .up)
        #expect(session.snapshot.pilot.value == .a)
        #expect(session.box.truth.contactorCycles == 0)

        // A vehicle comes and charges at 10 A.
        session.aim(.amperes(10))
        session.run(for: .seconds(3))
        session.box.plug(
            Vehicle(phases: profile.electrical.phases, maximumCurrent: .amperes(16)),
            at: session.now)
        session.run(for: .seconds(30))
        #expect(session.box.truth.limit == .amperes(10))
        #expect(session.snapshot.pilot.value?.isDrawing == true)
        #expect(session.verifiedOffer == .amperes(10))
        let power = try #require(session.snapshot.power.value)
        #expect(abs(power.rawValue - session.box.truth.power.rawValue) <= 20)
        #expect(power > Watts(2_000))

        // Limited to 6 A.
        session.aim(.amperes(6))
        session.run(for: .seconds(30))
        #expect(session.box.truth.limit == .amperes(6))
        #expect(session.verifiedOffer == .amperes(6))
        #expect(session.box.truth.currents.allSatisfy { $0 <= .amperes(6) })

        // Idle.
        session.aim(.zero)
        session.run(for: .seconds(30))
        #expect(session.box.truth.limit == .zero)
        #expect(session.box.truth.power == .zero)
        #expect(session.verifiedOffer == .zero)

        // Charging again, all the way; then the agent is gone.
        session.aim(.amperes(16))
        session.run(for: .seconds(45))
        #expect(session.box.truth.limit == .amperes(16))
        let activations = session.box.truth.failsafe.activations
        session.disconnect()
        let timeout = session.box.truth.failsafe.timeout
        let failsafe = try #require(profile.failsafe)
        if failsafe.direction == .down, timeout > .zero {
            session.pass(timeout + .seconds(1))
            #expect(session.box.truth.failsafe.activations == activations + 1)
            #expect(session.box.truth.limit <= .amperes(6), "R3: \(session.box.truth.limit)")
        }

        // And back.
        session.connect()
        session.run(for: .seconds(30))
        #expect(session.box.truth.limit == .amperes(16))
        #expect(!session.box.truth.failsafe.isActive)
        #expect(session.verifiedOffer == .amperes(16))
    }
}

/// One driver and one simulated wallbox in virtual time.
private struct ConformanceSession {
    var driver: DriverEngine
    var box: SimulatedWallbox
    var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    private var target: ChargerTarget?
    private var revision: UInt64 = 0

    init(_ profile: DeviceProfile) {
        box = SimulatedWallbox(profile: profile, at: now)
        driver = DriverEngine(
            profile: profile,
            configuration: DriverConfiguration(
                unit: profile.link.unit, installationMaximum: .amperes(16),
                safeCurrent: .amperes(6), phases: profile.electrical.phases, poll: .seconds(1)),
            at: TimePoint(monotonic: now, wall: WallInstant(milliseconds: 0)))
    }

    var time: TimePoint {
        TimePoint(monotonic: now, wall: WallInstant(milliseconds: now.nanoseconds / 1_000_000))
    }

    var snapshot: ChargerSnapshot { driver.snapshot }

    var verifiedOffer: Milliamperes? {
        guard case .verified(revision, let offered, _) = snapshot.application else { return nil }
        return offered
    }

    mutating func connect() {
        driver.linkOpened(at: time)
    }

    mutating func disconnect() {
        _ = driver.linkLost(reason: "cut", at: time)
    }

    mutating func aim(_ limit: Milliamperes) {
        revision += 1
        target = ChargerTarget(limit: limit, validUntil: now, revision: revision)
    }

    /// Time passes without the agent.
    mutating func pass(_ duration: Duration) {
        now = now.advanced(by: duration)
        box.advance(to: now)
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
                continue
            }
            now = now.advanced(by: .milliseconds(5))
            let result: Result<ModbusResponse, ModbusError> =
                switch box.respond(to: order.request, at: now) {
                case .response(let response): .success(response)
                case .exception(let exception): .failure(.exception(exception))
                case .silence: .failure(.timeout)
                }
            if case .failure = result {
                Issue.record("\(order.request) was answered with \(result)")
            }
            _ = driver.completed(result, at: time)
        }
        box.advance(to: now)
    }
}
