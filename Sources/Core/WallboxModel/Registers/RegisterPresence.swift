import DeviceProfiles

/// Which registers of the map this wallbox has: those of its firmware, and those that its model has
/// of what not every unit has.
struct RegisterPresence: Hashable, Sendable {
    private let isThere: [Bool]

    init(_ profile: DeviceProfile, _ factory: FactoryWords, missing: [RegisterID]) {
        isThere = profile.registers.enumerated().map { place, register in
            guard !missing.contains(RegisterID(place)) else { return false }
            return register.gate.allSatisfy { condition in
                let words = factory.words[condition.register.rawValue]
                return condition.test.holds(profile[condition.register].decode(words[...]))
            }
        }
    }

    subscript(register: RegisterID) -> Bool { isThere[register.rawValue] }
}
