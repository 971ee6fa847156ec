import ChargeControl
import ChargeModel
import NIOConcurrencyHelpers

/// Where chargers of several buses meet that hang on one fuse. Each reports with its own tick and takes
/// its share along: nobody waits for another's bus, only for another's arithmetic.
final class FuseDesk: Sendable {
    private let groups: NIOLockedValueBox<[FuseGroup]>
    private let board: ViewBoard

    /// A charger's place on a fuse.
    struct Place: Sendable {
        var group: Int
        var member: Int
    }

    init(_ configurations: [FuseGroupConfiguration], board: ViewBoard, at now: MonotonicInstant) {
        let groups = configurations.map { FuseGroup(configuration: $0, at: now) }
        self.groups = NIOLockedValueBox(groups)
        self.board = board
        for (index, group) in groups.enumerated() { board.publish(group.view, at: index) }
    }

    func place(of charger: ChargerID) -> Place? {
        groups.withLockedValue { groups in
            for (group, engine) in groups.enumerated() {
                let members = engine.configuration.members
                if let member = members.firstIndex(where: { $0.charger == charger }) {
                    return Place(group: group, member: member)
                }
            }
            return nil
        }
    }

    /// - Returns: nil while the charger is to be held at what it is found at.
    func exchange(
        _ report: MemberReport, of place: Place, at now: MonotonicInstant
    ) -> GroupShare? {
        let (share, view) = groups.withLockedValue { groups in
            let share = groups[place.group].exchange(report, of: place.member, at: now)
            return (share, groups[place.group].view)
        }
        board.publish(view, at: place.group)
        return share
    }
}
