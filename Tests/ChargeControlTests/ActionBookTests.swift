import ChargeModel
import Testing

@testable import ChargeControl

/// The table at the head of `ActionBook`, every state against every event.
@Suite struct ActionBookTests {
    private let now = MonotonicInstant(nanoseconds: 0)

    private func inFlight(_ command: ChargeCommand, at seconds: Int = 0) -> ActionBook.InFlight {
        let time = TimePoint(
            monotonic: now.advanced(by: .seconds(seconds)), wall: WallInstant(milliseconds: 0))
        return ActionBook.InFlight(
            action: Action(
                id: Action.ID("action_1"), charger: ChargerID("c"), command: command,
                state: .acknowledged, createdAt: time.wall),
            acceptedAt: time, verifyDeadline: time.monotonic)
    }

    private func accepting(
        _ command: ChargeCommand, replacing: ActionBook.Replaced = .nothing
    ) -> ActionBook.Accepting {
        ActionBook.Accepting(
            action: inFlight(command).action, request: RequestID(rawValue: 1),
            commit: CommitID(rawValue: 1),
            receivedAt: TimePoint(monotonic: now, wall: WallInstant(milliseconds: 0)),
            replacing: replacing)
    }

    private func request(
        _ command: ChargeCommand, _ conflict: ConflictStrategy? = nil
    ) -> ActionRequest {
        ActionRequest(charger: ChargerID("c"), command: command, onConflict: conflict)
    }

    @Test(arguments: ChargeCommand.allCases, [nil, ConflictStrategy.cancelAndReplace])
    func anEmptyBookTakesAnyPush(command: ChargeCommand, conflict: ConflictStrategy?) {
        var book = ActionBook(startsPerHour: 20)
        #expect(book.refusal(of: request(command, conflict), at: now) == nil)
        #expect(book.inFlight == nil)
    }

    @Test(arguments: ChargeCommand.allCases, ChargeCommand.allCases)
    func whatIsInFlightRefusesAllButIdleOverCharge(first: ChargeCommand, second: ChargeCommand) {
        for conflict in [nil, ConflictStrategy.cancelAndReplace] {
            var book = ActionBook(startsPerHour: 20)
            book.becomeInFlight(inFlight(first))
            let refusal = book.refusal(of: request(second, conflict), at: now)
            if first == .charge, second == .idle {
                #expect(refusal == nil)
            } else if conflict == nil {
                #expect(
                    refusal
                        == .conflict(
                            reason: .noStrategySupplied, actions: [Action.ID("action_1")],
                            strategies: [.cancelAndReplace]))
            } else {
                #expect(
                    refusal
                        == .conflict(
                            reason: .actionInFlight, actions: [Action.ID("action_1")],
                            strategies: nil))
            }
        }
    }

    @Test(arguments: ChargeCommand.allCases)
    func whatIsBeingAcceptedCountsForNothingYet(command: ChargeCommand) {
        var book = ActionBook(startsPerHour: 20)
        book.begin(accepting(command))
        #expect(book.inFlight == nil)
        book.abandon()
        #expect(book.state == .empty)
        book.begin(accepting(command))
        book.becomeInFlight(inFlight(command))
        #expect(book.inFlight == inFlight(command))
        book.finish()
        #expect(book.state == .empty)
    }

    @Test func whatIsSupersededStaysInFlightUntilTheCommitAndComesBackWhenItFails() {
        var book = ActionBook(startsPerHour: 20)
        let charge = inFlight(.charge)
        book.becomeInFlight(charge)
        let idle = accepting(.idle, replacing: .inFlight(charge))
        book.begin(idle)
        #expect(book.inFlight == charge)
        book.abandon()
        #expect(book.state == .inFlight(charge))
        book.begin(idle)
        book.becomeInFlight(inFlight(.idle))
        #expect(book.inFlight?.action.command == .idle)
    }

    @Test func anUpdateChangesWhatIsInFlight() {
        var book = ActionBook(startsPerHour: 20)
        var open = inFlight(.charge)
        book.becomeInFlight(open)
        open.hasReachedWire = true
        book.update(open)
        #expect(book.inFlight?.hasReachedWire == true)
    }

    @Test func r11_twentyStartsAnHourAndStopsAreFree() {
        var book = ActionBook(startsPerHour: 20)
        for start in 0..<20 {
            #expect(book.refusal(of: request(.charge), at: now) == nil)
            book.becomeInFlight(inFlight(.charge, at: start * 60))
            book.finish()
        }
        let later = now.advanced(by: .seconds(20 * 60))
        #expect(
            book.refusal(of: request(.charge), at: later)
                == .tooManyStarts(retryAfter: .seconds(40 * 60)))
        #expect(book.refusal(of: request(.idle), at: later) == nil)
        book.becomeInFlight(inFlight(.idle, at: 20 * 60))
        book.finish()
        let hour = now.advanced(by: .seconds(3_600))
        #expect(book.refusal(of: request(.charge), at: hour) == nil)
    }
}
