import ChargeModel
import DeviceProfiles
import Testing
import WallboxModel

/// R3: the agent is killed or stopped, whatever is going on: every wallbox does in its failsafe what
/// its profile says, within its timeout and a second. For the wallbox, both are silence.
@Suite("R3 the agent is gone") struct R03AgentGoneTests {
    @Test("R3 in the middle of a charge", arguments: try ConformanceCase.all(), [6, 10, 16])
    func r03_whileCharging(_ test: ConformanceCase, amperes: Int) throws {
        var session = try ConformanceSession(test)
        session.connect()
        session.aim(max(.amperes(amperes), session.least))
        session.run(for: .seconds(30))
        session.plug()
        // Another moment between two signs of life for each.
        session.run(for: .seconds(80) + .milliseconds(amperes * 137))
        session.disconnect()
        session.expectFailsafe()
    }

    @Test("R3 while nothing is charged", arguments: try ConformanceCase.all())
    func r03_whilePaused(_ test: ConformanceCase) throws {
        var session = try ConformanceSession(test)
        session.connect()
        session.plug()
        session.aim(.zero)
        session.run(for: .seconds(90))
        #expect(session.box.truth.limit == .zero)
        session.disconnect()
        session.expectFailsafe()
        // Where it takes 0, or stops, the pause outlives the agent.
        let failsafe = session.profile.failsafe
        if failsafe?.direction == .down, failsafe?.current != nil, failsafe?.acceptsZero == true {
            #expect(session.box.truth.limit == .zero)
        }
    }

    /// It comes back too late, and everything is as it should be again.
    @Test("R3 an agent that was stopped for a while", arguments: try ConformanceCase.all())
    func r03_afterAPause(_ test: ConformanceCase) throws {
        var session = try ConformanceSession(test)
        session.connect()
        session.plug()
        session.aim(.amperes(16))
        session.run(for: .seconds(90))
        session.expectCharging(at: .amperes(16))
        // Stopped, not killed: it still believes what it believed, on the same connection.
        session.pass(session.box.truth.failsafe.timeout + .seconds(1))
        session.run(for: .seconds(120))
        session.expectCharging(at: .amperes(16))
        #expect(!session.box.truth.failsafe.isActive)
        session.expectManners()
    }
}
