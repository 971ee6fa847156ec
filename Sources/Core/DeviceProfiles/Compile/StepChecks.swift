import ChargeModel

/// What the steps of each command may write (requirements R1, R2): a limit gets into its registers
/// from the one choke point alone, and everything else there means off.
extension ProfileCompiler {
    mutating func checkSteps(
        _ control: ControlTraits, _ section: Section, _ limits: [RegisterID]
    ) {
        for (key, steps) in control.commands {
            let place = section[key]?.place ?? section.place
            if !["charge", "limit", "idle"].contains(key), steps.contains(where: \.writesLimit) {
                diagnostics.error(
                    place, "'\(key)' writes a limit", "Only 'charge' and 'limit' write limits")
            }
            for step in steps.flatMap(\.flat) {
                guard case .modify(let id, _, _) = step, limits.contains(id) else { continue }
                diagnostics.error(
                    place,
                    "'\(key)' changes bits of '\(draft(id).register.name)', which takes limits",
                    "Write 'limit' there, or a value that means off")
            }
            if ["on-connect", "wake-up", "phase-switch"].contains(key) {
                forbidLimits(steps, limits, key, place)
            } else {
                checkFixed(steps, key, place, control, limits)
            }
        }
    }

    /// Preparing a wallbox moves no current: nobody has asked for any yet.
    mutating func forbidLimits(
        _ steps: [CommandStep], _ limits: [RegisterID], _ key: String, _ place: Place
    ) {
        var told: [RegisterID] = []
        for id in steps.flatMap(\.written) where limits.contains(id) && !told.contains(id) {
            told.append(id)
            diagnostics.error(
                place, "'\(key)' writes '\(draft(id).register.name)', which takes limits",
                "Only 'charge', 'limit' and 'idle' may move a current")
        }
    }

    /// A fixed value in a register that takes the limit would be a limit that nobody merged: it may
    /// only mean off. In `idle` it may be the minimum, inside an `if`, where off follows: some
    /// wallboxes take off only after another value.
    private mutating func checkFixed(
        _ steps: [CommandStep], _ key: String, _ place: Place, _ control: ControlTraits,
        _ limits: [RegisterID]
    ) {
        for (index, step) in steps.enumerated() {
            for case .write(let id, .raw(let raw)) in step.flat
            where limits.contains(id) && !draft(id).isBroken && !isOff(raw, id, control) {
                let name = draft(id).register.name
                guard key == "idle", case .when = step else {
                    diagnostics.error(
                        place, "'\(key)' writes a fixed limit to '\(name)'",
                        "Only 'limit' may be written there, or a value that means off")
                    continue
                }
                if !draft(id).register.isLeast(raw, above: control.leastSetting) {
                    diagnostics.error(
                        place, "'idle' writes more than the minimum to '\(name)'",
                        "Before off, no other value than the minimum may stand there")
                }
                let endsOff = steps[(index + 1)...].contains {
                    guard case .write(id, .raw(let last)) = $0 else { return false }
                    return isOff(last, id, control)
                }
                if !endsOff {
                    diagnostics.error(
                        place, "'idle' writes the minimum to '\(name)' and does not end off",
                        "Add the step that writes the value that means off, after the 'if'")
                }
            }
        }
    }

    private func isOff(_ raw: UInt64, _ id: RegisterID, _ control: ControlTraits) -> Bool {
        let register = draft(id).register
        if register.invalid.contains(raw) || control.offValues.contains(raw) { return true }
        return register.canonical(ofPattern: raw).map { $0 < control.leastSetting } ?? false
    }

    // MARK: - Switching phases

    /// What switches phases must be seen to have happened: with 0 A confirmed before, and with the
    /// phases shown after (requirement R11).
    mutating func checkPhaseSwitch(
        _ control: ControlTraits, _ section: Section, _ electrical: ElectricalTraits?
    ) {
        guard let phaseSwitch = control.phaseSwitch, let node = section["phase-switch"] else {
            return
        }
        if electrical?.phases == 1 {
            diagnostics.error(
                node.place, "a model with one phase has nothing to switch", "Remove 'phase-switch'")
        }
        let steps = phaseSwitch.toOne + phaseSwitch.toThree
        let isShown =
            registers.contains { $0.register.quantity == .livePhases && $0.register.isReadable }
            || steps.flatMap(\.written).allSatisfy { draft($0).register.isReadable }
        if !isShown {
            diagnostics.error(
                node.place, "nothing shows how many phases are switched through",
                "Add a register 'live-phases', or make what 'phase-switch' writes readable")
        }
        if phaseSwitch.toOne == phaseSwitch.toThree {
            diagnostics.error(
                node.place, "'one' and 'three' do the same", "Give each its own value")
        }
    }
}

extension ControlTraits {
    /// All commands with their keys, in the order of the file.
    var commands: [(key: String, steps: [CommandStep])] {
        [
            ("charge", charge), ("limit", limit), ("idle", idle), ("on-connect", onConnect),
            ("on-disconnect", onDisconnect), ("wake-up", wakeUp),
            ("phase-switch", phaseSwitch.map { $0.toOne + $0.toThree } ?? []),
        ]
    }
}

extension CommandStep {
    /// The step, or those inside of it.
    package var flat: [CommandStep] {
        guard case .when(_, let steps) = self else { return [self] }
        return steps.flatMap(\.flat)
    }

    /// The registers that it writes.
    package var written: [RegisterID] {
        flat.compactMap { step in
            switch step {
            case .write(let id, _), .modify(let id, _, _): id
            case .wait, .waitUntil, .when: nil
            }
        }
    }

    var writesLimit: Bool {
        flat.contains { if case .write(_, .limit) = $0 { true } else { false } }
    }

    /// Whether it writes, whatever is read.
    var isCertainWrite: Bool {
        switch self {
        case .write, .modify: true
        case .wait, .waitUntil, .when: false
        }
    }
}

extension Register {
    /// Whether a raw value is the least that the register has at or above a setting.
    fileprivate func isLeast(_ raw: UInt64, above least: Int) -> Bool {
        guard let setting = canonical(ofPattern: raw) else { return false }
        if setting == least { return true }
        guard setting > least, !type.isFloat, raw > 0 else { return false }
        return canonical(ofPattern: raw - 1).map { $0 < least } ?? false
    }
}
