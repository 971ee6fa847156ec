import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Testing

/// Vectors are worth something only if a wrong profile fails them. Every register, scale and state
/// rule is altered, one at a time: in the text of the profile, and in what it compiles to.
@Suite("R1 the vectors are a witness")
struct VectorWitnessTests {
    @Test("Altered text fails", arguments: try ProfileFile.all())
    func r01_alteredTextFails(_ file: ProfileFile) throws {
        let vectors = try file.vectors()
        let mutations = TextMutation.all(of: file.text)
        let profile = try file.profile()
        let counts = Dictionary(grouping: mutations, by: \.kind).mapValues(\.count)
        #expect(counts[.address] == profile.registers.count)
        #expect(counts[.state] == profile.stateRules.count)
        #expect((counts[.scale] ?? 0) > 0)
        for mutation in mutations {
            let compilation = ProfileFolder.compile(mutation.text, id: file.id)
            // What does not even compile fails the suite as well.
            guard let profile = compilation.profile else { continue }
            #expect(
                VectorCheck(profile, vectors).failures != [],
                "nothing notices: \(mutation.description)")
        }
    }

    @Test("Altered profiles fail", arguments: try ProfileFile.all())
    func r01_alteredProfilesFail(_ file: ProfileFile) throws {
        let (profile, vectors) = try (file.profile(), file.vectors())
        let mutations = ProfileMutation.all(of: profile)
        #expect(mutations.count > profile.registers.count * 2)
        for mutation in mutations {
            #expect(
                VectorCheck(mutation.profile, vectors).failures != [],
                "nothing notices: \(mutation.description)")
        }
    }

    @Test(arguments: try ProfileFile.all())
    func lessVectorsLeaveGaps(_ file: ProfileFile) throws {
        let (profile, vectors) = try (file.profile(), file.vectors())
        for name in profile.registers.filter(\.isReadable).map(\.name) {
            var less = vectors
            less.registers.removeAll { $0.name == name }
            #expect(VectorCoverage(profile, less).gaps != [], "\(name)")
        }
        for command in vectors.commands.map(\.name) {
            var less = vectors
            less.commands.removeAll { $0.name == command }
            #expect(VectorCoverage(profile, less).gaps != [], "\(command)")
        }
        for state in vectors.state.compactMap({ $0["is"] }) {
            var less = vectors
            less.state.removeAll { $0["is"] == state }
            #expect(VectorCoverage(profile, less).gaps != [], "\(state)")
        }
    }
}
