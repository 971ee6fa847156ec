import ChargeModel

/// The section `failsafe`: what happens when nobody talks to the wallbox.
extension ProfileCompiler {
    static let timeoutRange: ClosedRange<Duration> = .seconds(1) ... .seconds(86_400)

    /// A mapping, or `none`: that there is no failsafe must be said.
    mutating func failsafe(_ file: Section, _ control: ControlTraits?) -> Failsafe? {
        guard let node = required(file, "failsafe") else { return nil }
        if case .scalar("none") = node.content { return nil }
        guard let section = section(node, "'failsafe'", .failsafe) else { return nil }
        let direction: Failsafe.Direction? = word(section, "direction")
        let current = registerPair(
            section["current"], "'current'", control?.isSetInWatts == true ? .power : .current)
        let timeout = timeout(section)
        let acceptsZero = truth(section, "accepts-zero")
        let arm = section["arm"].map { self.steps($0, "arm") } ?? []
        let armed = section["armed"].map { self.conditions($0, .whenever) } ?? []
        guard let direction, let timeout, let acceptsZero, let arm else { return nil }
        let failsafe = Failsafe(
            direction: direction, current: current.write, currentReadBack: current.read,
            timeout: timeout.pair.write, timeoutReadBack: timeout.pair.read,
            timeoutValue: timeout.value, acceptsZero: acceptsZero, arm: arm, armedWhen: armed)
        record(failsafe, section)
        checkFailsafe(failsafe, section, control)
        return failsafe
    }

    /// What arming writes, beside the steps of `arm`.
    private mutating func record(_ failsafe: Failsafe, _ section: Section) {
        if let current = failsafe.current {
            writes.append(
                RecordedWrite(
                    register: current, value: .failsafeCurrent,
                    place: section["current"]?.place ?? section.place))
        }
        let value = Int(failsafe.timeoutValue.milliseconds)
        if let timeout = failsafe.timeout, !draft(timeout).isBroken,
            let raw = draft(timeout).register.raw(ofCanonical: value)
        {
            writes.append(
                RecordedWrite(
                    register: timeout, value: .fixed(raw),
                    place: section["timeout"]?.place ?? section.place))
        }
    }

    private typealias RegisterPair = (write: RegisterID?, read: RegisterID?)

    /// `NAME` for a register with both sides, or `{ write: NAME, read: NAME }`.
    private mutating func registerPair(
        _ node: DocumentNode?, _ name: String, _ dimension: Dimension
    ) -> RegisterPair {
        guard let node else { return (nil, nil) }
        guard case .mapping = node.content else {
            guard let id = writable(node) else { return (nil, nil) }
            requireReadable(id, node.place, fast: false)
            require(dimension, id, node.place)
            return (id, id)
        }
        guard let section = section(node, name, .failsafeCurrent) else { return (nil, nil) }
        return registerPair(section, dimension)
    }

    private mutating func registerPair(
        _ section: Section, _ dimension: Dimension
    ) -> RegisterPair {
        let write = section["write"].flatMap { writable($0) }
        let read = section["read"].flatMap { readable($0) }
        if let write, let node = section["write"] { require(dimension, write, node.place) }
        if let read, let node = section["read"] { require(dimension, read, node.place) }
        return (write, read)
    }

    /// `{ write: NAME, read: NAME, value: 30s }`, or the duration alone where it cannot be set.
    private mutating func timeout(_ failsafe: Section) -> (pair: RegisterPair, value: Duration)? {
        guard let node = required(failsafe, "timeout") else { return nil }
        guard case .mapping = node.content else {
            return duration(node, in: Self.timeoutRange).map { ((nil, nil), $0) }
        }
        guard let section = section(node, "'timeout'", .failsafeTimeout),
            let value = duration(section, "value")
        else { return nil }
        return (registerPair(section, .time), value)
    }

    private mutating func checkFailsafe(
        _ failsafe: Failsafe, _ section: Section, _ control: ControlTraits?
    ) {
        if let id = failsafe.timeout, !draft(id).isBroken {
            let value = Int(failsafe.timeoutValue.milliseconds)
            requireExact(value, "\(failsafe.timeoutValue.inWords)", id, section["timeout"])
        }
        if let node = section["arm"], let control {
            if failsafe.arm.contains(where: \.writesLimit) {
                diagnostics.error(
                    node.place, "'arm' writes a limit",
                    "Arming moves no current: write fixed values")
            }
            forbidLimits(failsafe.arm, [control.setpoint], "arm", node.place)
        }
        if failsafe.acceptsZero, failsafe.current == nil {
            diagnostics.error(
                section["accepts-zero"]?.place ?? section.place,
                "a failsafe current that cannot be set accepts nothing",
                "Remove 'accepts-zero', or name the register that takes the current")
        }
        guard let id = failsafe.current, !draft(id).isBroken else { return }
        if failsafe.acceptsZero { requireExact(0, "0 A", id, section["current"]) }
        guard let control else { return }
        if !control.isSetInWatts {
            requireExact(control.minimum.rawValue, "\(control.minimum)", id, section["current"])
        }
        let greatest = control.greatestSetting(phases: 3)
        if draft(id).register.encode(canonical: greatest, rounding: .down) == nil {
            diagnostics.error(
                section["current"]?.place ?? section.place,
                "the maximum of \(control.maximum) does not fit '\(draft(id).register.name)'",
                "Check the type, the unit and the scale")
        }
    }

    private mutating func requireExact(
        _ canonical: Int, _ inWords: String, _ id: RegisterID, _ node: DocumentNode?
    ) {
        let register = draft(id).register
        let words = register.encode(canonical: canonical, rounding: .down)
        guard words.flatMap({ register.decode($0[...]).canonical }) != canonical else { return }
        diagnostics.error(
            node?.place ?? .start, "'\(register.name)' cannot express \(inWords)",
            "Check its type, unit and scale, or give a value that it can express")
    }
}
