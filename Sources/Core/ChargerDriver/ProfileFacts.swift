import DeviceProfiles

/// A profile, and what the driver looks up in it with every poll, found once. Shared by all copies of
/// an engine: a profile is large, and never changes while one drives.
final class ProfileFacts: Codable, Sendable {
    let profile: DeviceProfile
    /// The registers of each quantity, in the order of the file.
    private let tellers: [Teller]
    /// Values of a register, by register.
    let counts: [Int]
    let outsideCharging: [OutsideCharging]
    /// What the state rules look at.
    let stateInputs: [RegisterID]
    /// What quantities are computed from.
    let derived: [DerivedValue]
    /// The most that is plausible, by register; nil where anything is.
    private let most: [Int?]
    /// Whether a stop is nothing but a setpoint of 0 that is read where it is written: as the minimum, and
    /// all else as it is. Others show what they like while nothing is plugged in.
    let isPausedBySetpoint: Bool
    let isSetInWatts: Bool
    /// Of the model.
    let phases: Int
    private let serial: [RegisterID]
    private let uptime: [RegisterID]

    private struct Teller: Sendable {
        var quantity: MeasuredQuantity
        var registers: [RegisterID]
        var readable: [RegisterID]
    }

    init(_ profile: DeviceProfile) {
        self.profile = profile
        tellers = MeasuredQuantity.allCases.compactMap { quantity in
            let registers = profile.registers(measuring: quantity)
            guard !registers.isEmpty else { return nil }
            return Teller(
                quantity: quantity, registers: registers,
                readable: registers.filter { profile[$0].isReadable })
        }
        counts = profile.registers.map(\.count)
        outsideCharging = profile.registers.map(\.outsideCharging)
        stateInputs = profile.stateRules.flatMap(\.conditions).map(\.register)
        derived = profile.derived
        most = profile.registers.indices.map { profile.mostPlausible(RegisterID($0)) }
        let control = profile.control
        isPausedBySetpoint =
            control.readBack == control.setpoint
            && control.idle == [.write(control.setpoint, .raw(0))]
            && profile.manners.readsZeroAsMinimum
        isSetInWatts = profile.control.isSetInWatts
        phases = profile.electrical.phases
        serial = profile.registers(measuring: .serial)
        uptime = profile.registers(measuring: .uptime)
    }

    /// Found again from the profile, which is all that is kept.
    convenience init(from decoder: any Decoder) throws {
        self.init(try DeviceProfile(from: decoder))
    }

    func encode(to encoder: any Encoder) throws {
        try profile.encode(to: encoder)
    }

    /// Every register with this meaning, readable or not.
    func registers(measuring quantity: MeasuredQuantity) -> [RegisterID] {
        for teller in tellers where teller.quantity == quantity { return teller.registers }
        return []
    }

    func decode(_ words: [UInt16], ofBlock index: Int, into values: inout RegisterValues) {
        let block = profile.readPlan[index]
        profile.decode(words, of: block, into: &values)
        for entry in block.entries {
            guard let most = most[entry.register.rawValue],
                let value = values[entry.register, entry.element]
            else { continue }
            values[entry.register, entry.element] = profile.plausible(
                value, in: entry.register, most: most)
        }
    }

    /// What tells one device, and one run of it, from another.
    func deviceMark(_ values: RegisterValues) -> DeviceMark {
        DeviceMark(
            serial: values.first(of: serial), uptime: values.first(of: uptime)?.canonical)
    }

    func readable(_ quantity: MeasuredQuantity) -> [RegisterID] {
        for teller in tellers where teller.quantity == quantity { return teller.readable }
        return []
    }
}

extension RegisterValues {
    /// Of several registers with one meaning the first that has a value counts.
    func first(of registers: [RegisterID]) -> DecodedValue? {
        for register in registers {
            if let value = self[register], value.isAvailable { return value }
        }
        return nil
    }
}
