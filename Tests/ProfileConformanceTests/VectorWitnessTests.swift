import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Foundation
import Testing

/// Vectors are worth something only if a wrong profile fails them. Facts are altered, one at a time:
/// in the text of the profile, and in what it compiles to. There are thousands: of every profile a
/// sample is tried, another one with another `MUTATION_SEED`, all with `MUTATION_SAMPLE=100000`.
@Suite("R1 the vectors are a witness")
struct VectorWitnessTests {
    @Test("Altered text fails", arguments: try ProfileFile.all())
    func r01_alteredTextFails(_ file: ProfileFile) throws {
        let vectors = try file.vectors()
        let mutations = TextMutation.all(of: file.text)
        let profile = try file.profile()
        // What a profile inherits stands in another file.
        if !file.isExtension {
            let counts = Dictionary(grouping: mutations, by: \.kind).mapValues(\.count)
            #expect(counts[.address] == profile.registers.count)
            #expect(counts[.state] == profile.stateRules.count)
        }
        for mutation in MutationSample(of: file.id).drawn(from: mutations, share: 10) {
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
        for mutation in MutationSample(of: file.id).drawn(from: mutations, share: 1) {
            #expect(
                VectorCheck(mutation.profile, vectors).failures != [],
                "nothing notices: \(mutation.description)")
        }
    }

    @Test(arguments: try ProfileFile.all())
    func lessVectorsLeaveGaps(_ file: ProfileFile) throws {
        let (profile, vectors) = try (file.profile(), file.vectors())
        let sample = MutationSample(of: file.id)
        for name in sample.drawn(
            from: profile.registers.filter(\.isReadable).map(\.name), share: 10)
        {
            var less = vectors
            less.registers.removeAll { $0.name == name }
            #expect(VectorCoverage(profile, less).gaps != [], "\(name)")
        }
        for command in sample.drawn(from: vectors.commands.map(\.name), share: 10) {
            var less = vectors
            less.commands.removeAll { $0.name == command }
            #expect(VectorCoverage(profile, less).gaps != [], "\(command)")
        }
        for state in sample.drawn(from: vectors.state.compactMap({ $0["is"] }), share: 10) {
            var less = vectors
            less.state.removeAll { $0["is"] == state }
            // Not every map has words that it does not know: a row of them may be one too many.
            if state != "none" {
                #expect(VectorCoverage(profile, less).gaps != [], "\(state)")
            }
        }
    }
}

/// Some of many, the same for the same seed.
struct MutationSample {
    private let size: Int
    private var seed: UInt64

    /// Printed once, so that a failure can be had again.
    private static let base: UInt64 = {
        let environment = ProcessInfo.processInfo.environment
        let base = environment["MUTATION_SEED"].flatMap { UInt64($0) } ?? 1
        print("mutation seed \(base)")
        return base
    }()

    /// - Parameter name: Every profile has a sample of its own.
    init(of name: String) {
        let environment = ProcessInfo.processInfo.environment
        size = environment["MUTATION_SAMPLE"].flatMap { Int($0) } ?? 120
        seed = name.utf8.reduce(Self.base) { $0 &* 31 &+ UInt64($1) }
    }

    /// - Parameter share: How many times less than usual.
    func drawn<Element>(from all: [Element], share: Int) -> [Element] {
        let wanted = max(1, size / share)
        guard all.count > wanted else { return all }
        var random = SeededRandom(seed: seed)
        return Array(all.shuffled(using: &random).prefix(wanted))
    }
}
