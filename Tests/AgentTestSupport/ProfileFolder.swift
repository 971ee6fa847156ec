import DeviceProfiles
import Foundation

/// The files of `devices/`.
package enum ProfileFolder {
    package static let url = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "devices")

    /// The names of all profiles, sorted.
    package static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: url.path)
            .filter { $0.hasSuffix(".yaml") }
            .map { String($0.dropLast(".yaml".count)) }
            .sorted()
    }

    /// The text of a profile; nil when there is no such file.
    @Sendable
    package static func text(_ id: String) -> String? {
        FileManager.default.contents(atPath: url.appending(path: "\(id).yaml").path)
            .flatMap { String(data: $0, encoding: .utf8) }
    }

    /// Compiles a text of that name, which may extend the files.
    package static func compile(_ text: String, id: String) -> ProfileCompilation {
        DeviceProfile.compile(text, id: id, parent: Self.text)
    }

    /// The profile of a name, which must compile.
    package static func profile(_ id: String) throws -> DeviceProfile {
        guard let text = text(id) else {
            throw Failure(problems: ["there is no devices/\(id).yaml"])
        }
        let compilation = compile(text, id: id)
        guard let profile = compilation.profile else {
            throw Failure(
                problems: compilation.diagnostics.map { $0.rendered(file: "devices/\(id).yaml") })
        }
        return profile
    }

    /// A profile that does not compile, or is not there.
    package struct Failure: Error, CustomStringConvertible {
        let problems: [String]
        package var description: String { problems.joined(separator: "\n") }
    }
}
