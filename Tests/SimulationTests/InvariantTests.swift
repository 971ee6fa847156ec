import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

@testable import AgentSimulation

/// Every invariant can fail: each is broken here by a doctored input, wallbox, store or world, and
/// found by its name. Those of actions and decisions are in InvariantTests+Decisions.swift.
@Suite struct InvariantTests {
    private static let charging: Duration = .seconds(90)

    /// One wallbox that has been charging for a while with 16 A.
    static func simulation(_ profile: String = "reference-7kw") throws -> Simulation {
        var plan = StationPlan(name: "box", profile: try Devices.profile(profile))
        plan.options.factorySetpoint = .amperes(6)
        var simulation = Simulation(seed: 1, plans: [plan])
        simulation.startAgent()
        simulation.stations[0].box.plug(
            Vehicle(phases: 1, maximumCurrent: .amperes(32)), at: simulation.now)
        simulation.after(.seconds(10)) { $0.push(.charge, to: 0) }
        simulation.run(for: charging)
        try #require(simulation.violations == [])
        return simulation
    }

    private static func write(_ current: Int, _ simulation: Simulation) throws -> ModbusRequest {
        let station = simulation.stations[0]
        let operation = station.profile.write(
            canonical: current, to: station.profile.control.setpoint)
        guard case .write(_, let operation) = operation else {
            throw Unexpected("no write of \(current)")
        }
        return ModbusRequest(unit: station.driver.unit, operation: operation)
    }

    private struct Unexpected: Error {
        var words: String
        init(_ words: String) { self.words = words }
    }

    private static func read(_ simulation: Simulation) -> ModbusRequest {
        let block = simulation.stations[0].profile.readPlan[0]
        return ModbusRequest(unit: simulation.stations[0].driver.unit, operation: block.operation)
    }

    func expect(_ invariant: Invariant, _ simulation: Simulation) {
        #expect(simulation.violations.first?.invariant == invariant, "\(simulation.violations)")
    }

    // MARK: - What is written

    @Test func aCurrentAboveALimitIsSeen() throws {
        var simulation = try Self.simulation()
        // The agent was configured with 16 A, and is judged by 10 A.
        simulation.stations[0].driver.installationMaximum = .amperes(10)
        simulation.push(.idle, to: 0)
        simulation.after(.seconds(20)) { $0.push(.charge, to: 0) }
        simulation.run(for: .seconds(60))
        expect(.limits, simulation)
    }

    @Test func aCurrentBelowTheMinimumIsSeen() throws {
        var simulation = try Self.simulation()
        simulation.checkRequest(try Self.write(3_000, simulation), of: 0)
        expect(.minimum, simulation)
    }

    @Test func aCurrentPastTheLeaseIsSeen() throws {
        var simulation = try Self.simulation()
        simulation.stations[0].agent?.target?.validUntil = simulation.now
        simulation.checkRequest(try Self.write(16_000, simulation), of: 0)
        expect(.lease, simulation)
    }

    @Test func aWriteToAnotherDeviceIsSeen() throws {
        var simulation = try Self.simulation()
        simulation.stations[0].isImpostorMet = true
        simulation.checkRequest(try Self.write(6_000, simulation), of: 0)
        expect(.safety, simulation)
    }

    private static func target(_ limit: Milliamperes, _ simulation: Simulation) -> ChargerTarget {
        ChargerTarget(
            limit: limit, validUntil: simulation.now.advanced(by: .seconds(10)), revision: 99)
    }

    /// Also where only the pilot tells whether it is on.
    @Test(arguments: ["reference-7kw", "sigenergy-ac"])
    func aReadBeforeAReductionIsSeen(profile: String) throws {
        var simulation = try Self.simulation(profile)
        simulation.noteTarget(Self.target(.amperes(8), simulation), isReduction: true, 0)
        var takenBack = simulation
        simulation.checkRequest(Self.read(simulation), of: 0)
        expect(.urgent, simulation)
        takenBack.violations = []
        takenBack.noteTarget(Self.target(.amperes(16), simulation), isReduction: false, 0)
        takenBack.checkRequest(Self.read(simulation), of: 0)
        #expect(takenBack.violations == [])
    }

    /// What it was told to leave, and shows no more, needs no reduction.
    @Test func aStopThatIsUnseenIsNoReduction() throws {
        var simulation = try Self.simulation("sigenergy-ac")
        simulation.stations[0].box.unplug(at: simulation.now)
        simulation.push(.idle, to: 0)
        simulation.run(for: .seconds(30))
        try #require(simulation.stations[0].agent?.isStopped == true)
        simulation.noteTarget(Self.target(.zero, simulation), isReduction: true, 0)
        simulation.checkRequest(Self.read(simulation), of: 0)
        #expect(simulation.violations == [])
    }

    @Test func tooManyWritesToFlashMemoryAreSeen() throws {
        var profile = try Devices.profile("reference-7kw")
        profile.registers[profile.control.setpoint.rawValue].writesPerDay = 3
        var simulation = Simulation(seed: 1, plans: [StationPlan(name: "box", profile: profile)])
        for step in 0..<8 {
            simulation.checkRequest(try Self.write(6_000 + step % 2 * 1_000, simulation), of: 0)
        }
        expect(.writeBudget, simulation)
    }

    @Test func increasesTooSoonOneAfterAnotherAreSeen() throws {
        var simulation = try Self.simulation()
        for current in [6_000, 10_000, 14_000] {
            _ = simulation.respond(
                Simulation.Arrival(
                    station: 0, generation: 0, request: try Self.write(current, simulation)))
        }
        expect(.increases, simulation)
    }

    /// A write that nobody wants, right after the start and later.
    @Test(arguments: [(Duration.seconds(2), Invariant.quietStart), (.seconds(60), .wanted)])
    func aRiseThatNobodyWantsIsSeen(after wait: Duration, invariant: Invariant) throws {
        var plan = StationPlan(name: "box", profile: try Devices.profile("reference-7kw"))
        plan.options.factorySetpoint = .amperes(6)
        var simulation = Simulation(seed: 1, plans: [plan])
        simulation.startAgent()
        simulation.run(for: wait)
        _ = simulation.respond(
            Simulation.Arrival(
                station: 0, generation: 0, request: try Self.write(16_000, simulation)))
        expect(invariant, simulation)
    }

    // MARK: - The wallbox

    /// Somebody else keeps reading, so that the wallbox does not notice that its agent is dead.
    @Test func aWallboxThatDoesNotFallBackIsSeen() throws {
        var simulation = try Self.simulation()
        let read = Self.read(simulation)
        simulation.killAgent()
        for _ in 0..<60 {
            simulation.run(for: .seconds(1))
            _ = simulation.stations[0].box.respond(to: read, at: simulation.now)
        }
        simulation.checkFallenBack(after: .seconds(60), 0)
        expect(.fallback, simulation)
    }

    /// The agent was configured with 6 A, and is judged by less and by more; also where a limit is left
    /// alone for 20 s.
    @Test(
        arguments: ["reference-7kw", "amperfied-connect"],
        [Milliamperes.zero, Milliamperes.amperes(10)])
    func aFailsafeThatIsArmedWronglyIsSeen(profile: String, safe: Milliamperes) throws {
        var simulation = try Self.simulation(profile)
        simulation.stations[0].driver.safeCurrent = safe
        simulation.run(for: .seconds(60))
        expect(.armed, simulation)
    }

    @Test func aMeterThatFallsIsSeen() throws {
        var simulation = try Self.simulation()
        simulation.stations[0].witness.energy = WattHours(1_000_000)
        simulation.run(for: .seconds(10))
        expect(.energy, simulation)
    }

    /// An agent that starts while something is wrong may count by another register than the one before.
    @Test(arguments: [false, true])
    func aMeterThatFallsAfterARestartIsSeen(isDisturbed: Bool) throws {
        var simulation = try Self.simulation()
        simulation.stations[0].witness.energy = WattHours(1_000_000)
        simulation.killAgent()
        if isDisturbed { simulation.disturb(0, for: .seconds(1)) }
        simulation.startAgent()
        simulation.run(for: .seconds(10))
        #expect(simulation.violations.map(\.invariant) == (isDisturbed ? [] : [.energy]))
    }

    /// A stranger switches it all the time.
    @Test func aContactorThatWearsOutIsSeen() throws {
        var simulation = try Self.simulation()
        let read = Self.read(simulation)
        let off = try Self.write(0, simulation)
        let on = try Self.write(16_000, simulation)
        simulation.killAgent()
        for _ in 0..<60 {
            for request in [off, on] {
                _ = simulation.stations[0].box.respond(to: read, at: simulation.now)
                _ = simulation.stations[0].box.respond(to: request, at: simulation.now)
                simulation.run(for: .seconds(15))
            }
            simulation.checkContactor(0)
        }
        expect(.contactor, simulation)
    }

    /// It ignores writes, and nobody knows that something is wrong.
    @Test func aStopThatDoesNotComeIsSeen() throws {
        var simulation = try Self.simulation()
        var faults = WallboxFaults()
        faults.writes = .ignored
        simulation.stations[0].box.setFaults(faults, at: simulation.now)
        simulation.push(.idle, to: 0)
        simulation.run(for: .seconds(5))
        expect(.stops, simulation)
    }

    /// Nothing shows what it was told, and it has ignored that: it is seen to draw.
    @Test func aWallboxThatChargesOnUnseenIsSeen() throws {
        var simulation = try Self.simulation("solax-evc")
        var faults = WallboxFaults()
        faults.writes = .ignored
        simulation.stations[0].box.setFaults(faults, at: simulation.now)
        simulation.setMaxChargeRate(.zero, of: 0)
        simulation.run(for: .seconds(30))
        #expect(simulation.stations[0].isMisled)
        #expect(simulation.violations == [])
        simulation.run(for: .seconds(150))
        expect(.limits, simulation)
    }

    @Test func aWallboxThatDoesNotComeBackIsSeen() throws {
        var simulation = try Self.simulation()
        var faults = WallboxFaults()
        faults.isSilent = true
        simulation.stations[0].box.setFaults(faults, at: simulation.now)
        simulation.run(for: .seconds(60))
        expect(.recovery, simulation)
    }

    @Test func phasesThatAreSwitchedTooOftenAreSeen() throws {
        var simulation = try Self.simulation()
        simulation.stations[0].control.switchesPhases = true
        // As if three had lain behind the contactor a moment ago, and since a switch.
        simulation.stations[0].witness.phases = 3
        simulation.stations[0].witness.phasesSwitchedAt = simulation.now
        simulation.checkPhases(0)
        expect(.phases, simulation)
    }

    // MARK: - Links and queues

    @Test func aQueueThatGrowsIsSeen() throws {
        var simulation = try Self.simulation()
        let pending = AgentSide.PendingRequest(
            id: RequestID(rawValue: 1), order: .cancel(Action.ID("action_1")))
        simulation.stations[0].agent?.requests = Array(repeating: pending, count: 100)
        simulation.run(for: .seconds(2))
        expect(.queues, simulation)
    }

    @Test func anAttemptToConnectTooSoonIsSeen() throws {
        var simulation = try Self.simulation()
        simulation.checkOpening(0)
        simulation.checkOpening(0)
        expect(.reconnects, simulation)
    }

    @Test func aSleepWithoutEndIsSeen() throws {
        var simulation = try Self.simulation()
        simulation.checkSleep(until: simulation.now, 0)
        expect(.liveness, simulation)
    }

    /// The fuse is in ``SharedFuseTests``: without its group it is exceeded.
    @Test func everyInvariantHasAName() {
        let names = Invariant.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
    }
}
