import ChargeControl
import ChargeModel
import DeviceProfiles
import Testing
import WallboxModel

@testable import AgentSimulation

// Of actions, windows and decisions.
extension InvariantTests {
    private static func action(_ id: String, start: Duration? = nil) -> Action {
        var action = Action(
            id: Action.ID(id), charger: ChargerID("box"), command: .charge, state: .acknowledged,
            createdAt: WallInstant(milliseconds: 1_780_000_000_000))
        action.start = start.map { action.createdAt.advanced(by: $0) }
        action.acknowledgedAt = action.createdAt
        return action
    }

    @Test func anActionThatIsLostIsSeen() throws {
        var simulation = try Self.simulation()
        simulation.stations[0].witness.accepted(Action.ID("action_lost"))
        simulation.checkEnd()
        expect(.oneEnd, simulation)
    }

    @Test func anActionThatEndsTwiceIsSeen() throws {
        var simulation = try Self.simulation()
        var action = Self.action("action_9")
        action.state = .completed
        simulation.announce(.action(action), of: 0)
        simulation.announce(.action(action), of: 0)
        expect(.oneEnd, simulation)
    }

    @Test func anActionThatBeginsTwiceIsSeen() throws {
        var simulation = try Self.simulation()
        let action = Self.action("action_9", start: .zero)
        simulation.announce(.action(action), of: 0)
        simulation.announce(.action(action), of: 0)
        expect(.oneStart, simulation)
    }

    @Test func anActionThatBeginsEarlyIsSeen() throws {
        var simulation = try Self.simulation()
        simulation.announce(.action(Self.action("action_9", start: .seconds(3_600))), of: 0)
        expect(.punctual, simulation)
    }

    /// Nobody has told the wallbox; also one that starts anew just then, as soon as the agent can know it.
    @Test(arguments: [false, true])
    func aWindowThatDoesNotEndIsSeen(restarts: Bool) throws {
        var simulation = try Self.simulation()
        var action = Self.action("action_9")
        action.state = .completed
        action.end = simulation.time.wall.advanced(by: .seconds(5))
        simulation.stations[0].witness.accepted(action.id)
        simulation.expectEnd(of: action, 0)
        if restarts { simulation.after(.seconds(5)) { $0.stations[0].goesUnseen(from: $0.now) } }
        simulation.run(for: .seconds(restarts ? 8.5 : 7.5))
        #expect(simulation.violations == [])
        simulation.run(for: .seconds(1))
        expect(.punctual, simulation)
    }

    /// Without a clock an agent knows an end that it has foreseen while it had one, and no other.
    @Test(arguments: [true, false])
    func aWindowThatDoesNotEndWithoutAClockIsSeenWhereThatCanBeKnown(hadClock: Bool) throws {
        var simulation = try Self.simulation()
        if !hadClock { simulation.killAgent() }
        simulation.run(for: .seconds(1))
        simulation.isWallTrusted = false
        simulation.distrustedSince = simulation.now
        if !hadClock { simulation.startAgent() }
        simulation.run(for: .seconds(1))
        var action = Self.action("action_9")
        action.state = .completed
        action.end = simulation.time.wall.advanced(by: .seconds(5))
        simulation.stations[0].witness.accepted(action.id)
        simulation.expectEnd(of: action, 0)
        simulation.run(for: .seconds(9))
        if hadClock {
            expect(.punctual, simulation)
        } else {
            #expect(simulation.violations == [])
        }
    }

    /// The store forgets what was wanted.
    @Test func anotherDecisionAfterACrashIsSeen() throws {
        var simulation = try Self.simulation()
        simulation.remember(0)
        try #require(simulation.stations[0].remembered != nil)
        simulation.killAgent()
        simulation.run(for: .seconds(2))
        simulation.commit(
            StoreChange(
                intent: IntentChange(
                    charger: ChargerID("box"), intent: .idle, at: simulation.time.wall)), of: 0)
        simulation.startAgent()
        // As if the clients had wanted nothing else.
        simulation.stations[0].remembered?.standing =
            try #require(simulation.stations[0].witness.wishes.standing)
        simulation.run(for: .seconds(10))
        expect(.sameDecision, simulation)
    }

    /// A cap in watts that counted on three phases may come higher where fewer are switched through, and no
    /// higher than those give.
    @Test func aDecisionThatRisesTooFarAfterACrashIsSeen() throws {
        var plan = StationPlan(name: "box", profile: try Devices.profile("alfen-eve"))
        plan.switchesPhases = true
        var simulation = Simulation(seed: 1, plans: [plan])
        simulation.startAgent()
        simulation.push(.charge, to: 0)
        simulation.setMaxChargeRate(Watts(2_000), of: 0)
        simulation.run(for: .seconds(120))
        let station = simulation.stations[0]
        try #require(station.box.truth.phases == 1)
        let decided = try #require(station.agent?.control.decision.limit)
        #expect(decided > .amperes(8))
        func seen(_ current: Int, of phases: Int, otherwise: Milliamperes = .amperes(16)) throws
            -> [Invariant]
        {
            simulation.violations = []
            station.remembered = Simulation.Remembered(
                limit: .zero, isWanted: true,
                rate: .init(
                    current: Milliamperes(current), phases: phases, otherwise: otherwise),
                standing: try #require(station.witness.wishes.standing),
                wallSteps: simulation.wallSteps)
            simulation.checkRemembered(0)
            return simulation.violations.map(\.invariant)
        }
        #expect(try seen(2_898, of: 3) == [])
        #expect(try seen(2_000, of: 3) == [.sameDecision])
        #expect(try seen(2_898, of: 3, otherwise: .amperes(6)) == [.sameDecision])
        #expect(try seen(2_898, of: 1) == [.sameDecision])
        simulation.stations[0].control.switchesPhases = false
        #expect(try seen(2_898, of: 3) == [.sameDecision])
    }
}
