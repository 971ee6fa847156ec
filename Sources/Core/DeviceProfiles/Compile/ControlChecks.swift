import ChargeModel

/// What must hold of the commands together: no limit gets lost, none gets past the one choke point
/// (requirements R1, R2), nothing wears flash memory.
extension ProfileCompiler {
    mutating func checkControl(_ control: ControlTraits, _ section: Section) {
        for (key, steps) in [("charge", control.charge), ("limit", control.limit)]
        where !steps.contains(.write(control.setpoint, .limit)) {
            diagnostics.error(
                section[key]?.place ?? section.place, "'\(key)' does not write the limit",
                "Add the step '\(draft(control.setpoint).register.name) = limit'")
        }
        for step in control.idle {
            guard case .write(_, .limit) = step else { continue }
            diagnostics.error(
                section["idle"]?.place ?? section.place, "'idle' writes a limit",
                "Idle is 0 A: write the value that stops this wallbox")
        }
        if !control.idle.contains(where: { if case .write = $0 { true } else { false } }) {
            diagnostics.error(
                section["idle"]?.place ?? section.place, "'idle' writes nothing",
                "Write the value that stops this wallbox")
        }
        checkLimits(control, section)
        checkFixedSetpoints(control, section)
        checkWear(control, section)
    }

    /// Every register that takes the limit must take the whole range, and the minimum exactly.
    private mutating func checkLimits(_ control: ControlTraits, _ section: Section) {
        let place = section["range"]?.place ?? section.place
        for id in limitRegisters(control) where !draft(id).isBroken {
            let register = draft(id).register
            guard register.scale.numerator > 0 else {
                diagnostics.error(
                    draft(id).place, "the limit falls when '\(register.name)' rises",
                    "A register that takes a limit has a scale above 0")
                continue
            }
            guard let words = register.encode(canonical: control.minimum.rawValue, rounding: .down),
                register.decode(words[...]).canonical == control.minimum.rawValue
            else {
                diagnostics.error(
                    place, "'\(register.name)' cannot express the minimum of \(control.minimum)",
                    "Raise the minimum to what it can: less than the minimum means a pause")
                continue
            }
            if register.encode(canonical: control.maximum.rawValue, rounding: .down) == nil {
                diagnostics.error(
                    place, "the maximum of \(control.maximum) does not fit '\(register.name)'",
                    "Check the type, the unit and the scale")
            }
            let range = control.minimum.rawValue...control.maximum.rawValue
            for raw in register.invalid
            where register.canonical(ofPattern: raw).map(range.contains)
                ?? false
            {
                diagnostics.error(
                    draft(id).place, "an invalid value of '\(register.name)' lies in its range",
                    "A limit could not be told from 'no value': narrow the range")
            }
        }
    }

    private func limitRegisters(_ control: ControlTraits) -> [RegisterID] {
        var registers: [RegisterID] = []
        for step in control.charge + control.limit {
            guard case .write(let id, .limit) = step, !registers.contains(id) else { continue }
            registers.append(id)
        }
        return registers
    }

    /// A fixed value in a register that takes the limit would be a limit that nobody merged: it may
    /// only mean off.
    private mutating func checkFixedSetpoints(_ control: ControlTraits, _ section: Section) {
        let registers = limitRegisters(control)
        for (key, steps) in [
            ("charge", control.charge), ("limit", control.limit), ("idle", control.idle),
        ] {
            for case .write(let id, .raw(let raw)) in steps
            where registers.contains(id) && !draft(id).isBroken {
                let register = draft(id).register
                guard !register.invalid.contains(raw),
                    register.canonical(ofPattern: raw).map({ $0 >= control.minimum.rawValue })
                        ?? true
                else { continue }
                diagnostics.error(
                    section[key]?.place ?? section.place,
                    "'\(key)' writes a fixed limit to '\(register.name)'",
                    "Only 'limit' may be written there, or a value that means off")
            }
        }
    }

    private mutating func checkWear(_ control: ControlTraits, _ section: Section) {
        var told: [RegisterID] = []
        for case .write(let id, _) in control.charge + control.limit + control.idle
        where draft(id).register.persistence == .retentive && !told.contains(id) {
            told.append(id)
            diagnostics.warning(
                draft(id).place,
                "commands write '\(draft(id).register.name)', which is kept in flash memory",
                "Use a volatile register if the wallbox has one")
        }
    }
}

extension Register {
    /// The canonical number of a pattern, also of one that means "no value".
    fileprivate func canonical(ofPattern raw: UInt64) -> Int? {
        var register = self
        register.invalid = []
        return register.encode(raw: raw).flatMap { register.decode($0[...]).canonical }
    }
}
