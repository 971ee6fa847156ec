import FlightRecorder
import Yams

// How much of what happens is kept in memory.
extension ConfigurationParser {
    private static let minutes = 1...240
    /// In MiB.
    private static let sizes = 1...64

    /// nil for nothing.
    mutating func recorder(_ root: ConfigurationReader.Section) -> RecorderLimits? {
        var limits = RecorderLimits()
        guard let node = root["recorder"] else { return limits }
        guard node.scalar == nil else {
            _ = reader.value(root, "recorder") { (text) throws(ConfigurationProblem) in
                guard text == "off" else {
                    throw ConfigurationProblem(
                        "'\(text)' is not known here",
                        "Write off, or { minutes: 30, size: 8MiB }")
                }
            }
            return nil
        }
        guard let section = reader.subsection(root, "recorder", keys: ["minutes", "size"]) else {
            return limits
        }
        let minutes = reader.value(section, "minutes") { (text) throws(ConfigurationProblem) in
            try ConfigurationValues.number(text, in: Self.minutes, "a number of minutes")
        }
        if let minutes { limits.span = .seconds(minutes * 60) }
        limits.bytes = reader.value(section, "size", Self.size) ?? limits.bytes
        return limits
    }

    /// `8MiB`.
    private static func size(_ text: String) throws(ConfigurationProblem) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard 1...4 ~= digits.count, let number = Int(digits), text.dropFirst(digits.count) == "MiB"
        else {
            throw ConfigurationProblem(
                "'\(text)' is not a size", "Write whole mebibytes, such as 8MiB")
        }
        guard sizes.contains(number) else {
            throw ConfigurationProblem(
                "\(text) is out of range",
                "Write \(sizes.lowerBound)MiB to \(sizes.upperBound)MiB")
        }
        return number << 20
    }
}
