import ChargeControl

/// The simulated wall clock is read in UTC, and no other zone is known.
struct SimulatedZones: ZoneDirectory {
    private static let utc = ZoneTable(name: "UTC", offset: 0, changes: [])

    func zone(named name: String) -> (any ZoneRules)? {
        name == Self.utc.name ? Self.utc : nil
    }
}
