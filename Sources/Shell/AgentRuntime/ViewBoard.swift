import ChargeModel
import NIOConcurrencyHelpers

/// The newest view of every charger, for readers who wait for nobody.
final class ViewBoard: Sendable {
    private let view: NIOLockedValueBox<AgentView>

    init(_ view: AgentView) {
        self.view = NIOLockedValueBox(view)
    }

    var current: AgentView { view.withLockedValue { $0 } }

    func publish(_ charger: ChargerView, at index: Int) {
        view.withLockedValue { $0.chargers[index] = charger }
    }

    func publish(_ group: GroupView, at index: Int) {
        view.withLockedValue { view in
            if index < view.groups.count {
                view.groups[index] = group
            } else {
                view.groups.append(group)
            }
        }
    }
}
