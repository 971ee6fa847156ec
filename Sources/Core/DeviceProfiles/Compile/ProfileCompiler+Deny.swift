import ChargeModel

/// The sections `deny` (what must never be written) and `manners` (how the wallbox behaves beside
/// its map; for the simulator).
extension ProfileCompiler {
    private static let maximumDenials = 64

    // MARK: - Deny

    /// A list of `{ at: 0x4003 }` or `{ from: 300, to: 330 }`, with `value` if only that is denied.
    mutating func denied(
        _ file: Section, _ control: ControlTraits?, _ failsafe: Failsafe?
    ) -> [DeniedWrite] {
        guard let node = file["deny"] else { return [] }
        let elements = elements(node)
        guard 1...Self.maximumDenials ~= elements.count else {
            diagnostics.error(
                node.place, "'deny' is no list of 1 to \(Self.maximumDenials) places",
                "Write one a line: '- { at: 0x4003 }'")
            return []
        }
        return elements.compactMap { element in
            guard let denial = denial(element) else { return nil }
            checkWrites(denial, element.place, control, failsafe)
            return denial
        }
    }

    private mutating func denial(_ node: DocumentNode) -> DeniedWrite? {
        guard let section = section(node, "a denied place", .deny) else { return nil }
        let space: RegisterSpace = word(section, "space") ?? .holding
        if space == .input || space == .discrete {
            diagnostics.error(
                section["space"]?.place ?? section.place, "nothing writes \(space.rawValue)",
                "Only holding registers and coils can be denied")
        }
        var value: UInt16?
        if section["value"] != nil {
            value = whole(section, "value").map { UInt16($0) }
        }
        if section["at"] != nil {
            for key in ["from", "to"] {
                guard let node = section[key] else { continue }
                diagnostics.error(node.place, "a place has 'at' or 'from' and 'to'", "Keep one")
            }
            return whole(section, "at").map {
                DeniedWrite(space: space, addresses: UInt16($0)...UInt16($0), value: value)
            }
        }
        let from = whole(section, "from")
        let to = whole(section, "to")
        guard let from, let to else { return nil }
        guard from <= to else {
            diagnostics.error(section.place, "'from' is greater than 'to'", "Swap them")
            return nil
        }
        return DeniedWrite(space: space, addresses: UInt16(from)...UInt16(to), value: value)
    }

    /// No section may write what is denied.
    private mutating func checkWrites(
        _ denial: DeniedWrite, _ place: Place, _ control: ControlTraits?, _ failsafe: Failsafe?
    ) {
        var told: [RegisterID] = []
        for write in writes where !told.contains(write.register) {
            guard !draft(write.register).isBroken,
                mayWrite(write, denial, control, failsafe)
            else { continue }
            told.append(write.register)
            diagnostics.error(
                write.place,
                "'\(draft(write.register).register.name)' is written here and denied in 'deny' "
                    + "(line \(place.line))",
                "Never write it, or correct 'deny'")
        }
    }

    private func mayWrite(
        _ write: RecordedWrite, _ denial: DeniedWrite, _ control: ControlTraits?,
        _ failsafe: Failsafe?
    ) -> Bool {
        let register = draft(write.register).register
        guard register.space == denial.space, register.touches(denial.addresses) else {
            return false
        }
        guard denial.value != nil else { return true }
        func denies(_ words: [UInt16]?) -> Bool {
            words.map { denial.concerns($0, at: register.address) } ?? false
        }
        switch write.value {
        case .unknown: return true
        case .fixed(let raw): return denies(register.encode(raw: raw))
        case .limit, .failsafeCurrent:
            // A register of one word rises with the limit: it takes all values between the ends.
            guard register.width == 1, let control, let word = denial.value,
                let bounds = bounds(control, register)
            else { return true }
            let takesZero = write.value == .failsafeCurrent && failsafe?.acceptsZero == true
            return bounds ~= word
                || takesZero && denies(register.encode(canonical: 0, rounding: .down))
        }
    }

    private func bounds(_ control: ControlTraits, _ register: Register) -> ClosedRange<UInt16>? {
        let ends = [control.leastSetting, control.greatestSetting(phases: 3)].map {
            register.encode(canonical: $0, rounding: .down)?.first
        }
        guard let least = ends[0], let greatest = ends[1], least <= greatest else { return nil }
        return least...greatest
    }

    // MARK: - Manners

    mutating func manners(_ file: Section) -> DeviceManners {
        var manners = DeviceManners()
        guard let node = file["manners"], let section = section(node, "'manners'", .manners)
        else { return manners }
        if let node = section["unknown-register"] {
            manners.unknownRegister =
                value(node, "'exception-1', 'exception-2' or 'silence'") { text in
                    switch text {
                    case "exception-1": .exception(1)
                    case "exception-2": .exception(2)
                    case "silence": .silence
                    default: nil
                    }
                } ?? manners.unknownRegister
        }
        manners.ignoresUnchangedWrites =
            truth(section, "ignores-unchanged-writes") ?? false
        manners.readsZeroAsMinimum =
            truth(section, "reads-zero-as-minimum") ?? false
        return manners
    }
}

extension Register {
    fileprivate func touches(_ addresses: ClosedRange<UInt16>) -> Bool {
        let last = Int(address) + (count - 1) * stride + width - 1
        return Int(address) <= Int(addresses.upperBound) && last >= Int(addresses.lowerBound)
    }
}

extension ControlTraits {
    /// The least setting that is not off, in the unit of ``domain``: the minimum, on one phase.
    var leastSetting: Int {
        guard case .power(let voltage, _) = domain else { return minimum.rawValue }
        return (minimum.rawValue * voltage.rawValue + 999_999) / 1_000_000
    }

    /// The greatest setting that commands can come to.
    func greatestSetting(phases: Int) -> Int {
        guard case .power(let voltage, let bands) = domain else { return maximum.rawValue }
        let most = maximum.rawValue * voltage.rawValue * phases / 1_000_000
        return bands.map(\.watts.upperBound).max().map { min($0, most) } ?? most
    }
}
