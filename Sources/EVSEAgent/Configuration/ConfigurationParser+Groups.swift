import ChargeModel
import Yams

// Several chargers on one fuse.
extension ConfigurationParser {
    /// A main fuse of a large garage.
    private static let largestFuse = Milliamperes.amperes(1000)

    mutating func groups(
        _ root: ConfigurationReader.Section, of chargers: [AgentConfiguration.Charger]
    ) -> [AgentConfiguration.Group] {
        guard root["groups"] != nil, let items = reader.list(root, "groups") else { return [] }
        var groups: [AgentConfiguration.Group] = []
        var taken: [(id: ChargerID, group: String)] = []
        var names: [String] = []
        for item in items {
            guard
                let section = reader.section(
                    item, "a group", keys: ["name", "max-current", "chargers"])
            else { continue }
            let name = reader.required(section, "name", ConfigurationValues.label)
            if let name, names.contains(name) {
                reader.error(
                    section.place(of: "name"),
                    ConfigurationProblem(
                        "name: there is a group '\(name)' already",
                        "Give every group a name of its own"))
            }
            if let name { names.append(name) }
            let maxCurrent = fuse(section)
            let members = members(section, group: name ?? "another", taken: &taken)
            guard let name, let maxCurrent, !members.isEmpty else { continue }
            let group = AgentConfiguration.Group(
                name: name, maxCurrent: maxCurrent, chargers: members)
            checkFailsafe(of: group, chargers, at: section.place(of: "max-current"))
            groups.append(group)
        }
        return groups
    }

    private mutating func fuse(_ section: ConfigurationReader.Section) -> Milliamperes? {
        reader.required(section, "max-current") { (text) throws(ConfigurationProblem) in
            let current = try ConfigurationValues.current(text)
            guard Milliamperes.pilotMinimum...Self.largestFuse ~= current else {
                throw ConfigurationProblem(
                    "\(current) is out of range",
                    "Write what the fuse carries per phase, 6 to 1000 A")
            }
            return current
        }
    }

    private mutating func members(
        _ section: ConfigurationReader.Section, group: String,
        taken: inout [(id: ChargerID, group: String)]
    ) -> [ChargerID] {
        guard let items = reader.list(section, "chargers") else { return [] }
        if items.isEmpty {
            reader.error(
                section.place(of: "chargers"),
                ConfigurationProblem("the group has no chargers", "List their ids, or remove it"))
        }
        var members: [ChargerID] = []
        for item in items {
            let place = ConfigurationPlace(item.mark)
            guard let id = item.scalar.map({ ChargerID($0.string) }), declaredIDs.contains(id)
            else {
                let text = item.scalar?.string ?? "(not a word)"
                reader.error(
                    place,
                    ConfigurationProblem(
                        "there is no charger '\(text)'",
                        SpellingSuggestion.remedy(
                            for: text, among: declaredIDs.map(\.rawValue), "chargers")))
                continue
            }
            if let first = taken.first(where: { $0.id == id }) {
                reader.error(
                    place,
                    ConfigurationProblem(
                        "'\(id)' is in the group '\(first.group)' already",
                        "Keep it in the group of the fuse that it hangs on"))
                continue
            }
            taken.append((id, group))
            members.append(id)
        }
        return members
    }

    /// When every link is lost, each wallbox falls to its safe current by itself, and nobody shares.
    private mutating func checkFailsafe(
        of group: AgentConfiguration.Group, _ chargers: [AgentConfiguration.Charger],
        at place: ConfigurationPlace
    ) {
        let members = chargers.filter { group.chargers.contains($0.id) }
        for phase in PhaseSet.all.indices {
            var sum = Milliamperes.zero
            for member in members {
                guard let profile = profiles.first(where: { $0.id == member.profile }),
                    member.supply(wallboxPhases: profile.phases).indices.contains(phase)
                else { continue }
                sum =
                    sum
                    + profile.reserve(
                        safeCurrent: member.safeCurrent, maxCurrent: member.maxCurrent)
            }
            guard sum > group.maxCurrent else { continue }
            reader.error(
                place,
                ConfigurationProblem(
                    "when every link is lost, the chargers of '\(group.name)' may draw \(sum) on "
                        + "L\(phase + 1) by themselves, and the fuse carries \(group.maxCurrent)",
                    "Lower their safe-current, to 0 for some, or put fewer on this fuse"))
            return
        }
    }
}
