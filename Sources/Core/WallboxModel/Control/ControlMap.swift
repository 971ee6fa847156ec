import ChargeModel
import DeviceProfiles

/// What writing each register of a profile does to the wallbox, read off the profile's commands.
struct ControlMap: Hashable, Sendable {
    enum Role: Hashable, Sendable {
        /// The limit.
        case setpoint
        /// An on/off register: an index into ``switches``.
        case enable(Int)
        case failsafeCurrent
        case failsafeTimeout
        /// It keeps what is written, and that is all.
        case memory
    }

    /// A register that `charge` writes to one value and `idle` to another.
    struct Switch: Hashable, Sendable {
        var register: RegisterID
        var on: [UInt64]
        var off: [UInt64]
    }

    let switches: [Switch]
    /// Raw values of the setpoint register that mean a pause.
    let offValues: [UInt64]
    /// Whether a setpoint of 0 A is a pause; otherwise the register refuses it.
    let acceptsZero: Bool
    private let roles: [Role]

    init(_ profile: DeviceProfile) {
        let control = profile.control
        switches = Self.switches(control)
        let offValues = Self.raws(written: control.idle, to: control.setpoint)
        self.offValues = offValues
        let setpoint = profile[control.setpoint]
        acceptsZero =
            control.idle.contains(.write(control.setpoint, .limit))
            || offValues.contains { raw in
                setpoint.encode(raw: raw).flatMap { setpoint.decode($0[...]).canonical } == 0
            }
        var roles = Array(repeating: Role.memory, count: profile.registers.count)
        for (index, control) in switches.enumerated() {
            roles[control.register.rawValue] = .enable(index)
        }
        if let current = profile.failsafe?.current { roles[current.rawValue] = .failsafeCurrent }
        if let timeout = profile.failsafe?.timeout { roles[timeout.rawValue] = .failsafeTimeout }
        roles[control.setpoint.rawValue] = .setpoint
        self.roles = roles
    }

    func role(of register: RegisterID) -> Role { roles[register.rawValue] }

    /// On/off registers: those whose raw value differs between `charge` and `idle`, and the one
    /// that the profile says tells it, where it can be written.
    private static func switches(_ control: ControlTraits) -> [Switch] {
        var switches: [Switch] = []
        for case .write(let register, .raw) in control.charge
        where register != control.setpoint && !switches.contains(where: { $0.register == register })
        {
            let on = raws(written: control.charge, to: register).suffix(1)
            let off = raws(written: control.idle, to: register).suffix(1)
            guard let last = off.last, !on.contains(last) else { continue }
            switches.append(Switch(register: register, on: Array(on), off: Array(off)))
        }
        if case .register(let register, let on, let off) = control.enabled,
            let index = switches.firstIndex(where: { $0.register == register })
        {
            switches[index].on += on
            switches[index].off += off
        }
        return switches
    }

    /// The fixed values that a command writes to a register, in order.
    private static func raws(written steps: [CommandStep], to register: RegisterID) -> [UInt64] {
        steps.compactMap { step in
            guard case .write(register, .raw(let raw)) = step else { return nil }
            return raw
        }
    }
}
