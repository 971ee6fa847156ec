import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles

// Chargers on one fuse.
extension AgentComposition {
    static func fuseGroups(
        _ configuration: AgentConfiguration, _ catalog: ProfileCatalog
    ) throws -> [FuseGroupConfiguration] {
        try configuration.groups.map { group in
            FuseGroupConfiguration(
                name: group.name, limit: group.maxCurrent,
                members: try group.chargers.compactMap { id in
                    try configuration.chargers.first { $0.id == id }.map { charger in
                        try member(charger, poll: configuration.poll, catalog)
                    }
                })
        }
    }

    private static func member(
        _ charger: AgentConfiguration.Charger, poll: Duration, _ catalog: ProfileCatalog
    ) throws -> FuseGroupConfiguration.Member {
        let profile = try catalog.profile(named: charger.profile)
        return FuseGroupConfiguration.Member(
            charger: charger.id,
            phases: charger.supply(wallboxPhases: profile.electrical.phases),
            minimum: profile.control.minimum,
            maximum: min(charger.maxCurrent, profile.control.maximum),
            step: profile.control.step,
            reserve: ConfigurationParser.KnownProfile(profile).reserve(
                safeCurrent: charger.safeCurrent, maxCurrent: charger.maxCurrent),
            poll: DriverEngine.effectivePoll(profile: profile, configured: poll))
    }
}
