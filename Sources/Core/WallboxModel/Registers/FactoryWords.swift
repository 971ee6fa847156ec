import ChargeModel
import DeviceProfiles

/// What registers hold that the simulation gives no meaning: a value by which the wallbox is
/// recognised where the profile asks for one, and otherwise zero.
struct FactoryWords {
    /// By register.
    let words: [[UInt16]]

    init(_ profile: DeviceProfile, _ options: WallboxOptions) {
        words = profile.registers.enumerated().map { place, register in
            let rule = profile.identity.first { $0.register == RegisterID(place) }
            return rule.flatMap { Self.words(of: register, matching: $0.match) }
                ?? Array(repeating: 0, count: register.width)
        }
    }

    private static func words(
        of register: Register, matching match: IdentityRule.Match
    ) -> [UInt16]? {
        switch match {
        case .equals(let raws): raws.first.flatMap { register.encode(raw: $0) }
        case .range(let range): register.encode(canonical: range.lowerBound, rounding: .nearest)
        case .prefix(let texts): texts.first.flatMap { register.encode(text: $0) }
        }
    }
}
