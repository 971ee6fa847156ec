import ChargeModel
import Testing

/// What people and programs are told of a charger's condition.
struct WordsTests {
    @Test(arguments: [
        (ChargerCondition.writesNotApplied, "WRITES_NOT_APPLIED", "held at the safe current"),
        (.competingController, "COMPETING_CONTROLLER", "only reductions are written"),
        (.failsafeNotArmed(reason: "it rises"), "FAILSAFE_NOT_ARMED", "it rises"),
        (.wrongDevice(reason: "serial"), "WRONG_DEVICE", "serial"),
        (.wrongConnectors(reason: "two"), "WRONG_CONNECTORS", "two"),
        (.notPrepared(reason: "exception 2"), "NOT_PREPARED", "prepared: exception 2"),
        (.phasesNotKnown(reason: "one"), "PHASES_NOT_KNOWN", "one"),
    ])
    func conditionsHaveACodeAndSayWhatTheyMean(
        condition: ChargerCondition, code: String, message: String
    ) {
        #expect(condition.code == code)
        #expect(condition.message.contains(message))
    }

    @Test func whatBecameOfATargetNamesItsRevision() {
        let time = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 0), wall: WallInstant(milliseconds: 0))
        let applications: [TargetApplication] = [
            .pending(revision: 1), .held(revision: 2, until: time.monotonic),
            .written(revision: 3, at: time),
            .verified(revision: 4, offered: .amperes(6), at: time),
            .withheld(revision: 5, write: "idle"), .refused(revision: 6, reason: "exception 3"),
            .contradicted(revision: 7, found: .amperes(20)),
        ]
        #expect(applications.map(\.revision) == [1, 2, 3, 4, 5, 6, 7])
        #expect(TargetApplication.none.revision == nil)
    }

    @Test func phasesAndStatesHaveTheirNames() {
        #expect(PhaseSet.all.names == ["L1", "L2", "L3"])
        #expect(PhaseSet.l2.names == ["L2"])
        #expect(ActionState.scheduled.name == .scheduled)
        #expect(
            ActionState.failed(ActionFailure(code: .notApplied, message: "")).name == .failed)
        #expect(Reading<Int>.absent(.refused).capturedAt == nil)
    }
}
