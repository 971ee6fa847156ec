/// Several chargers on one fuse, as readers see them.
package struct GroupView: Hashable, Sendable {
    package var name: String
    /// What the fuse carries per phase.
    package var limit: Milliamperes
    /// In the order of the configuration.
    package var members: [Member]

    /// Who has how much of the fuse, and why.
    package struct Member: Hashable, Sendable {
        package var charger: ChargerID
        package var phases: PhaseSet
        /// What it is allowed; nil while it is held at what it was found at.
        package var share: Milliamperes?
        /// What it counts with: the most that it may draw now or by itself.
        package var counted: Milliamperes
        package var reason: String

        package init(
            charger: ChargerID, phases: PhaseSet, share: Milliamperes?, counted: Milliamperes,
            reason: String
        ) {
            self.charger = charger
            self.phases = phases
            self.share = share
            self.counted = counted
            self.reason = reason
        }
    }

    package init(name: String, limit: Milliamperes, members: [Member]) {
        self.name = name
        self.limit = limit
        self.members = members
    }

    package func contains(_ charger: ChargerID) -> Bool {
        members.contains { $0.charger == charger }
    }
}
