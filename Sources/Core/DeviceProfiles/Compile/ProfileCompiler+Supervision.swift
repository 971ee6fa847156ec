import ChargeModel

/// The sections `failsafe` and `heartbeat`: what happens when nobody talks to the wallbox, and what
/// keeps that from happening.
extension ProfileCompiler {
    private static let timeoutRange: ClosedRange<Duration> = .seconds(1) ... .seconds(86_400)

    // MARK: - Failsafe

    /// A mapping, or `none`: that there is no failsafe must be said.
    mutating func failsafe(_ file: Section, _ control: ControlTraits?) -> Failsafe? {
        guard let node = required(file, "failsafe") else { return nil }
        if case .scalar("none") = node.content { return nil }
        let keys = ["direction", "current", "timeout", "accepts-zero"]
        guard let section = section(node, "'failsafe'", keys: keys) else { return nil }
        let direction: Failsafe.Direction? = word(section, "direction", otherwise: nil)
        let current = registerPair(section["current"], "'current'", .current)
        let timeout = timeout(section)
        let acceptsZero = truth(section, "accepts-zero", otherwise: false)
        guard let direction, let timeout, let acceptsZero else { return nil }
        let failsafe = Failsafe(
            direction: direction, current: current.write, currentReadBack: current.read,
            timeout: timeout.pair.write, timeoutReadBack: timeout.pair.read,
            timeoutValue: timeout.value, acceptsZero: acceptsZero)
        checkFailsafe(failsafe, section, control)
        return failsafe
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
        guard let section = section(node, name, keys: ["write", "read"]) else { return (nil, nil) }
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
        guard let section = section(node, "'timeout'", keys: ["write", "read", "value"]),
            let value = duration(section, "value", in: Self.timeoutRange, otherwise: nil)
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
        if failsafe.acceptsZero, failsafe.current == nil {
            diagnostics.error(
                section["accepts-zero"]?.place ?? section.place,
                "a failsafe current that cannot be set accepts nothing",
                "Remove 'accepts-zero', or name the register that takes the current")
        }
        guard let id = failsafe.current, !draft(id).isBroken else { return }
        if failsafe.acceptsZero { requireExact(0, "0 A", id, section["current"]) }
        guard let control else { return }
        requireExact(control.minimum.rawValue, "\(control.minimum)", id, section["current"])
        if draft(id).register.encode(canonical: control.maximum.rawValue, rounding: .down) == nil {
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

    // MARK: - Heartbeat

    /// `{ by: KIND or NAME = VALUE, timeout: ... }`.
    mutating func heartbeat(
        _ file: Section, _ control: ControlTraits?, _ failsafe: Failsafe?
    ) -> Heartbeat? {
        guard let section = section(file, "heartbeat", keys: ["by", "timeout"]),
            let by = required(section, "by"), let text = scalar(by, "what keeps the link alive")
        else { return nil }
        switch text {
        case "none":
            if let node = section["timeout"] {
                diagnostics.error(
                    node.place, "there is no heartbeat and it has a timeout", "Remove 'timeout'")
            }
            return Heartbeat(kind: .none, timeout: .fixed(.zero))
        case "rewrite-failsafe-timeout":
            return failsafeHeartbeat(section, by, failsafe)
        default:
            let kind = heartbeatKind(text, by, control)
            let timeout = heartbeatTimeout(section)
            guard let kind, let timeout else { return nil }
            return Heartbeat(kind: kind, timeout: timeout)
        }
    }

    private mutating func heartbeatKind(
        _ text: String, _ node: DocumentNode, _ control: ControlTraits?
    ) -> Heartbeat.Kind? {
        switch text {
        case "any-read": return .anyRead
        case "rewrite-setpoint":
            if let control { forbidWear(control.setpoint, node.place) }
            return .rewriteSetpoint
        default: break
        }
        guard let (name, value) = ScalarSyntax.assignment(text) else {
            let kinds = ["none", "any-read", "rewrite-setpoint", "rewrite-failsafe-timeout"]
            let suggestion = Spelling.suggestion(for: text, among: kinds)
            diagnostics.error(
                node.place, "'by' cannot be '\(text)'",
                "\(suggestion) Or write a value: 'register = value'")
            return nil
        }
        guard let write = assignment(name, value, node.place) else { return nil }
        forbidWear(write.register, node.place)
        guard case .raw(let raw) = write.value else {
            diagnostics.error(
                node.place, "a heartbeat writes a limit", "Use 'by: rewrite-setpoint'")
            return nil
        }
        return .write(write.register, raw)
    }

    /// The timeout is the failsafe's: said once, there.
    private mutating func failsafeHeartbeat(
        _ section: Section, _ by: DocumentNode, _ failsafe: Failsafe?
    ) -> Heartbeat? {
        guard let failsafe, let register = failsafe.timeout else {
            diagnostics.error(
                by.place, "no failsafe timeout can be written again",
                "Name the register in 'failsafe': 'timeout: { write: NAME, value: 30s }'")
            return nil
        }
        forbidWear(register, by.place)
        if let node = section["timeout"] {
            diagnostics.error(
                node.place, "the timeout of this heartbeat is that of the failsafe",
                "Remove 'timeout' here")
        }
        return Heartbeat(kind: .rewriteFailsafeTimeout, timeout: .fixed(failsafe.timeoutValue))
    }

    /// A duration, `{ register: NAME, otherwise: 30s }` or `{ remaining: NAME, otherwise: 10s }`.
    private mutating func heartbeatTimeout(_ heartbeat: Section) -> Heartbeat.Timeout? {
        guard let node = required(heartbeat, "timeout") else { return nil }
        guard case .mapping = node.content else {
            return duration(node, in: Self.timeoutRange).map { .fixed($0) }
        }
        let keys = ["register", "remaining", "otherwise"]
        guard let section = section(node, "'timeout'", keys: keys) else { return nil }
        let value = duration(section, "otherwise", in: Self.timeoutRange, otherwise: nil)
        switch (section["register"], section["remaining"]) {
        case (let node?, nil):
            guard let id = readable(node), let value else { return nil }
            require(.time, id, node.place)
            return .register(id, otherwise: value)
        case (nil, let node?):
            guard let id = readable(node, fast: true), let value else { return nil }
            require(.time, id, node.place)
            return .remaining(id, otherwise: value)
        default:
            diagnostics.error(
                section.place, "the timeout is told by one register",
                "Give 'register' (the timeout) or 'remaining' (what is left of it)")
            return nil
        }
    }

    /// A heartbeat writes for ever: 10 s apart, flash memory of 100,000 cycles lasts 12 days.
    private mutating func forbidWear(_ id: RegisterID, _ place: Place) {
        guard draft(id).register.persistence == .retentive else { return }
        diagnostics.error(
            place, "the heartbeat writes '\(draft(id).register.name)', kept in flash memory",
            "Use a volatile register: the heartbeat would wear the memory out within weeks")
    }
}
