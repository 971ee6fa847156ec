import ChargeModel

/// What the numbers of a register mean: quantity, unit and scale, bits, sentinels, names.
extension ProfileCompiler {
    // MARK: - Quantity

    /// A register measures what its name says, unless `is` says it.
    mutating func readMeaning(_ section: Section, _ draft: inout RegisterDraft) {
        let named = MeasuredQuantity(rawValue: draft.register.name)
        draft.register.quantity = named
        if let node = section["is"] {
            draft.register.quantity = word(node, "'is'")
            if let named, let stated = draft.register.quantity, named != stated {
                diagnostics.error(
                    node.place,
                    "'\(named.rawValue)' is a quantity itself and not \(stated.rawValue)",
                    "Give the register another name")
            }
        }
        guard let quantity = draft.register.quantity else { return }
        if draft.register.type.isText, !quantity.mayBeText {
            diagnostics.error(
                section["type"]?.place ?? section.place, "\(quantity.rawValue) cannot be a text",
                "Use the type of the number")
        }
        if draft.register.count > 1, !quantity.isPerPhase {
            diagnostics.error(
                section["count"]?.place ?? section.place,
                "\(quantity.rawValue) has one value, not \(draft.register.count)",
                "Only currents, voltages and powers have one for each phase")
        }
    }

    // MARK: - Unit and scale

    mutating func readScale(_ section: Section, _ draft: inout RegisterDraft) {
        let measure = section["unit"].flatMap { unit($0) }
        draft.dimension = measure?.dimension
        checkUnit(section, draft)
        var scale = Rational.one
        if let node = section["scale"] {
            scale =
                value(node, "a factor other than 0, such as 0.1 or 1/256") {
                    Rational($0).flatMap { $0.numerator == 0 ? nil : $0 }
                } ?? .one
        }
        let offset = section["offset"].flatMap { canonicalOffset($0, measure) } ?? 0
        guard let factor = scale.multiplied(by: measure?.factor ?? .one) else {
            diagnostics.error(
                section["scale"]?.place ?? section.place, "the scale has too many digits", "")
            return
        }
        draft.register.scale = RegisterScale(
            numerator: factor.numerator, denominator: factor.denominator, offset: offset)
        for key in ["unit", "scale", "offset"] where draft.register.type.isText {
            guard let node = section[key] else { continue }
            diagnostics.error(node.place, "a text has no \(key)", "Remove '\(key)'")
        }
    }

    private mutating func unit(_ node: DocumentNode) -> Measure? {
        guard let symbol = scalar(node, "a unit") else { return nil }
        if let measure = Measure(symbol) { return measure }
        // Of so short words the nearest says little: only the case is worth a guess.
        let symbols = Measure.all.map(\.symbol)
        let sameLetters = symbols.first { $0.lowercased() == symbol.lowercased() }
        diagnostics.error(
            node.place, "there is no unit '\(symbol)'",
            sameLetters.map { "Did you mean '\($0)'?" }
                ?? "Known are: \(symbols.joined(separator: ", "))")
        return nil
    }

    private mutating func checkUnit(_ section: Section, _ draft: RegisterDraft) {
        // What a table gives has its unit there.
        guard let quantity = draft.register.quantity, section["table"] == nil else { return }
        let node = section["unit"]
        let symbols = quantity.dimensions.flatMap(\.symbols).joined(separator: ", ")
        if let given = draft.dimension {
            guard !quantity.dimensions.contains(given) else { return }
            if quantity.dimensions.isEmpty {
                diagnostics.error(
                    node?.place ?? section.place, "\(quantity.rawValue) has no unit",
                    "Remove 'unit'")
            } else {
                diagnostics.error(
                    node?.place ?? section.place,
                    "\(quantity.rawValue) cannot be in a unit of \(given.rawValue)",
                    "Use one of: \(symbols)")
            }
        } else if node == nil, !quantity.dimensions.isEmpty {
            diagnostics.error(
                draft.place, "\(section.name) has no unit", "Add 'unit:', one of: \(symbols)")
        }
    }

    /// Added after the scale, in the register's unit; it must be whole in the canonical one.
    private mutating func canonicalOffset(_ node: DocumentNode, _ measure: Measure?) -> Int? {
        let unit = measure?.dimension.canonicalUnit
        return value(node, "a number that is whole\(unit.map { " in \($0)" } ?? "")") {
            Rational($0)?.multiplied(by: measure?.factor ?? .one)?.whole
        }
    }

    // MARK: - Bits

    mutating func readBits(_ section: Section, _ draft: inout RegisterDraft) {
        guard let node = section["bits"],
            let bits = value(node, "bits such as 8..15 or 3", ScalarSyntax.bits)
        else { return }
        let type = draft.register.type
        guard [.u16, .u32, .u64].contains(type) else {
            diagnostics.error(node.place, "only unsigned whole numbers have bits", "")
            return
        }
        guard bits.upperBound < type.width * 16 else {
            diagnostics.error(
                node.place, "the bits of this type are 0 to \(type.width * 16 - 1)", "")
            return
        }
        let ones = UInt64.max >> UInt64(64 - bits.count)
        draft.register.bits = BitSlice(
            mask: ones << UInt64(bits.lowerBound), shift: bits.lowerBound)
    }

    // MARK: - Sentinels and names

    mutating func readNamedValues(_ section: Section, _ draft: inout RegisterDraft) {
        if let node = section["invalid"] {
            for element in elements(node) {
                guard let raw = rawNumber(element, draft) else { continue }
                draft.register.invalid.append(raw)
            }
        }
        guard let node = section["values"],
            let values = mapping(node, "'values' of \(section.name)")
        else { return }
        for entry in values.entries { readNamedValue(entry, &draft) }
    }

    private mutating func readNamedValue(
        _ entry: DocumentNode.Entry, _ draft: inout RegisterDraft
    ) {
        let key = DocumentNode(place: entry.keyPlace, content: .scalar(entry.key))
        guard let raw = rawValue(key, draft),
            let name = value(
                entry.value, "a name of lower-case letters, digits and hyphens",
                { ScalarSyntax.isName($0) && $0 != "limit" ? $0 : nil })
        else { return }
        if draft.register.names.contains(where: { $0.raw == raw }) {
            diagnostics.error(
                entry.keyPlace, "the value \(entry.key) has a name already", "Keep one")
        }
        if draft.register.names.contains(where: { $0.name == name }) {
            diagnostics.error(
                entry.value.place, "'\(name)' names another value already",
                "Give each value a name of its own")
        }
        draft.register.names.append(NamedValue(raw: raw, name: name))
    }
}

extension MeasuredQuantity {
    /// What it may be measured in; empty for what is counted in no unit. Limits are in watts where
    /// the wallbox is set in watts.
    var dimensions: [Dimension] {
        switch self {
        case .power, .powers: [.power]
        case .currents, .hardwareMaximum: [.current]
        case .setpoint, .failsafeCurrent: [.current, .power]
        case .voltages: [.voltage]
        case .energyTotal, .energySession: [.energy]
        case .uptime, .failsafeTimeout, .setpointValidity: [.time]
        case .errorCode, .serial, .firmware, .livePhases, .connectors: []
        }
    }

    fileprivate var mayBeText: Bool { self == .serial || self == .firmware }

    fileprivate var isPerPhase: Bool { self == .currents || self == .voltages || self == .powers }
}
