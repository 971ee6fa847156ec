import ChargeModel
import DeviceProfiles

/// What registers hold that the simulation gives no meaning: what a test or a person wants there, a
/// value by which the wallbox is recognised and by which as much of its map is there as can be, and
/// otherwise zero.
struct FactoryWords {
    /// By register.
    let words: [[UInt16]]
    /// Whether the words are more than zero for want of a better value, by register.
    let isChosen: [Bool]

    init(_ profile: DeviceProfile, _ options: WallboxOptions) {
        let chosen = profile.registers.indices.map { place in
            Self.choice(RegisterID(place), profile, options)
        }
        words = zip(chosen, profile.registers).map { words, register in
            words ?? Array(repeating: 0, count: register.width)
        }
        isChosen = chosen.map { $0 != nil }
    }

    private static func choice(
        _ id: RegisterID, _ profile: DeviceProfile, _ options: WallboxOptions
    ) -> [UInt16]? {
        let register = profile[id]
        if let preset = options.presets.first(where: { $0.register == id }) {
            return register.encode(preset.value)
        }
        if register.quantity == .firmware, let firmware = options.firmware {
            return register.encode(label: firmware)
        }
        if let unarmed = unarmed(id, profile) { return unarmed }
        if let phases = allPhases(id, profile) { return phases }
        let identity = profile.identity.first { $0.register == id }?.match
        let gates = profile.registers.flatMap(\.gate).filter { $0.register == id }.map(\.test)
        var candidates: [[UInt16]] = []
        if let identity { candidates += words(of: register, matching: identity, options) }
        candidates += gates.flatMap(register.candidates)
        var best: (words: [UInt16], score: Int)?
        for words in candidates {
            let value = register.decode(words[...])
            let fits = identity.map { $0.holds(value) } ?? true
            let score = (fits ? gates.count + 1 : 0) + gates.filter { $0.holds(value) }.count
            if score > best?.score ?? 0 { best = (words, score) }
        }
        return best?.words
    }

    /// Words of a register that switches the failsafe on or shows that it is: those of a wallbox as
    /// it comes from the factory, where it is off.
    private static func unarmed(_ id: RegisterID, _ profile: DeviceProfile) -> [UInt16]? {
        guard let failsafe = profile.failsafe else { return nil }
        let shown = failsafe.armedWhen.filter { $0.register == id }.map(\.test)
        if !shown.isEmpty { return profile[id].words(shown, fulfilled: false) }
        guard let hold = failsafe.arm.finalHolds.last(where: { $0.register == id }) else {
            return nil
        }
        // The lowest bit of those that count.
        return profile[id].encode(raw: hold.holds(0) ? hold.mask & (~hold.mask &+ 1) : 0)
    }

    /// Words of a register that chooses the phases: as it comes from the factory it charges on all.
    private static func allPhases(_ id: RegisterID, _ profile: DeviceProfile) -> [UInt16]? {
        let selection = profile.control.phaseSwitch.flatMap { PhaseSelection($0) }
        let hold = selection?.three.last { $0.register == id }
        return hold.flatMap { profile[id].encode(raw: $0.value & $0.mask) }
    }

    /// Words by which the wallbox is recognised, best first.
    private static func words(
        of register: Register, matching match: IdentityRule.Match, _ options: WallboxOptions
    ) -> [[UInt16]] {
        switch match {
        case .equals(let raws): return raws.compactMap { register.encode(raw: $0) }
        case .range(let range):
            return [range.lowerBound, range.upperBound].compactMap {
                register.encode(canonical: $0, rounding: .nearest)
            }
        case .prefix(let texts):
            let whole = texts.compactMap {
                register.quantity == .serial ? register.encode(label: $0 + options.serial) : nil
            }
            return whole + texts.compactMap { register.encode(text: $0) }
        }
    }
}

extension IdentityRule.Match {
    /// Whether a value is one of those that the rule accepts.
    func holds(_ value: DecodedValue) -> Bool {
        switch (self, value) {
        case (.equals(let raws), .number(_, let raw)): raws.contains(raw)
        case (.range(let range), .number(let canonical, _)): range.contains(canonical)
        case (.prefix(let texts), .text(let text)):
            texts.contains { text.lowercased().hasPrefix($0.lowercased()) }
        default: false
        }
    }
}
