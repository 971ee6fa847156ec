import ChargeModel

/// The section `control`: how a limit is written and known to be in force.
extension ProfileCompiler {
    mutating func control(
        _ file: Section, _ electrical: ElectricalTraits?
    ) -> ControlTraits? {
        guard let section = section(file, "control", .control) else { return nil }
        let setpoint = setpoint(section)
        let dimension = setpoint.flatMap { draft($0).dimension } ?? .current
        let readBack = readBack(section, setpoint, dimension)
        let range = range(section)
        let domain = domain(section, dimension, electrical)
        let enabled = enabled(section, readBack)
        let charge = steps(section, "charge")
        let limit = steps(section, "limit")
        let idle = steps(section, "idle")
        let settle = duration(section, "settle")
        let interval = duration(section, "write-interval")
        let more = furtherCommands(section)
        let offValues = offValues(section, readBack)
        guard let setpoint, let range, let domain, let enabled, let charge, let limit, let idle,
            let settle, let interval
        else { return nil }
        let control = ControlTraits(
            setpoint: setpoint, domain: domain, readBack: readBack, minimum: range.minimum,
            maximum: range.maximum, step: range.step, enabled: enabled, charge: charge,
            limit: limit, idle: idle, offValues: offValues, onConnect: more.onConnect,
            onDisconnect: more.onDisconnect, wakeUp: more.wakeUp, phaseSwitch: more.phaseSwitch,
            settle: settle, minimumWriteInterval: interval)
        checkControl(control, section, electrical)
        return control
    }

    private typealias FurtherCommands = (
        onConnect: [CommandStep], onDisconnect: [CommandStep], wakeUp: [CommandStep],
        phaseSwitch: PhaseSwitch?
    )

    /// The commands that not every wallbox has.
    private mutating func furtherCommands(_ section: Section) -> FurtherCommands {
        func steps(_ key: String) -> [CommandStep] {
            section[key] == nil ? [] : self.steps(section, key) ?? []
        }
        return (
            steps("on-connect"), steps("on-disconnect"), steps("wake-up"), phaseSwitch(section)
        )
    }

    private mutating func phaseSwitch(_ control: Section) -> PhaseSwitch? {
        guard let node = control["phase-switch"],
            let section = section(node, "'phase-switch'", .phaseSwitch)
        else { return nil }
        let one = steps(section, "one")
        let three = steps(section, "three")
        guard let one, let three else { return nil }
        return PhaseSwitch(toOne: one, toThree: three)
    }

    /// Values of the read-back register that mean off.
    private mutating func offValues(_ section: Section, _ readBack: RegisterID?) -> [UInt64] {
        guard let node = section["off"] else { return [] }
        guard let readBack else {
            diagnostics.error(
                node.place, "'off' tells values of a limit that is not read back",
                "Name 'read-back', or remove 'off'")
            return []
        }
        guard !draft(readBack).isBroken else { return [] }
        return elements(node).compactMap { rawNumber($0, draft(readBack)) }
    }

    // MARK: - Registers

    /// The register that takes limits: named by `setpoint`, or the one called so.
    private mutating func setpoint(_ section: Section) -> RegisterID? {
        let node =
            section["setpoint"]
            ?? DocumentNode(place: section.place, content: .scalar("setpoint"))
        guard let id = writable(node) else { return nil }
        if draft(id).dimension != .power { require(.current, id, node.place) }
        return id
    }

    /// Where the limit in force is read: named, `none`, or the setpoint itself if it can be read.
    private mutating func readBack(
        _ section: Section, _ setpoint: RegisterID?, _ dimension: Dimension
    ) -> RegisterID? {
        guard let node = section["read-back"] else {
            guard let setpoint, draft(setpoint).register.isReadable else { return nil }
            requireReadable(setpoint, draft(setpoint).place, fast: true)
            return setpoint
        }
        if case .scalar("none") = node.content { return nil }
        guard let id = readable(node, fast: true) else { return nil }
        require(dimension, id, node.place)
        return id
    }

    // MARK: - Range

    private typealias LimitRange = (
        minimum: Milliamperes, maximum: Milliamperes, step: Milliamperes
    )

    private mutating func range(_ control: Section) -> LimitRange? {
        guard let node = required(control, "range"),
            let section = section(node, "'range'", .range)
        else { return nil }
        let minimum = current(section, "minimum", from: .pilotMinimum)
        let maximum = current(section, "maximum", from: .pilotMinimum)
        let step = current(section, "step", from: Milliamperes(1))
        guard let minimum, let maximum, let step else { return nil }
        guard minimum <= maximum else {
            diagnostics.error(
                node.place, "the minimum of \(minimum) is above the maximum of \(maximum)", "")
            return nil
        }
        guard minimum.rawValue % step.rawValue == 0 else {
            diagnostics.error(
                node.place, "the minimum of \(minimum) is no multiple of the step of \(step)",
                "Limits are rounded down to multiples of the step: the minimum would be lost")
            return nil
        }
        return (minimum, maximum, step)
    }

    private mutating func current(
        _ section: Section, _ key: String, from least: Milliamperes
    ) -> Milliamperes? {
        guard let node = required(section, key) else { return nil }
        return value(node, "a current from \(least) to \(Milliamperes.pilotMaximum), such as 16A") {
            ScalarSyntax.quantity($0, .current).map { Milliamperes($0) }
                .flatMap { least...Milliamperes.pilotMaximum ~= $0 ? $0 : nil }
        }
    }

    // MARK: - Enabled

    /// `read-back`, `pilot`, `memory`, or `{ register: NAME, on: VALUES, off: VALUES }`.
    private mutating func enabled(
        _ control: Section, _ readBack: RegisterID?
    ) -> EnabledSource? {
        guard let node = required(control, "enabled") else { return nil }
        guard case .mapping = node.content else {
            let source: EnabledSource? = value(
                node,
                "'read-back', 'pilot', 'memory', or a mapping with 'register', 'on' and 'off'"
            ) {
                ["read-back": EnabledSource.readBack, "pilot": .pilot, "memory": .memory][$0]
            }
            if source == .readBack, readBack == nil {
                diagnostics.error(
                    node.place, "'enabled' is read back from a limit that cannot be read",
                    "Use 'pilot' or a register, or name 'read-back'")
            }
            return source
        }
        guard let section = section(node, "'enabled'", .enabled),
            let register = required(section, "register"),
            let id = readable(register, fast: true), let on = required(section, "on"),
            let off = required(section, "off")
        else { return nil }
        let draft = draft(id)
        guard !draft.isBroken else { return nil }
        let values = [on, off].map { elements($0).compactMap { rawNumber($0, draft) } }
        if values.contains(where: \.isEmpty) || values[0].contains(where: values[1].contains) {
            diagnostics.error(
                node.place, "'on' and 'off' do not tell apart what is on and off",
                "Give each at least one value of its own")
        }
        return .register(id, on: values[0], off: values[1])
    }
}
