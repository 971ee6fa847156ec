import ChargeModel
import Testing

@testable import EVSEAgent

@Suite("Groups in the configuration")
struct GroupConfigurationTests {
    private func parse(
        _ groups: String, safe: [String] = ["6", "6", "6"], more: [String] = ["", "", ""]
    ) -> ConfigurationParser.Result {
        let chargers = ["a", "b", "c"].enumerated().map { index, id in
            """
              - id: \(id)
                profile: \(index == 0 ? "one-phase" : index == 1 ? "three-phases" : "rising")
                connect: tcp://192.168.1.\(index + 1)
                max-current: 16
                safe-current: \(safe[index])
            \(more[index])
            """
        }
        return ConfigurationParser.parse(
            "chargers:\n\(chargers.joined(separator: "\n"))\n\(groups)\n",
            profiles: [
                ConfigurationParser.KnownProfile(id: "one-phase", phases: 1),
                ConfigurationParser.KnownProfile(
                    id: "three-phases", leastFailsafe: .amperes(6)),
                ConfigurationParser.KnownProfile(id: "rising", rises: true),
            ])
    }

    private func errors(_ result: ConfigurationParser.Result) -> [String] {
        result.diagnostics.map { $0.rendered(file: "site.yaml") }
    }

    @Test func aGroupIsRead() throws {
        let result = parse(
            "groups: [ { name: garage, max-current: 32, chargers: [a, b] } ]",
            more: ["    phase: L2", "", ""])
        #expect(result.diagnostics == [])
        let configuration = try #require(result.configuration)
        #expect(
            configuration.groups == [
                AgentConfiguration.Group(
                    name: "garage", maxCurrent: .amperes(32),
                    chargers: [ChargerID("a"), ChargerID("b")])
            ])
        #expect(configuration.chargers[0].supply(wallboxPhases: 1) == .l2)
        #expect(configuration.chargers[1].supply(wallboxPhases: 3) == .all)
        // A phase that nobody knows may be any.
        #expect(configuration.chargers[1].supply(wallboxPhases: 1) == .all)
    }

    @Test func everyMistakeHasItsPlaceAndItsRemedy() {
        let result = parse(
            """
            groups:
              - name: garage
                max-current: 5
                chargers: [a, d]
              - name: garage
                max-current: 32
                chargers: [a, b]
              - name: yard
                max-current: 32
                chargers: []
              - name: cellar
                current: 32
                chargers: [a]
            """)
        #expect(
            errors(result) == [
                "site.yaml:22:18: error: max-current: 5 A is out of range. Write what the fuse carries per phase, 6 to 1000 A",
                "site.yaml:23:19: error: there is no charger 'd'. Did you mean 'a'?",
                "site.yaml:24:11: error: name: there is a group 'garage' already. Give every group a name of its own",
                "site.yaml:26:16: error: 'a' is in the group 'garage' already. Keep it in the group of the fuse that it hangs on",
                "site.yaml:29:15: error: the group has no chargers. List their ids, or remove it",
                "site.yaml:30:5: error: 'max-current' is missing. Add 'max-current: ...'",
                "site.yaml:31:5: error: a group has no key 'current'. The keys are: name, max-current, chargers",
                "site.yaml:32:16: error: 'a' is in the group 'garage' already. Keep it in the group of the fuse that it hangs on",
            ])
    }

    @Test func whatTheyFallToTogetherMustFitTheFuse() {
        let group = "groups: [ { name: garage, max-current: 10, chargers: [a, b] } ]"
        #expect(
            errors(parse(group)) == [
                "site.yaml:20:40: error: when every link is lost, the chargers of 'garage' may draw 12 A on L1 by themselves, and the fuse carries 10 A. Lower their safe-current, to 0 for some, or put fewer on this fuse"
            ])
        #expect(errors(parse(group, safe: ["0", "6", "6"])) == [])
        // Two wallboxes that hang on different phases do not meet.
        #expect(
            errors(
                parse(
                    group, safe: ["6", "6", "6"],
                    more: ["    phase: L1", "    phases: 1\n    phase: L2", ""])) == [])
        // The second falls to 6 A at least, and the third rises to its maximum.
        #expect(errors(parse(group, safe: ["6", "0", "0"])).count == 1)
        let rising = "groups: [ { name: garage, max-current: 15, chargers: [c] } ]"
        #expect(errors(parse(rising, safe: ["0", "0", "0"])).count == 1)
    }

    @Test func aPhaseIsForOneOnly() {
        #expect(
            errors(parse("", more: ["    phase: L4", "    phase: L1", ""])) == [
                "site.yaml:7:12: error: phase: 'L4' is not a phase. Write L1, L2 or L3",
                "site.yaml:13:12: error: phase: a charger of 3 phases hangs on more than one. Leave it out, or write 'phases: 1' where only one is connected",
            ])
    }
}
