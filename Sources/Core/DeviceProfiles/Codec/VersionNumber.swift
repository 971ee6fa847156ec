/// A firmware's version, as conditions compare it.
package struct VersionNumber: Hashable, Sendable {
    package var major: Int
    package var minor: Int
    package var patch: Int

    /// Minor and patch have three decimal digits each in the canonical number.
    private static let base = 1000

    package init(major: Int, minor: Int, patch: Int) {
        (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    package init(canonical: Int) {
        major = canonical / (Self.base * Self.base)
        minor = canonical / Self.base % Self.base
        patch = canonical % Self.base
    }

    /// major x 1,000,000 + minor x 1,000 + patch; nil when that does not tell them apart.
    package var canonical: Int? {
        guard 0..<Self.base * Self.base ~= major, 0..<Self.base ~= minor, 0..<Self.base ~= patch
        else { return nil }
        return (major * Self.base + minor) * Self.base + patch
    }

    /// As people write it.
    package var text: String { "\(major).\(minor).\(patch)" }

    // MARK: - Texts

    /// The first three numbers of a text, whatever stands between and behind them: "1.22~2" is
    /// 1.22.2, "R5" is 5.0.0; nil without any.
    init?(text: String) {
        let numbers = text.split { !("0"..."9" ~= $0) }.prefix(3).map { Int($0) ?? .max }
        guard let first = numbers.first else { return nil }
        major = first
        minor = numbers.count > 1 ? numbers[1] : 0
        patch = numbers.count > 2 ? numbers[2] : 0
    }

    /// `v1.22.2` or `v1.22`, as a profile writes it.
    init?(literal text: String) {
        guard text.hasPrefix("v") else { return nil }
        let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.allSatisfy(\.isASCIIDigit) ? Int($0) : nil }
        guard numbers.count == parts.count, 1...3 ~= numbers.count else { return nil }
        major = numbers[0]
        minor = numbers.count > 1 ? numbers[1] : 0
        patch = numbers.count > 2 ? numbers[2] : 0
    }

    // MARK: - Numbers

    /// The version that a raw number of some registers codes.
    init(raw: UInt64, _ encoding: VersionEncoding, width: Int) {
        switch encoding {
        case .bytes:
            // In one register there is no room for a patch.
            let wide = width == 1 ? raw << 16 : raw
            major = Int(wide >> 24 & 0xFF)
            minor = Int(wide >> 16 & 0xFF)
            patch = Int(wide >> 8 & 0xFF)
        case .decimal, .text:
            major = Int(raw / 10_000)
            minor = Int(raw / 100 % 100)
            patch = Int(raw % 100)
        }
    }

    /// The raw number of this version; nil when the encoding has no room for it.
    func raw(_ encoding: VersionEncoding, width: Int) -> UInt64? {
        switch encoding {
        case .bytes:
            guard [major, minor, patch].allSatisfy({ 0...0xFF ~= $0 }) else { return nil }
            let wide = UInt64(major) << 24 | UInt64(minor) << 16 | UInt64(patch) << 8
            guard width == 1 else { return wide }
            return patch == 0 ? wide >> 16 : nil
        case .decimal, .text:
            guard major >= 0, 0..<100 ~= minor, 0..<100 ~= patch else { return nil }
            return UInt64((major * 100 + minor) * 100 + patch)
        }
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { "0"..."9" ~= self }
}
