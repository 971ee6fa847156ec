import ChargeModel
import DeviceProfiles
import Foundation
import Yams

/// The device profiles of one directory, compiled, and what is wrong with those that do not compile.
struct ProfileCatalog {
    /// In the order of their names.
    var profiles: [DeviceProfile]
    /// Rendered diagnostics of the files that did not compile, or compiled with warnings.
    var complaints: [String]
    /// The names of files that did not compile.
    var broken: [String]
    var directory: String

    subscript(id: String) -> DeviceProfile? { profiles.first { $0.id == id } }

    /// The profile of a name, or a failure that says what there is.
    func profile(named id: String) throws -> DeviceProfile {
        if let profile = self[id] { return profile }
        if broken.contains(id) {
            throw CommandFailure(
                "the profile \(id) has errors:\n" + complaints.joined(separator: "\n"))
        }
        let names = profiles.map(\.id).joined(separator: ", ")
        throw CommandFailure("there is no profile '\(id)' in \(directory). There are: \(names)")
    }

    /// The directory of profiles: the one named, or the first that there is.
    static func locate(named directory: String?) throws -> String {
        if let directory { return directory }
        if let variable = ProcessInfo.processInfo.environment["EVSE_AGENT_DEVICES"] {
            return variable
        }
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        var above = program.deletingLastPathComponent()
        var candidates = [above.appendingPathComponent("../share/evse-agent/devices")]
        // A build directory lies a few levels below the checkout.
        for _ in 0..<6 {
            candidates.append(above.appendingPathComponent("devices"))
            above.deleteLastPathComponent()
        }
        for candidate in candidates {
            let path = candidate.standardizedFileURL.path
            if FileManager.default.fileExists(atPath: path + "/reference-7kw.yaml") { return path }
        }
        throw CommandFailure(
            "no device profiles found. Name their directory with --devices DIR or EVSE_AGENT_DEVICES"
        )
    }

    static func load(directory: String) throws -> ProfileCatalog {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw CommandFailure(
                "cannot read the profile directory \(directory): no such directory, or no permission"
            )
        }
        var catalog = ProfileCatalog(profiles: [], complaints: [], broken: [], directory: directory)
        for name in names.sorted() where name.hasSuffix(".yaml") {
            catalog.add(file: directory + "/" + name, id: String(name.dropLast(".yaml".count)))
        }
        return catalog
    }

    /// The texts of the profiles of a directory, which others extend.
    static func texts(in directory: String) -> (String) -> String? {
        { id in
            FileManager.default.contents(atPath: "\(directory)/\(id).yaml")
                .flatMap { String(data: $0, encoding: .utf8) }
        }
    }

    private mutating func add(file: String, id: String) {
        do {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let result = DeviceProfile.compile(text, id: id, parent: Self.texts(in: directory))
            complaints += result.diagnostics.filter { $0.severity != .note }
                .map { $0.rendered(file: file) }
            if let profile = result.profile {
                profiles.append(profile)
            } else {
                broken.append(id)
            }
        } catch {
            complaints.append("\(file): error: cannot be read as UTF-8 text")
            broken.append(id)
        }
    }

    /// What a profile is compiled from.
    func text(of id: String, connector: Int) -> ProfileText {
        let read = Self.texts(in: directory)
        var files: [ProfileText.File] = []
        var next: String? = id
        // A profile that extends itself over others does not compile.
        while let id = next, !files.contains(where: { $0.id == id }), let text = read(id) {
            files.append(ProfileText.File(id: id, text: text))
            next = Self.parent(in: text)
        }
        return ProfileText(connector: connector, files: files)
    }

    private static func parent(in text: String) -> String? {
        do {
            return try Yams.compose(yaml: text, .basic)?.mapping?["extends"]?.scalar?.string
        } catch {
            // It has compiled.
            return nil
        }
    }

    /// What the configuration parser needs to know.
    var known: [ConfigurationParser.KnownProfile] {
        profiles.map { ConfigurationParser.KnownProfile($0) }
    }
}

extension ConfigurationParser.KnownProfile {
    init(_ profile: DeviceProfile) {
        var least = Milliamperes.zero
        if let failsafe = profile.failsafe, failsafe.direction == .down, failsafe.current != nil,
            !failsafe.acceptsZero
        {
            least = profile.control.minimum
        }
        self.init(
            id: profile.id, port: Int(profile.link.port), unit: Int(profile.link.unit),
            serial: profile.link.serial, phases: profile.electrical.phases,
            switchesPhases: profile.control.phaseSwitch != nil,
            rises: profile.failsafe?.direction == .up,
            leastFailsafe: least, connectors: Self.connectors(of: profile))
    }

    private static func connectors(of profile: DeviceProfile) -> [Connector] {
        guard profile.connectorCount > 1 else { return [] }
        return (1...profile.connectorCount).map { connector in
            let link = profile.selecting(connector: connector).link
            return Connector(port: Int(link.port), unit: Int(link.unit))
        }
    }
}
