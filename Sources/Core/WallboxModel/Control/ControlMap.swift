import ChargeModel
import DeviceProfiles

/// What writing each register of a profile does to the wallbox, read off the profile's commands.
struct ControlMap: Hashable, Sendable {
    enum Role: Hashable, Sendable {
        /// It takes the limit: an index into ``limits``.
        case limit(Int)
        /// An on/off register: an index into ``switches``.
        case enable(Int)
        case failsafeCurrent
        case failsafeTimeout
        /// It keeps what is written, and that is all.
        case memory
    }

    /// A register that takes the limit. Where there are several the least counts.
    struct Limit: Hashable, Sendable {
        var register: RegisterID
        /// Raw values that mean a pause.
        var offValues: [UInt64]
        /// Whether 0 is a pause; otherwise the register refuses it.
        var acceptsZero: Bool
    }

    /// A register that `charge` writes to one value and `idle` to another.
    struct Switch: Hashable, Sendable {
        var register: RegisterID
        /// The bits that count.
        var mask: UInt64
        var on: [UInt64]
        var off: [UInt64]
    }

    let limits: [Limit]
    let switches: [Switch]
    /// nil where phases cannot be switched by registers.
    let phases: PhaseSelection?
    /// What has to stand in other registers for the failsafe to be switched on.
    let arming: [RegisterHold]
    /// The writes that wake a vehicle up, in order.
    let wakeUp: [RegisterHold]
    private let roles: [Role]

    /// - Parameter isThere: Whether the wallbox has a register.
    init(_ profile: DeviceProfile, isThere: (RegisterID) -> Bool) {
        let control = profile.control
        limits = Self.limits(profile).filter { isThere($0.register) }
        let limited = limits.map(\.register)
        switches = Self.switches(control).filter {
            isThere($0.register) && !limited.contains($0.register)
        }
        phases = control.phaseSwitch.flatMap { PhaseSelection($0) }
        arming = profile.failsafe?.arm.finalHolds ?? []
        wakeUp = control.wakeUp.holds
        var roles = Array(repeating: Role.memory, count: profile.registers.count)
        for (index, control) in switches.enumerated() {
            roles[control.register.rawValue] = .enable(index)
        }
        if let current = profile.failsafe?.current { roles[current.rawValue] = .failsafeCurrent }
        if let timeout = profile.failsafe?.timeout { roles[timeout.rawValue] = .failsafeTimeout }
        for (index, limit) in limits.enumerated() {
            roles[limit.register.rawValue] = .limit(index)
        }
        self.roles = roles
    }

    func role(of register: RegisterID) -> Role { roles[register.rawValue] }

    private static func limits(_ profile: DeviceProfile) -> [Limit] {
        let control = profile.control
        var registers = [control.setpoint]
        for register in control.charge.limitRegisters + control.limit.limitRegisters
        where !registers.contains(register) {
            registers.append(register)
        }
        let idle = control.idle.holds
        return registers.map { id in
            let register = profile[id]
            let offs = idle.filter { $0.register == id }.map(\.value).filter { raw in
                raw == idle.last { $0.register == id }?.value || control.offValues.contains(raw)
            }
            let acceptsZero =
                control.idle.limitRegisters.contains(id)
                || offs.contains { raw in
                    register.encode(raw: raw).flatMap { register.decode($0[...]).canonical } == 0
                }
            return Limit(register: id, offValues: offs, acceptsZero: acceptsZero)
        }
    }

    /// On/off registers: those whose value differs between `charge` and `idle`, and the one that the
    /// profile says tells it, where it can be written.
    private static func switches(_ control: ControlTraits) -> [Switch] {
        let offs = control.idle.finalHolds
        var switches: [Switch] = []
        for on in control.charge.finalHolds {
            guard let off = offs.first(where: { $0.register == on.register }), off != on else {
                continue
            }
            let mask = on.mask & off.mask
            switches.append(
                Switch(
                    register: on.register, mask: mask, on: [on.value & mask],
                    off: [off.value & mask]))
        }
        if case .register(let register, let on, let off) = control.enabled,
            let index = switches.firstIndex(where: { $0.register == register })
        {
            switches[index].on += on
            switches[index].off += off
        }
        return switches
    }
}

/// The registers by which the wallbox is told to charge on one phase or on three.
struct PhaseSelection: Hashable, Sendable {
    /// What differs between the two ways.
    let one: [RegisterHold]
    let three: [RegisterHold]
    /// The write that makes it count.
    let trigger: RegisterID

    init?(_ phaseSwitch: PhaseSwitch) {
        let (one, three) = (phaseSwitch.toOne.finalHolds, phaseSwitch.toThree.finalHolds)
        self.one = one.filter { !three.contains($0) }
        self.three = three.filter { !one.contains($0) }
        guard let selector = self.one.last, !self.three.isEmpty else { return nil }
        trigger = one.last.map(\.register) ?? selector.register
    }

    /// The phases that the registers ask for; nil when they ask for neither.
    func phases(_ raw: (RegisterID) -> UInt64?) -> Int? {
        func hold(_ holds: [RegisterHold]) -> Bool {
            holds.allSatisfy { hold in raw(hold.register).map(hold.holds) ?? false }
        }
        if hold(one) { return 1 }
        return hold(three) ? 3 : nil
    }
}
