import ChargeModel
import ChargerDriver
import DeviceProfiles
import Testing

@Suite struct SetpointReconcilerTests {
    typealias Goal = SetpointReconciler.Goal
    typealias Command = SetpointReconciler.Command

    private let origin = MonotonicInstant(nanoseconds: 0)

    private func at(_ seconds: Double) -> TimePoint {
        TimePoint(
            monotonic: origin.advanced(by: .milliseconds(Int(seconds * 1000))),
            wall: WallInstant(milliseconds: 0))
    }

    private func reconciler(_ device: String = "reference-7kw") throws -> SetpointReconciler {
        SetpointReconciler(
            control: try DriverBench.profile(device).control, timing: DriverTiming())
    }

    struct Row: Sendable {
        var limit: Int
        var isOn: Bool?
        var found: Int?
        var mayRaise: Bool
        var kind: Command.Kind?
        var isReduction = false
    }

    /// The table at the head of `SetpointReconciler`.
    @Test(arguments: [
        Row(limit: 0, isOn: false, found: nil, mayRaise: true, kind: nil),
        Row(limit: 0, isOn: true, found: 16, mayRaise: true, kind: .idle, isReduction: true),
        Row(limit: 0, isOn: nil, found: nil, mayRaise: false, kind: .idle, isReduction: true),
        Row(limit: 10, isOn: false, found: nil, mayRaise: true, kind: .charge),
        Row(limit: 10, isOn: false, found: 16, mayRaise: false, kind: nil),
        Row(limit: 10, isOn: true, found: 16, mayRaise: true, kind: .limit, isReduction: true),
        Row(limit: 10, isOn: true, found: 16, mayRaise: false, kind: .limit, isReduction: true),
        Row(limit: 10, isOn: true, found: 6, mayRaise: true, kind: .limit),
        Row(limit: 10, isOn: true, found: 6, mayRaise: false, kind: nil),
        Row(limit: 10, isOn: true, found: 10, mayRaise: true, kind: nil),
        Row(limit: 10, isOn: nil, found: nil, mayRaise: true, kind: .limit, isReduction: true),
    ])
    func comparesLevels(row: Row) throws {
        var reconciler = try reconciler()
        let found = SetpointBelief(isOn: row.isOn, limit: row.found.map { .amperes($0) })
        reconciler.polled(found, goal: nil, isDrawing: false, isWithinLimit: true, at: at(0))
        let goal = Goal(limit: .amperes(row.limit), allowsIncrease: row.mayRaise)
        let command = reconciler.command(for: goal, at: at(0).monotonic)
        #expect(command?.kind == row.kind)
        #expect(command.map(\.isReduction) ?? false == row.isReduction)
    }

    @Test func r12_anUnknownLimitThatMayNotRiseIsSwitchedOffWhereALimitSwitchesOn() throws {
        let unknown = try reconciler()
        let goal = Goal(limit: .amperes(6), allowsIncrease: false)
        #expect(unknown.command(for: goal, at: at(0).monotonic)?.kind == .idle)
        // Where a switch of its own turns it on, the limit alone raises nothing.
        let keba = try reconciler("keba-p30")
        #expect(keba.command(for: goal, at: at(0).monotonic)?.kind == .limit)
    }

    @Test func r09_anUnknownLimitIsBroughtToWhatWasLastSentWhileAnIncreaseIsHeld() throws {
        var reconciler = try reconciler()
        let low = Goal(limit: .amperes(10), allowsIncrease: true)
        reconciler.polled(
            SetpointBelief(isOn: true, limit: .amperes(6)), goal: low, isDrawing: false,
            isWithinLimit: true, at: at(0))
        let raise = try #require(reconciler.command(for: low, at: at(1).monotonic))
        reconciler.began(raise, at: at(1).monotonic)
        reconciler.contactLost(at: at(2).monotonic)

        let high = Goal(limit: .amperes(16), allowsIncrease: true)
        let careful = try #require(reconciler.command(for: high, at: at(3).monotonic))
        #expect(careful.limit == .amperes(10))
        #expect(careful.isProvisional)
        let free = try #require(reconciler.command(for: high, at: at(7.1).monotonic))
        #expect(free.limit == .amperes(16))
    }

    @Test func r09_increasesStayFiveSecondsApartAndStopsNeverWait() throws {
        var reconciler = try reconciler()
        let goal = Goal(limit: .amperes(10), allowsIncrease: true)
        reconciler.polled(
            SetpointBelief(isOn: false), goal: goal, isDrawing: false, isWithinLimit: true,
            at: at(0))
        let charge = try #require(reconciler.command(for: goal, at: at(1).monotonic))
        reconciler.began(charge, at: at(1).monotonic)
        reconciler.confirmed(charge, at: at(1))
        let more = Goal(limit: .amperes(16), allowsIncrease: true)
        #expect(reconciler.command(for: more, at: at(5.9).monotonic) == nil)
        #expect(reconciler.wake(for: more, at: at(5.9).monotonic) == at(6).monotonic)
        #expect(reconciler.command(for: more, at: at(6).monotonic)?.limit == .amperes(16))
        let stop = Goal(limit: .zero, allowsIncrease: true)
        #expect(reconciler.command(for: stop, at: at(1.1).monotonic)?.kind == .idle)
    }

    @Test func r09_aCommandGivenUpHalfWayLeavesNothingBelieved() throws {
        var reconciler = try reconciler("keba-p30")
        let goal = Goal(limit: .amperes(10), allowsIncrease: true)
        reconciler.polled(
            SetpointBelief(isOn: false), goal: goal, isDrawing: false, isWithinLimit: true,
            at: at(0))
        let charge = try #require(reconciler.command(for: goal, at: at(1).monotonic))
        reconciler.began(charge, at: at(1).monotonic)
        reconciler.goalChanged()
        let stop = Goal(limit: .zero, allowsIncrease: true)
        #expect(reconciler.command(for: stop, at: at(1).monotonic)?.kind == .idle)
    }

    @Test func r08_aRefusedIncreaseDoesNotHoldUpAReduction() throws {
        var reconciler = try reconciler()
        let goal = Goal(limit: .amperes(16), allowsIncrease: true)
        reconciler.polled(
            SetpointBelief(isOn: true, limit: .amperes(10)), goal: goal, isDrawing: false,
            isWithinLimit: true, at: at(0))
        let raise = try #require(reconciler.command(for: goal, at: at(1).monotonic))
        reconciler.began(raise, at: at(1).monotonic)
        reconciler.refused(raise, isUntouched: true, reason: "busy", at: at(1).monotonic)
        #expect(reconciler.command(for: goal, at: at(2).monotonic) == nil)
        let less = Goal(limit: .amperes(6), allowsIncrease: false)
        #expect(reconciler.command(for: less, at: at(2).monotonic)?.limit == .amperes(6))
        #expect(reconciler.command(for: goal, at: at(31).monotonic) != nil)
    }
}
