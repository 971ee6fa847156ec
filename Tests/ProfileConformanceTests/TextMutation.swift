import Foundation

/// A profile's text with one fact altered.
struct TextMutation: CustomStringConvertible {
    enum Kind { case address, scale, state }

    var kind: Kind
    var line: Int
    var text: String

    var description: String { "\(kind) in line \(line)" }

    /// Every address one more, every scale ten times, every state another.
    static func all(of text: String) -> [TextMutation] {
        let lines = text.components(separatedBy: "\n")
        return lines.enumerated().flatMap { index, line -> [TextMutation] in
            let altered: [(Kind, String?)] = [
                (.address, address(line)), (.scale, scale(line)), (.state, state(line)),
            ]
            return altered.compactMap { kind, line in
                guard let line else { return nil }
                var copy = lines
                copy[index] = line
                return TextMutation(
                    kind: kind, line: index + 1, text: copy.joined(separator: "\n"))
            }
        }
    }

    /// Of registers: not of what is forbidden, nor in a remark.
    private static func address(_ line: String) -> String? {
        guard let first = line.first(where: { $0 != " " }), first != "-", first != "#",
            let match = line.firstMatch(of: /\bat: (0x)?([0-9A-Fa-f]+)/),
            let address = Int(match.2, radix: match.1 == nil ? 10 : 16)
        else { return nil }
        return line.replacingCharacters(in: match.range, with: "at: \(address + 1)")
    }

    private static func scale(_ line: String) -> String? {
        guard let unit = line.firstMatch(of: #/ unit: /#), line.contains(" at: ") else {
            return nil
        }
        if let match = line.firstMatch(of: /scale: ([0-9.]+)/),
            let scale = Decimal(string: "\(match.1)")
        {
            return line.replacingCharacters(in: match.range, with: "scale: \(scale * 10)")
        }
        return line.replacingCharacters(in: unit.range, with: " scale: 10, unit: ")
    }

    private static func state(_ line: String) -> String? {
        guard let match = line.firstMatch(of: /is: ([A-F][12]?) \}/) else { return nil }
        return line.replacingCharacters(
            in: match.range, with: "is: \(match.1 == "A" ? "F" : "A") }")
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        String(self[..<range.lowerBound]) + text + String(self[range.upperBound...])
    }
}
