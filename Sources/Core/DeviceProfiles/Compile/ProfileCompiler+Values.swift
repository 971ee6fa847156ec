import ChargeModel

/// References to registers, and values that are written for a particular register.
extension ProfileCompiler {
    /// The register that a section names, which counts as used then.
    mutating func reference(_ node: DocumentNode) -> RegisterID? {
        guard let name = scalar(node, "the name of a register") else { return nil }
        return reference(name, node.place)
    }

    mutating func reference(_ name: String, _ place: Place) -> RegisterID? {
        guard let index = registers.firstIndex(where: { $0.register.name == name }) else {
            diagnostics.error(
                place, "there is no register '\(name)'",
                Spelling.suggestion(for: name, among: registers.map(\.register.name)))
            return nil
        }
        registers[index].isUsed = true
        return RegisterID(index)
    }

    func draft(_ id: RegisterID) -> RegisterDraft { registers[id.rawValue] }

    /// A register that is referred to for reading.
    mutating func readable(_ node: DocumentNode, fast: Bool = false) -> RegisterID? {
        guard let id = reference(node) else { return nil }
        requireReadable(id, node.place, fast: fast)
        return id
    }

    mutating func requireReadable(_ id: RegisterID, _ place: Place, fast: Bool) {
        let draft = draft(id)
        let name = draft.register.name
        guard !draft.isBroken else { return }
        if !draft.register.isReadable || draft.register.poll == .never {
            diagnostics.error(
                place, "'\(name)' is never read and is needed here", "Name a register that is read")
        } else if fast, draft.register.poll != .fast {
            diagnostics.error(
                place, "'\(name)' is needed with every poll and is read more seldom",
                "Give it 'poll: fast'")
        }
    }

    mutating func requireReadOnce(_ id: RegisterID, _ place: Place) {
        let draft = draft(id)
        guard !draft.isBroken, draft.register.poll != .once else { return }
        diagnostics.error(
            place, "'\(draft.register.name)' decides what is read, and may change with every poll",
            "Give it 'poll: once'")
    }

    /// A register that is referred to for writing.
    mutating func writable(_ node: DocumentNode) -> RegisterID? {
        guard let id = reference(node) else { return nil }
        requireWritable(id, node.place)
        return id
    }

    mutating func requireWritable(_ id: RegisterID, _ place: Place) {
        let draft = draft(id)
        guard draft.register.write == nil, !draft.isBroken, !draft.isKnownUnwritable else {
            return
        }
        registers[id.rawValue].isKnownUnwritable = true
        diagnostics.error(
            place, "'\(draft.register.name)' is written here and has no 'write'",
            "Say in 'registers' how it is written: 'write: single' or 'write: multiple'")
    }

    mutating func require(_ dimension: Dimension, _ id: RegisterID, _ place: Place) {
        let draft = draft(id)
        guard draft.dimension != dimension, !draft.isBroken else { return }
        diagnostics.error(
            place, "'\(draft.register.name)' is no \(dimension.rawValue)",
            "Name a register in one of: \(dimension.symbols.joined(separator: ", "))")
    }

    // MARK: - Values

    /// A raw value of a register: the name of one, or a number or text as the register holds it.
    mutating func rawValue(_ node: DocumentNode, _ draft: RegisterDraft) -> RawValue? {
        let register = draft.register
        guard register.isText else {
            return rawNumber(node, draft).map { .number($0) }
        }
        guard let text = scalar(node, "a text") else { return nil }
        if let named = register.names.first(where: { $0.name == text }) { return named.raw }
        guard let words = register.encode(text: text) else {
            diagnostics.error(
                node.place,
                "'\(text)' does not fit \(register.width) registers of \(register.alphabet)", "")
            return nil
        }
        guard case .text(text) = register.decode(words[...]) else {
            diagnostics.error(
                node.place, "'\(register.name)' never reads '\(text)'",
                "Write it as it is read, such as all digits in upper case")
            return nil
        }
        return .text(text)
    }

    /// A raw number: a name from `values`, a whole number, for floats a decimal, or a quantity
    /// with its unit that the register expresses exactly.
    mutating func rawNumber(_ node: DocumentNode, _ draft: RegisterDraft) -> UInt64? {
        guard let text = scalar(node, "a number") else { return nil }
        let register = draft.register
        if case .number(let raw)? = register.names.first(where: { $0.name == text })?.raw {
            return raw
        }
        if let raw = register.pattern(of: text) ?? draft.pattern(ofQuantity: text) { return raw }
        diagnostics.error(
            node.place, "'\(text)' is no value of register '\(register.name)'",
            ScalarSyntax.isName(text)
                ? Spelling.suggestion(for: text, among: register.names.map(\.name))
                : "It must fit the type and the bits of the register")
        return nil
    }
}

extension RegisterDraft {
    /// The pattern of a number with its unit, when the register holds exactly that.
    fileprivate func pattern(ofQuantity text: String) -> UInt64? {
        guard let dimension, let canonical = ScalarSyntax.quantity(text, dimension),
            let words = register.encode(canonical: canonical, rounding: .nearest),
            case .number(canonical, let raw) = register.decode(words[...])
        else { return nil }
        return raw
    }
}

extension Register {
    /// What its text is made of.
    fileprivate var alphabet: String {
        guard case .text(_, let encoding) = type else { return "numbers" }
        switch encoding {
        case .ascii: return "ASCII"
        case .utf16: return "UTF-16"
        case .hex: return "hexadecimal digits"
        }
    }

    /// The pattern of a literal; nil when there is none that fits.
    fileprivate func pattern(of text: String) -> UInt64? {
        guard let pattern = literal(text), encode(raw: pattern) != nil else { return nil }
        return pattern
    }

    private func literal(_ text: String) -> UInt64? {
        switch type {
        case .text: return nil
        case .f32: return Rational(text) == nil ? nil : Float(text).map { UInt64($0.bitPattern) }
        case .f64: return Rational(text) == nil ? nil : Double(text)?.bitPattern
        case .u16, .u32, .u64, .bit: return ScalarSyntax.whole(text).flatMap { UInt64(exactly: $0) }
        case .s16, .s32, .s64:
            guard let number = ScalarSyntax.whole(text) else { return nil }
            return type.pattern(ofNumber: number) ?? UInt64(exactly: number)
        }
    }
}
