import AgentTestSupport
import ChargeControl

/// The zones that the agent of the tests knows.
struct SceneZones: ZoneDirectory {
    func zone(named name: String) -> (any ZoneRules)? {
        [TestZones.berlin, TestZones.utc].first { $0.name == name }
    }
}
