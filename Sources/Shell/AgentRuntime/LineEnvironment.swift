import ChargeControl
import ChargeModel
import Logging
import NIOConcurrencyHelpers

/// What every line shares.
struct LineEnvironment: Sendable {
    var clock: any AgentClock
    var repository: any ActionRepository
    var events: EventFeed
    var board: ViewBoard
    var recorder: LoopRecorder
    var storeHealth: StoreHealth
    var fuses: FuseDesk
    var faults: FaultBell
    /// Whether nothing is written to any wallbox.
    var isReadOnly: Bool
    var makeActionID: @Sendable () -> Action.ID
    var makeScheduleID: @Sendable () -> String
    /// Draws the delay of one start, of up to this much.
    var drawDelay: @Sendable (Duration) -> Duration
    var log: Logger
    /// How long a request may wait to be taken; then it is answered "busy".
    var takingBound: Duration = .seconds(5)
}

/// Whether the last commit succeeded.
final class StoreHealth: Sendable {
    private let error = NIOLockedValueBox<StoreError?>(nil)

    /// - Returns: Whether it failed before.
    func succeeded() -> Bool {
        error.withLockedValue { error in
            defer { error = nil }
            return error != nil
        }
    }

    /// - Returns: Whether the last commit succeeded, or failed otherwise: what is worth a line.
    func failed(_ failure: StoreError) -> Bool {
        error.withLockedValue { error in
            defer { error = failure }
            return error != failure
        }
    }

    /// What is wrong, without internals; nil when nothing is.
    var problem: String? {
        switch error.withLockedValue({ $0 }) {
        case nil: nil
        case .full: "the disk is full"
        case .unavailable: "the store cannot be written"
        case .corrupt: "the store is damaged"
        }
    }
}
