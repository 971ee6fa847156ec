import ChargeModel
import Synchronization

/// The newest view of every charger, for readers who wait for nobody.
final class ViewBoard: Sendable {
    private let view: Mutex<AgentView>

    init(_ view: AgentView) {
        self.view = Mutex(view)
    }

    var current: AgentView { view.withLock { $0 } }

    func publish(_ charger: ChargerView, at index: Int) {
        view.withLock { $0.chargers[index] = charger }
    }
}
