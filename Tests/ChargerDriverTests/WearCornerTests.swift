import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Testing

@testable import ChargerDriver

/// What a whole day of a wallbox does not come to: the corners of wear and of the wake-up.
@Suite struct WearCornerTests {
    private let start = MonotonicInstant(nanoseconds: 5_000_000_000)

    @Test func r30_whoDoesNotWaitIsNotWokenUp() {
        var wakeUp = WakeUp()
        wakeUp.attempted(at: start)
        #expect(wakeUp == WakeUp())
        #expect(wakeUp.due(WearBudget(most: 10, span: .seconds(3600))) == nil)
    }

    @Test func r30_theNextAttemptWaitsForAContactorThatWasUsed() {
        let budget = WearBudget(most: 10, span: .seconds(3600), interval: .seconds(180))
        var used = budget
        used.spend(at: start)
        var wakeUp = WakeUp()
        wakeUp.resumed(at: start)
        wakeUp.attempted(at: start)
        #expect(wakeUp.due(budget) == start.advanced(by: .seconds(30)))
        #expect(wakeUp.due(used) == start.advanced(by: .seconds(180)))
    }

    /// Where the profile says no number, a hundred writes a day.
    @Test func r11_flashMemoryOfUnknownMakeHasABudget() throws {
        let text = try #require(ProfileFolder.text("reference-7kw"))
        var profile = try #require(ProfileFolder.compile(text, id: "reference-7kw").profile)
        let setpoint = profile.control.setpoint
        profile.registers[setpoint.rawValue].persistence = .retentive
        profile.registers[setpoint.rawValue].writesPerDay = nil
        var wear = Wear(profile)
        for second in 0..<99 { wear.wrote(setpoint, at: start.advanced(by: .seconds(second))) }
        #expect(wear.spent(at: start.advanced(by: .seconds(99))) == [])
        wear.wrote(setpoint, at: start.advanced(by: .seconds(99)))
        #expect(wear.spent(at: start.advanced(by: .seconds(100))) == [setpoint])
        #expect(wear.freeFrom([setpoint]) == start.advanced(by: .seconds(86_400)))
    }
}
