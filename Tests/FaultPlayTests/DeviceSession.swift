import AgentTestSupport
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import WallboxModel
import WallboxServer

/// The driver with a simulated wallbox at the other end of a real connection, in virtual time.
struct DeviceSession {
    let box: PlayedWallbox
    var driver: DriverEngine
    private let bus: any ModbusBus
    private let deadline: Duration
    private var target: ChargerTarget?
    private var revision: UInt64 = 0

    private static let delay = Duration.milliseconds(5)
    static let poll = Duration.seconds(1)

    /// Runs a body with a session whose wallbox charges at 16 A.
    ///
    /// - Parameter isSilent: Whether answers are waited for that do not come.
    static func run(
        device: String, isSilent: Bool, _ body: (inout DeviceSession) async throws -> Void
    ) async throws {
        let vehicle = Vehicle(phases: 1, maximumCurrent: .amperes(32))
        try await PlayedWallbox.run(.tcp, device: device, vehicle: vehicle) { box in
            var session = DeviceSession(box, deadline: isSilent ? .milliseconds(50) : .seconds(20))
            try await session.bus.open(timeout: .seconds(20))
            session.driver.linkOpened(at: session.now)
            try await session.run(for: .seconds(3))
            session.aim(.amperes(16))
            try await session.run(for: .seconds(15))
            try await body(&session)
            await session.bus.shutDown()
        }
    }

    private init(_ box: PlayedWallbox, deadline: Duration) {
        self.box = box
        self.deadline = deadline
        bus = box.bus()
        let configuration = DriverConfiguration(
            unit: box.profile.link.unit, installationMaximum: .amperes(32),
            safeCurrent: .amperes(6), phases: box.profile.electrical.phases, poll: Self.poll)
        driver = DriverEngine(
            profile: box.profile, configuration: configuration, at: box.clock.now())
    }

    var now: TimePoint { box.clock.now() }
    var snapshot: ChargerSnapshot { driver.snapshot }
    var truth: WallboxTruth { box.front.wallbox.truth }

    var freshness: Freshness {
        Freshness(
            lastPoll: snapshot.lastPoll?.monotonic, now: now.monotonic, poll: Self.poll)
    }

    /// What the driver says that the wallbox verifiably offers.
    var verified: Milliamperes? {
        guard case .verified(_, let offered, _) = snapshot.application else { return nil }
        return offered
    }

    // MARK: - Deeds

    func play(_ order: FaultOrder) async throws { try await box.front.carryOut(order) }

    /// Changes how the plugged vehicle behaves.
    func makeVehicle(_ manner: VehicleManner) {
        let vehicle = Vehicle(phases: 1, maximumCurrent: .amperes(32), manner: manner)
        box.front.wallbox.update { $0.changeVehicle(to: vehicle, at: $1) }
    }

    mutating func aim(_ limit: Milliamperes) {
        revision += 1
        target = ChargerTarget(
            limit: limit, allowsIncrease: true,
            validUntil: now.monotonic.advanced(by: .seconds(10)), revision: revision)
        _ = driver.targetChanged(target, at: now)
    }

    /// Lets the driver and the wallbox run. A link that has to be reopened is reopened at once.
    mutating func run(for duration: Duration) async throws {
        let end = now.monotonic.advanced(by: duration)
        while now.monotonic < end {
            renew()
            guard driver.urgency(at: now) != nil, let order = driver.next(at: now) else {
                let next = max(driver.wake(at: now), now.monotonic.advanced(by: Self.delay))
                box.clock.advance(by: now.monotonic.duration(to: min(end, next)))
                continue
            }
            try await carryOut(order)
        }
    }

    private mutating func carryOut(_ order: DriverRequest) async throws {
        box.clock.advance(by: Self.delay)
        do {
            let response = try await bus.perform(order.request, timeout: deadline)
            _ = driver.completed(.success(response), at: now)
        } catch {
            _ = driver.completed(.failure(error), at: now)
            guard error.closesLink(bus.recovery) else { return }
            // What was waited for in real time has passed in this time, too.
            box.clock.advance(by: .seconds(1))
            _ = driver.linkLost(reason: error.description, at: now)
            try await bus.open(timeout: .seconds(20))
            driver.linkOpened(at: now)
        }
    }

    private mutating func renew() {
        guard var target, target.validUntil < now.monotonic.advanced(by: .seconds(9)) else {
            return
        }
        target.validUntil = now.monotonic.advanced(by: .seconds(10))
        self.target = target
        _ = driver.targetChanged(target, at: now)
    }
}
