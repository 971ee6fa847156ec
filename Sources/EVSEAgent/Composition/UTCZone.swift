import ChargeControl

/// UTC, and no other zone.
struct UTCZone: ZoneDirectory {
    static let rules = ZoneTable(name: "UTC", offset: 0, changes: [])

    func zone(named name: String) -> (any ZoneRules)? {
        name == Self.rules.name ? Self.rules : nil
    }
}
