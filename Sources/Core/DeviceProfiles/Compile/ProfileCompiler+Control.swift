import ChargeModel

/// The section `control`: how a limit is written and known to be in force.
extension ProfileCompiler {
    private static let controlKeys = [
        "setpoint", "read-back", "range", "enabled", "charge", "limit", "idle", "settle",
        "write-interval",
    ]

    mutating func control(_ file: Section) -> ControlTraits? {
        guard let section = section(file, "control", keys: Self.controlKeys) else { return nil }
        let setpoint = setpoint(section)
        let readBack = readBack(section, setpoint)
        let range = range(section)
        let enabled = enabled(section, readBack)
        let charge = steps(section, "charge")
        let limit = steps(section, "limit")
        let idle = steps(section, "idle")
        let settle = duration(
            section, "settle", in: .zero ... .seconds(60), otherwise: .seconds(2))
        let interval = duration(
            section, "write-interval", in: .zero ... .seconds(300), otherwise: .seconds(5))
        guard let setpoint, let range, let enabled, let charge, let limit, let idle, let settle,
            let interval
        else { return nil }
        let control = ControlTraits(
            setpoint: setpoint, readBack: readBack, minimum: range.minimum,
            maximum: range.maximum, step: range.step, enabled: enabled, charge: charge,
            limit: limit, idle: idle, settle: settle, minimumWriteInterval: interval)
        checkControl(control, section)
        return control
    }

    // MARK: - Registers

    /// The register that takes limits: named by `setpoint`, or the one called so.
    private mutating func setpoint(_ section: Section) -> RegisterID? {
        let node =
            section["setpoint"]
            ?? DocumentNode(place: section.place, content: .scalar("setpoint"))
        guard let id = writable(node) else { return nil }
        require(.current, id, node.place)
        return id
    }

    /// Where the limit in force is read: named, `none`, or the setpoint itself if it can be read.
    private mutating func readBack(_ section: Section, _ setpoint: RegisterID?) -> RegisterID? {
        guard let node = section["read-back"] else {
            guard let setpoint, draft(setpoint).register.isReadable else { return nil }
            requireReadable(setpoint, draft(setpoint).place, fast: true)
            return setpoint
        }
        if case .scalar("none") = node.content { return nil }
        guard let id = readable(node, fast: true) else { return nil }
        require(.current, id, node.place)
        return id
    }

    // MARK: - Range

    private typealias LimitRange = (
        minimum: Milliamperes, maximum: Milliamperes, step: Milliamperes
    )

    private mutating func range(_ control: Section) -> LimitRange? {
        guard let node = required(control, "range"),
            let section = section(node, "'range'", keys: ["minimum", "maximum", "step"])
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

    /// 6 A is the least that the pilot signal offers, 80 A the most (IEC 61851-1, duty cycle).
    private static let pilotMaximum = Milliamperes.amperes(80)

    private mutating func current(
        _ section: Section, _ key: String, from least: Milliamperes
    ) -> Milliamperes? {
        guard let node = required(section, key) else { return nil }
        return value(node, "a current from \(least) to \(Self.pilotMaximum), such as 16A") {
            ScalarSyntax.quantity($0, .current).map { Milliamperes($0) }
                .flatMap { least...Self.pilotMaximum ~= $0 ? $0 : nil }
        }
    }

    // MARK: - Enabled

    /// `read-back`, `pilot`, or `{ register: NAME, on: VALUES, off: VALUES }`.
    private mutating func enabled(
        _ control: Section, _ readBack: RegisterID?
    ) -> EnabledSource? {
        guard let node = required(control, "enabled") else { return nil }
        guard case .mapping = node.content else {
            let source: EnabledSource? = value(
                node, "'read-back', 'pilot', or a mapping with 'register', 'on' and 'off'"
            ) {
                ["read-back": EnabledSource.readBack, "pilot": .pilot][$0]
            }
            if source == .readBack, readBack == nil {
                diagnostics.error(
                    node.place, "'enabled' is read back from a limit that cannot be read",
                    "Use 'pilot' or a register, or name 'read-back'")
            }
            return source
        }
        guard let section = section(node, "'enabled'", keys: ["register", "on", "off"]),
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

    // MARK: - Commands

    private static let maximumSteps = 16

    private mutating func steps(_ section: Section, _ key: String) -> [CommandStep]? {
        guard let node = required(section, key) else { return nil }
        let elements = elements(node)
        guard 1...Self.maximumSteps ~= elements.count else {
            diagnostics.error(
                node.place, "'\(key)' has \(elements.count) steps",
                "Give 1 to \(Self.maximumSteps): '[ register = value, wait 2s ]'")
            return nil
        }
        let steps = elements.compactMap { step($0) }
        return steps.count == elements.count ? steps : nil
    }

    private mutating func step(_ node: DocumentNode) -> CommandStep? {
        let expected = "a step: 'register = value', 'register = limit' or 'wait 2s'"
        guard let text = scalar(node, expected) else { return nil }
        if text.hasPrefix("wait ") {
            let pause = DocumentNode(
                place: node.place, content: .scalar(String(text.dropFirst(5)).trimmingBlanks()))
            return duration(pause, in: .milliseconds(1) ... .seconds(60)).map { .wait($0) }
        }
        guard let (name, value) = ScalarSyntax.assignment(text) else {
            diagnostics.error(node.place, "'\(text)' is not \(expected)", "")
            return nil
        }
        return assignment(name, value, node.place).map { .write($0.register, $0.value) }
    }

    /// `NAME = VALUE`, of a command or a heartbeat.
    mutating func assignment(
        _ name: String, _ value: String, _ place: Place
    ) -> (register: RegisterID, value: CommandValue)? {
        guard let id = reference(name, place) else { return nil }
        requireWritable(id, place)
        guard value != "limit" else {
            require(.current, id, place)
            return (id, .limit)
        }
        guard !draft(id).isBroken else { return nil }
        let node = DocumentNode(place: place, content: .scalar(value))
        return rawNumber(node, draft(id)).map { (id, .raw($0)) }
    }
}
