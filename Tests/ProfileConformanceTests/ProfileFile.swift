import AgentTestSupport
import DeviceProfiles
import Foundation
import Testing
import Yams

/// A profile on disk, and the vectors that belong to it.
struct ProfileFile: Hashable, Sendable, CustomTestStringConvertible, CustomStringConvertible {
    /// The file's name without `.yaml`.
    let id: String
    let text: String

    var description: String { id }
    var testDescription: String { id }

    /// Whether it takes most of its map from another file.
    var isExtension: Bool { text.contains("\nextends:") }

    /// Every file in `devices/`, by name.
    static func all() throws -> [ProfileFile] {
        try yamlFiles(in: devices).map { name in
            let url = devices.appending(path: "\(name).yaml")
            return ProfileFile(id: name, text: try String(contentsOf: url, encoding: .utf8))
        }
    }

    static func vectorFileNames() throws -> [String] { try yamlFiles(in: vectors) }

    /// The profile, which must compile.
    func profile() throws -> DeviceProfile {
        let compilation = ProfileFolder.compile(text, id: id)
        let problems = compilation.diagnostics.map { $0.rendered(file: "\(id).yaml") }
        return try #require(compilation.profile, "\(problems.joined(separator: "\n"))")
    }

    /// The vectors; throws when the profile has no file of them.
    func vectors() throws -> ProfileVectors {
        let url = Self.vectors.appending(path: "\(id).yaml")
        let vectors = try YAMLDecoder().decode(
            ProfileVectors.self, from: try String(contentsOf: url, encoding: .utf8))
        try #require(vectors.profile == id)
        return vectors
    }

    static let devices = root.appending(path: "devices")
    private static let vectors = folder.appending(path: "Vectors")
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    static let root = folder.deletingLastPathComponent().deletingLastPathComponent()

    private static func yamlFiles(in folder: URL) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".yaml") }
            .map { String($0.dropLast(".yaml".count)) }
            .sorted()
    }
}
