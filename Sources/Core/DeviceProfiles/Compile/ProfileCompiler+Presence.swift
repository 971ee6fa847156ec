import ChargeModel

/// When a register is there, and when its value means something.
extension ProfileCompiler {
    mutating func readPresence(_ section: Section, _ draft: inout RegisterDraft) {
        draft.gate = section["if"]
        draft.register.isOptional = truth(section, "optional") ?? false
        draft.register.outsideCharging =
            word(section, "outside-charging") ?? .asRead
        for key in ["optional", "outside-charging"] where !draft.register.isReadable {
            guard let node = section[key] else { continue }
            diagnostics.error(
                node.place, "\(section.name) is never read and has '\(key)'", "Remove '\(key)'")
        }
        guard let node = section["outside-charging"] else { return }
        if draft.register.quantity == nil || draft.register.isText {
            diagnostics.error(
                node.place, "\(section.name) measures nothing that depends on charging",
                "Say what it measures with 'is:', or remove 'outside-charging'")
        }
    }

    /// The conditions of `if`, once every register that they may name is known.
    mutating func readGates() {
        for index in registers.indices {
            guard let node = registers[index].gate else { continue }
            let errors = diagnostics.errorCount
            let conditions = conditions(node, .onceAfterContact)
            for condition in conditions where draft(condition.register).gate != nil {
                diagnostics.error(
                    node.place,
                    "'\(draft(condition.register).register.name)' has an 'if' of its own",
                    "Name a register that is always there, and give all conditions at once")
            }
            registers[index].register.gate = conditions
            if diagnostics.errorCount > errors { registers[index].isBroken = true }
        }
    }
}
