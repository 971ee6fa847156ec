import Foundation

/// The time zones that this computer knows by name.
struct TimeZoneNames: Sendable {
    /// The zone that the computer itself runs in.
    var current: @Sendable () -> String
    /// Names to suggest. Asked for only when a name is wrong: the list costs megabytes.
    var known: @Sendable () -> [String]
    /// Whether the zone has its rules installed.
    var isInstalled: @Sendable (String) -> Bool

    /// Zones with their rules in `/usr/share/zoneinfo` (Debian: tzdata).
    static var system: TimeZoneNames {
        TimeZoneNames(
            current: { TimeZone.current.identifier },
            known: { TimeZone.knownTimeZoneIdentifiers },
            isInstalled: { name in
                FileManager.default.fileExists(atPath: "/usr/share/zoneinfo/\(name)")
                    && TimeZone(identifier: name) != nil
            })
    }

    func checked(_ name: String) throws(ConfigurationProblem) -> String {
        // The name becomes part of a path only when it cannot leave the directory.
        let isName = name.allSatisfy {
            $0.isASCII && ($0.isLetter || $0.isNumber || "_+-/".contains($0))
        }
        guard isName, !name.hasPrefix("/"), isInstalled(name) else {
            let nearest = SpellingSuggestion.nearest(to: name, among: known())
            throw ConfigurationProblem(
                "there is no time zone '\(name)'",
                nearest.map { "Did you mean '\($0)'?" }
                    ?? "Write an IANA name such as Europe/Berlin; the package tzdata has them")
        }
        return name
    }
}
