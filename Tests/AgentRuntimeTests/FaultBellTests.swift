import ChargeModel
import Testing

@testable import AgentRuntime

struct FaultBellTests {
    private static let start = MonotonicInstant(nanoseconds: 1_000)

    private static func heard(
        _ conditions: (ChargerCondition, after: Duration)...
    ) async -> [String] {
        let bell = FaultBell(at: start)
        for (condition, time) in conditions {
            bell.began(condition, of: ChargerID("box"), at: start.advanced(by: time))
        }
        bell.close()
        var heard: [String] = []
        for await fault in bell.stream { heard.append(fault) }
        return heard
    }

    @Test func aFaultRings() async {
        #expect(await Self.heard((.writesNotApplied, .seconds(1))) == ["box: WRITES_NOT_APPLIED"])
    }

    @Test func whatAnInstallationLacksForGoodDoesNotRingAtFirstContact() async {
        let lack = ChargerCondition.failsafeNotArmed(reason: "none")
        #expect(await Self.heard((lack, .seconds(1))) == [])
        #expect(await Self.heard((lack, .seconds(61))) == ["box: FAILSAFE_NOT_ARMED"])
    }

    @Test func ofThoseThatNobodyHasHeardTheNewestIsKept() async {
        let heard = await Self.heard(
            (.writesNotApplied, .seconds(1)), (.competingController, .seconds(2)))
        #expect(heard == ["box: COMPETING_CONTROLLER"])
    }
}
