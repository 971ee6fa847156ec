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
            isInstalled: Self.hasRules)
    }

    /// Looks at the file itself: asking Foundation would load all of ICU, which costs megabytes.
    ///
    /// Zones begin with a capital letter; what does not (`posix/`, `right/`, `localtime`) are other
    /// forms of the same rules that Foundation does not know.
    private static func hasRules(_ name: String) -> Bool {
        guard name.first?.isUppercase == true,
            let file = FileHandle(forReadingAtPath: "/usr/share/zoneinfo/\(name)")
        else { return false }
        do {
            // RFC 9636, section 3.1: the magic of a file of time zone rules.
            return try file.read(upToCount: 4) == Data("TZif".utf8)
        } catch {
            // A directory, such as Europe.
            return false
        }
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
