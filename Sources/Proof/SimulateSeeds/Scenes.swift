import AgentSimulation
import ArgumentParser
import ChargeModel
import DeviceProfiles
import Foundation

/// The scenes of all seeds, from the profiles of a folder.
struct Scenes {
    private let profiles: [DeviceProfile]
    private let isOne: Bool
    private let duration: Duration

    /// Wallboxes of which several may hang on one fuse: set in amperes, with a failsafe downwards.
    private static let sharing = ["alfen-eve", "keba-p30", "reference-22kw", "reference-7kw"]

    init(folder: String, profile: String?, duration: Duration) throws {
        self.duration = duration
        isOne = profile != nil
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(".yaml".count)) }.sorted()
        if let profile, !names.contains(profile) {
            throw ValidationError(
                "There is no \(folder)/\(profile).yaml. Profiles: \(names.joined(separator: ", "))."
            )
        }
        profiles = try (profile.map { [$0] } ?? names).map { try Self.compile($0, folder) }
        guard !profiles.isEmpty else {
            throw ValidationError("There is no profile in \(folder).")
        }
    }

    private static func compile(_ name: String, _ folder: String) throws -> DeviceProfile {
        func text(_ name: String) throws -> String {
            try String(contentsOfFile: "\(folder)/\(name).yaml", encoding: .utf8)
        }
        var parents: [String: String] = [:]
        for other in try FileManager.default.contentsOfDirectory(atPath: folder)
        where other.hasSuffix(".yaml") {
            let other = String(other.dropLast(".yaml".count))
            parents[other] = try text(other)
        }
        let compilation = DeviceProfile.compile(
            try text(name), id: name, parent: { [parents] in parents[$0] })
        guard let profile = compilation.profile else {
            let problems = compilation.diagnostics.map {
                $0.rendered(file: "\(folder)/\(name).yaml")
            }
            throw ValidationError(problems.joined(separator: "\n"))
        }
        return profile
    }

    func scene(of seed: UInt64) -> Scene {
        isOne
            ? Scene(seed: seed, profile: profiles[0], duration: duration)
            : Scene(seed: seed, profiles: profiles, sharing: Self.sharing, duration: duration)
    }
}
