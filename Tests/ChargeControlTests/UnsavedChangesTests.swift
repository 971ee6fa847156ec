import ChargeModel
import Testing

@testable import ChargeControl

/// What could not be written down yet.
struct UnsavedChangesTests {
    private func action(_ number: Int) -> Action {
        Action(
            id: Action.ID("action_\(number)"), charger: ControlBench.charger, command: .charge,
            state: .acknowledged, createdAt: ControlBench.start.wall)
    }

    @Test func ofMoreThanCanBeKeptTheOldestIsDropped() {
        var unsaved = UnsavedChanges()
        for number in 0...UnsavedChanges.capacity {
            let commit = CommitID(rawValue: UInt64(number))
            unsaved.add(action(number), intent: nil, commit: commit)
            unsaved.failed(commit)
        }
        let kept = unsaved.repeated(as: CommitID(rawValue: 99)).actions.map(\.id.rawValue)
        #expect(kept == (1...UnsavedChanges.capacity).map { "action_\($0)" })
    }

    @Test func whatIsUnderWayIsNotCommittedTwice() {
        var unsaved = UnsavedChanges()
        unsaved.add(action(1), intent: nil, commit: CommitID(rawValue: 1))
        #expect(!unsaved.isWaiting)
        #expect(unsaved.repeated(as: CommitID(rawValue: 2)) == StoreChange())
        #expect(unsaved.persisted(CommitID(rawValue: 1)).map(\.id.rawValue) == ["action_1"])
        #expect(!unsaved.isWaiting)
        unsaved.failed(CommitID(rawValue: 1))
        #expect(!unsaved.isWaiting, "it is durable")
    }

    /// The commit of the older one fails after that of the newer one has succeeded.
    @Test func r16_anIntentThatANewerOneFollowedIsNotCommittedAgain() {
        var unsaved = UnsavedChanges()
        let intents = [ChargeIntent.charge, .idle].map {
            IntentChange(charger: ControlBench.charger, intent: $0, at: ControlBench.start.wall)
        }
        unsaved.add(action(1), intent: intents[0], commit: CommitID(rawValue: 1))
        unsaved.add(action(2), intent: intents[1], commit: CommitID(rawValue: 2))
        #expect(unsaved.persisted(CommitID(rawValue: 2)).map(\.id.rawValue) == ["action_2"])
        unsaved.failed(CommitID(rawValue: 1))
        let change = unsaved.repeated(as: CommitID(rawValue: 3))
        #expect(change.actions.map(\.id.rawValue) == ["action_1"])
        #expect(change.intent == nil)
    }
}
