import ChargeModel
import DeviceProfiles
import Testing

@testable import ChargerDriver

/// Steps that wait for what nobody tells.
struct RunningStepsTests {
    private let origin = MonotonicInstant(nanoseconds: 1_000_000_000)

    /// Waits for `mode` to be idle, which it shows or not, read at a moment or never.
    private func waited(
        shows value: DecodedValue?, readAt: MonotonicInstant?
    ) throws -> [RunningSteps.State] {
        let profile = try StepProfile.profile()
        let mode = try #require(profile.register(named: "mode"))
        var values = RegisterValues(profile)
        if let value { values[mode] = value }
        let condition = RegisterCondition(register: mode, test: .oneOf([0]))
        #expect(condition.holds(values) == (value != nil))
        var steps = RunningSteps(.wakeUp, [.waitUntil([condition], within: .seconds(10))])
        return [0, 10].map { seconds in
            steps.settle(
                profile, values, readAt: { _ in readAt },
                at: origin.advanced(by: .seconds(seconds)))
        }
    }

    @Test func whatWasReadBeforeProvesNothing() throws {
        let states = try waited(
            shows: .number(canonical: 0, raw: 0), readAt: origin.advanced(by: .seconds(-1)))
        #expect(states.first == .waiting(until: origin.advanced(by: .seconds(10))))
        guard case .givenUp(let reason)? = states.last else {
            Issue.record("\(states)")
            return
        }
        #expect(reason.contains("nothing new was read"))
    }

    @Test func whatWasNeverReadHoldsNothing() throws {
        guard case .givenUp(let reason)? = try waited(shows: nil, readAt: nil).last else {
            Issue.record("it goes on")
            return
        }
        #expect(reason.contains("mode reads nothing"))
    }

    @Test func ofAnAnswerWithoutWordsNothingIsChanged() throws {
        let profile = try StepProfile.profile()
        #expect(profile.change(profile.control.setpoint, holding: [], set: 1, clear: 0) == nil)
    }
}
