import ChargeModel

/// What must hold of the commands together: no limit gets lost, none gets past the one choke point
/// (requirements R1, R2), nothing wears flash memory.
extension ProfileCompiler {
    mutating func checkControl(
        _ control: ControlTraits, _ section: Section, _ electrical: ElectricalTraits?
    ) {
        for (key, steps) in [("charge", control.charge), ("limit", control.limit)]
        where !steps.contains(.write(control.setpoint, .limit)) {
            diagnostics.error(
                section[key]?.place ?? section.place, "'\(key)' does not write the limit",
                "Add the step '\(draft(control.setpoint).register.name) = limit'")
        }
        if control.idle.contains(where: \.writesLimit) {
            diagnostics.error(
                section["idle"]?.place ?? section.place, "'idle' writes a limit",
                "Idle is 0 A: write the value that stops this wallbox")
        }
        if !control.idle.contains(where: \.isCertainWrite) {
            diagnostics.error(
                section["idle"]?.place ?? section.place, "'idle' writes nothing",
                "Write the value that stops this wallbox")
        } else if !control.idle.contains(where: isOnEveryUnit) {
            diagnostics.error(
                section["idle"]?.place ?? section.place,
                "'idle' writes nothing that is on every unit",
                "A stop must stop all of them: give the units without it a profile of their own, "
                    + "with 'extends'")
        }
        checkPresence(control)
        checkLimits(control, section, electrical)
        checkOffValues(control, section)
        checkSteps(control, section, limitRegisters(control))
        checkPhaseSwitch(control, section, electrical)
        checkPhaseCount(control, electrical)
        checkWear(control, section)
    }

    private func isOnEveryUnit(_ step: CommandStep) -> Bool {
        step.isCertainWrite && step.written.allSatisfy { draft($0).isOnEveryUnit }
    }

    /// What control stands on must be on every unit: without it the agent would write into the void, or
    /// take for granted what nobody tells.
    private mutating func checkPresence(_ control: ControlTraits) {
        var uses = [(control.setpoint, "takes the limit")]
        if let readBack = control.readBack { uses.append((readBack, "shows the limit in force")) }
        if case .register(let id, _, _) = control.enabled {
            uses.append((id, "tells whether it is on"))
        }
        var told: [RegisterID] = []
        for (id, use) in uses where !draft(id).isOnEveryUnit && !told.contains(id) {
            told.append(id)
            diagnostics.error(
                draft(id).place, "'\(draft(id).register.name)' \(use), and is not on every unit",
                "Give the units without it a profile of their own, with 'extends'")
        }
    }

    /// Every register that takes the limit must take the whole range, and the minimum exactly.
    private mutating func checkLimits(
        _ control: ControlTraits, _ section: Section, _ electrical: ElectricalTraits?
    ) {
        let place = section["range"]?.place ?? section.place
        let least = control.leastSetting
        let greatest = control.greatestSetting(phases: electrical?.phases ?? 1)
        for id in limitRegisters(control) where !draft(id).isBroken {
            let register = draft(id).register
            guard draft(id).dimension == draft(control.setpoint).dimension else {
                diagnostics.error(
                    draft(id).place,
                    "'\(register.name)' takes the limit in another unit than "
                        + "'\(draft(control.setpoint).register.name)'",
                    "Limits are in amperes or in watts, in all registers that take them")
                continue
            }
            guard register.scale.numerator > 0 else {
                diagnostics.error(
                    draft(id).place, "the limit falls when '\(register.name)' rises",
                    "A register that takes a limit has a scale above 0")
                continue
            }
            // In watts the minimum depends on the phases: what is rounded below it is a pause.
            guard control.isSetInWatts || register.takes(exactly: least) else {
                diagnostics.error(
                    place, "'\(register.name)' cannot express the minimum of \(control.minimum)",
                    "Raise the minimum to what it can: less than the minimum means a pause")
                continue
            }
            if register.encode(canonical: greatest, rounding: .down) == nil {
                diagnostics.error(
                    place, "the maximum of \(control.maximum) does not fit '\(register.name)'",
                    "Check the type, the unit and the scale")
            }
            for raw in register.invalid
            where register.canonical(ofPattern: raw).map({ least...greatest ~= $0 }) ?? false {
                diagnostics.error(
                    draft(id).place, "an invalid value of '\(register.name)' lies in its range",
                    "A limit could not be told from 'no value': narrow the range")
            }
        }
    }

    /// Values that mean off must not be limits as well.
    private mutating func checkOffValues(_ control: ControlTraits, _ section: Section) {
        guard let readBack = control.readBack, !draft(readBack).isBroken else { return }
        let range =
            control
            .leastSetting...max(
                control.leastSetting, control.greatestSetting(phases: 3))
        for raw in control.offValues
        where draft(readBack).register.canonical(ofPattern: raw).map({ range ~= $0 }) ?? false {
            diagnostics.error(
                section["off"]?.place ?? section.place,
                "a value of 'off' is a limit of the range, too",
                "Off could not be told from that limit: narrow the range")
        }
    }

    private func limitRegisters(_ control: ControlTraits) -> [RegisterID] {
        var registers: [RegisterID] = []
        for step in (control.charge + control.limit).flatMap(\.flat) {
            guard case .write(let id, .limit) = step, !registers.contains(id) else { continue }
            registers.append(id)
        }
        return registers
    }

    private mutating func checkWear(_ control: ControlTraits, _ section: Section) {
        var told: [RegisterID] = []
        for id in (control.charge + control.limit + control.idle).flatMap(\.written)
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
    fileprivate func takes(exactly canonical: Int) -> Bool {
        encode(canonical: canonical, rounding: .down)
            .flatMap { decode($0[...]).canonical } == canonical
    }

    /// The canonical number of a pattern, also of one that means "no value".
    func canonical(ofPattern raw: UInt64) -> Int? {
        var register = self
        register.invalid = []
        return register.encode(raw: raw).flatMap { register.decode($0[...]).canonical }
    }
}

extension RegisterDraft {
    fileprivate var isOnEveryUnit: Bool { gate == nil && !register.isOptional }
}
