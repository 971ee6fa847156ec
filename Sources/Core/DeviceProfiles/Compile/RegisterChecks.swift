import ChargeModel

/// What must hold of the registers together, once every section has referred to them.
extension ProfileCompiler {
    /// - Parameter areSectionsRead: Whether the other sections were read without errors: only then
    ///   does an unused register say anything.
    mutating func checkRegisters(
        _ link: LinkTraits?, _ electrical: ElectricalTraits?, areSectionsRead: Bool
    ) {
        checkUse(areSectionsRead)
        checkQuantities(electrical)
        checkOverlaps(registers)
        guard let link else { return }
        checkBarriers(link)
        for draft in registers where draft.register.width > link.maximumBlock && !draft.isBroken {
            diagnostics.error(
                draft.place,
                "'\(draft.register.name)' takes \(draft.register.width) registers, and a block has "
                    + "at most \(link.maximumBlock)",
                "Raise 'registers' in 'block', or shorten the register")
        }
    }

    // MARK: - Use

    private mutating func checkUse(_ areSectionsRead: Bool) {
        let quantities = MeasuredQuantity.allCases.map(\.rawValue)
        for draft in registers where !draft.isUsed && !draft.isBroken {
            let name = draft.register.name
            guard let quantity = draft.register.quantity else {
                let nearest = Spelling.nearest(to: name, among: quantities)
                guard areSectionsRead || nearest != nil else { continue }
                diagnostics.error(
                    draft.place, "nothing uses register '\(name)'",
                    nearest.map { "Did you mean '\($0)'?" }
                        ?? "Use it in a section, give its quantity with 'is:', or remove it. "
                        + "Quantities are: \(quantities.joined(separator: ", "))")
                continue
            }
            if !draft.register.isReadable, areSectionsRead {
                diagnostics.error(
                    draft.place, "nothing writes register '\(name)', and it cannot be read",
                    "Name it in 'control', 'heartbeat' or 'failsafe', or remove it")
            } else if draft.register.poll == .never {
                diagnostics.error(
                    draft.place, "'\(name)' measures \(quantity.rawValue) and is never polled",
                    "Give it another poll class, or remove it")
            }
        }
    }

    // MARK: - Quantities

    private mutating func checkQuantities(_ electrical: ElectricalTraits?) {
        for (index, draft) in registers.enumerated() where !draft.isBroken {
            guard let quantity = draft.register.quantity, draft.register.isReadable else {
                continue
            }
            let earlier = registers[..<index].first {
                $0.register.quantity == quantity && $0.register.isReadable && !$0.isBroken
                    && !$0.register.mayLackValue
            }
            if let earlier, quantity != .hardwareMaximum {
                diagnostics.error(
                    draft.place,
                    "'\(draft.register.name)' measures \(quantity.rawValue), as "
                        + "'\(earlier.register.name)' does",
                    "Of several the first with a value counts: give the earlier one 'if', "
                        + "'optional' or 'invalid', or remove one")
            }
            if let phases = electrical?.phases, draft.register.count > 1,
                draft.register.count != phases
            {
                diagnostics.warning(
                    draft.place,
                    "'\(draft.register.name)' has \(draft.register.count) values, and the model "
                        + "\(phases == 1 ? "1 phase" : "\(phases) phases")",
                    "Check 'count' and 'phases'")
            }
        }
    }

    /// What is needed to notice a vehicle that ignores its limit.
    mutating func checkMeasurements(_ derived: [DerivedValue]) {
        let measured = registers.compactMap(\.register.quantity) + derived.map(\.quantity)
        let isMeasured = measured.contains { [.power, .powers, .currents].contains($0) }
        if let measuresNothing, isMeasured {
            diagnostics.error(
                measuresNothing, "power or currents are measured", "Remove 'measures: nothing'")
        } else if measuresNothing == nil, !isMeasured, let first = registers.first {
            diagnostics.warning(
                first.place, "neither power nor currents are measured",
                "Without them nobody notices a vehicle that ignores its limit: if there is no meter "
                    + "at all, say 'measures: nothing' in 'electrical'")
        }
    }

    private mutating func checkBarriers(_ link: LinkTraits) {
        for draft in registers where !draft.isBroken {
            for barrier in link.barriers
            where draft.register.spans.contains(where: {
                $0.lowerBound < Int(barrier) && Int(barrier) <= $0.upperBound
            }) {
                diagnostics.error(
                    draft.place,
                    "'\(draft.register.name)' reaches across the barrier at \(barrier)",
                    "Check the address and 'barriers' in 'block'")
            }
        }
    }

    // MARK: - Overlaps

    mutating func checkOverlaps(_ registers: [RegisterDraft], _ whose: String = "") {
        for (index, draft) in registers.enumerated() where !draft.isBroken {
            for other in registers[..<index] where !other.isBroken {
                guard draft.register.overlaps(other.register),
                    !draft.register.sharesBits(with: other.register),
                    !isAlternative(draft, other)
                else { continue }
                diagnostics.error(
                    draft.place,
                    "\(whose)'\(draft.register.name)' (\(draft.register.extent)) overlaps "
                        + "'\(other.register.name)' (\(other.register.extent))",
                    "Check addresses and types; one register can have 'write' and be read, and "
                        + "parts of one are told apart with 'bits'")
            }
        }
    }

    /// Two readings of the same registers, by conditions that differ; or a reading, and a look at it
    /// that decides whether it means anything.
    private func isAlternative(_ draft: RegisterDraft, _ other: RegisterDraft) -> Bool {
        let gates = [draft.register.gate, other.register.gate]
        if gates.allSatisfy({ !$0.isEmpty }) { return gates[0] != gates[1] }
        let looks = gates.flatMap { $0 }.map { self.draft($0.register).register.name }
        return looks.contains(draft.register.name) || looks.contains(other.register.name)
    }
}

extension Register {
    /// The addresses of each element.
    fileprivate var spans: [ClosedRange<Int>] {
        (0..<count).map { element in
            let first = Int(address) + element * stride
            return first...first + width - 1
        }
    }

    fileprivate var extent: String {
        let last = Int(address) + (count - 1) * stride + width - 1
        return last == Int(address) ? "\(address)" : "\(address) to \(last)"
    }

    func overlaps(_ other: Register) -> Bool {
        guard unit == other.unit, space == other.space else { return false }
        return spans.contains { span in other.spans.contains { $0.overlaps(span) } }
    }

    /// Slices of the same registers, read the same way.
    fileprivate func sharesBits(with other: Register) -> Bool {
        bits != nil && other.bits != nil && address == other.address && type == other.type
            && wordOrder == other.wordOrder && byteOrder == other.byteOrder && count == other.count
            && stride == other.stride
    }

    /// Whether another register may have to stand in for it.
    fileprivate var mayLackValue: Bool {
        !gate.isEmpty || isOptional || !invalid.isEmpty || type.isFloat || type.isText
            || outsideCharging == .absent
    }
}
