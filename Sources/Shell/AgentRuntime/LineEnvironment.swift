import ChargeControl
import ChargeModel
import Logging
import Synchronization

/// What every line shares.
struct LineEnvironment: Sendable {
    var clock: any AgentClock
    var repository: any ActionRepository
    var events: EventFeed
    var board: ViewBoard
    var recorder: LoopRecorder
    var storeHealth: StoreHealth
    var makeActionID: @Sendable () -> Action.ID
    var log: Logger
    /// How long a request may wait to be taken; then it is answered "busy".
    var takingBound: Duration = .seconds(5)
}

/// Whether the last commit succeeded.
final class StoreHealth: Sendable {
    private let error = Mutex<StoreError?>(nil)

    func succeeded() {
        error.withLock { $0 = nil }
    }

    func failed(_ failure: StoreError) {
        error.withLock { $0 = failure }
    }

    /// What is wrong, without internals; nil when nothing is.
    var problem: String? {
        switch error.withLock({ $0 }) {
        case nil: nil
        case .full: "the disk is full"
        case .unavailable: "the store cannot be written"
        case .corrupt: "the store is damaged"
        }
    }
}
