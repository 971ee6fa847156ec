import ChargeModel

/// The section `heartbeat`: what keeps the wallbox from taking its controller for dead.
extension ProfileCompiler {
    private static let maximumKinds = 4

    /// `{ by: KIND, NAME = VALUE or a list of them, timeout: ..., every: 5s }`.
    mutating func heartbeat(
        _ file: Section, _ control: ControlTraits?, _ failsafe: Failsafe?
    ) -> Heartbeat? {
        guard let section = section(file, "heartbeat", .heartbeat),
            let by = required(section, "by")
        else { return nil }
        let elements = elements(by)
        guard 1...Self.maximumKinds ~= elements.count else {
            diagnostics.error(
                by.place, "'by' has \(elements.count) signs of life",
                "Give 1 to \(Self.maximumKinds), or 'none'")
            return nil
        }
        let kinds = elements.compactMap { heartbeatKind($0, control, failsafe) }
        guard kinds.count == elements.count, let first = kinds.first else { return nil }
        checkKinds(kinds, elements)
        guard first != .none else { return noHeartbeat(section) }
        guard
            let timeout = kinds.contains(.rewriteFailsafeTimeout)
                ? failsafeTimeout(section, failsafe) : heartbeatTimeout(section)
        else { return nil }
        return Heartbeat(
            kind: first, further: Array(kinds.dropFirst()), timeout: timeout,
            longestPeriod: period(section, timeout))
    }

    private mutating func noHeartbeat(_ section: Section) -> Heartbeat {
        for key in ["timeout", "every"] {
            guard let node = section[key] else { continue }
            let what = key == "timeout" ? "a timeout" : "a period"
            diagnostics.error(
                node.place, "there is no heartbeat and it has \(what)", "Remove '\(key)'")
        }
        return Heartbeat(kind: .none, timeout: .fixed(.zero))
    }

    private mutating func heartbeatKind(
        _ node: DocumentNode, _ control: ControlTraits?, _ failsafe: Failsafe?
    ) -> Heartbeat.Kind? {
        guard let text = scalar(node, "what keeps the link alive") else { return nil }
        switch text {
        case "none": return Heartbeat.Kind.none
        case "any-read": return .anyRead
        case "rewrite-setpoint":
            if let control { forbidWear(control, node.place) }
            return .rewriteSetpoint
        case "rewrite-failsafe-timeout":
            guard let register = failsafe?.timeout else {
                diagnostics.error(
                    node.place, "no failsafe timeout can be written again",
                    "Name the register in 'failsafe': 'timeout: { write: NAME, value: 30s }'")
                return nil
            }
            forbidWear(register, node.place)
            return .rewriteFailsafeTimeout
        default: return heartbeatWrite(text, node)
        }
    }

    private mutating func heartbeatWrite(_ text: String, _ node: DocumentNode) -> Heartbeat.Kind? {
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

    private mutating func checkKinds(_ kinds: [Heartbeat.Kind], _ elements: [DocumentNode]) {
        for (index, element) in elements.enumerated().dropFirst() {
            if kinds[..<index].contains(kinds[index]) {
                diagnostics.error(element.place, "this sign of life is given twice", "Remove one")
            } else if kinds[index] == .none || kinds[0] == .none {
                diagnostics.error(
                    element.place, "'none' stands beside a heartbeat",
                    "Give 'by: none' alone, or remove it")
            }
        }
    }

    /// `every`: the longest time between two, where a third of the timeout is too long.
    private mutating func period(
        _ section: Section, _ timeout: Heartbeat.Timeout
    ) -> Duration? {
        guard let node = section["every"], let period = duration(section, "every") else {
            return nil
        }
        if case .fixed(let timeout) = timeout, period > timeout / 3 {
            diagnostics.warning(
                node.place, "'every' of \(period.inWords) is longer than a third of the timeout",
                "A heartbeat comes every third of its timeout anyway: remove 'every'")
        }
        return period
    }

    // MARK: - Timeout

    /// The timeout is the failsafe's: said once, there.
    private mutating func failsafeTimeout(
        _ section: Section, _ failsafe: Failsafe?
    ) -> Heartbeat.Timeout? {
        if let node = section["timeout"] {
            diagnostics.error(
                node.place, "the timeout of this heartbeat is that of the failsafe",
                "Remove 'timeout' here")
        }
        return failsafe.map { .fixed($0.timeoutValue) }
    }

    /// A duration, `{ register: NAME, otherwise: 30s }` or `{ remaining: NAME, otherwise: 10s }`.
    private mutating func heartbeatTimeout(_ heartbeat: Section) -> Heartbeat.Timeout? {
        guard let node = required(heartbeat, "timeout") else { return nil }
        guard case .mapping = node.content else {
            return duration(node, in: Self.timeoutRange).map { .fixed($0) }
        }
        guard let section = section(node, "'timeout'", .heartbeatTimeout) else { return nil }
        let value = duration(section, "otherwise")
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

    // MARK: - Wear

    /// Every register that renewing the limit writes.
    private mutating func forbidWear(_ control: ControlTraits, _ place: Place) {
        var told: [RegisterID] = []
        for id in (control.limit + control.idle).flatMap(\.written) where !told.contains(id) {
            told.append(id)
            forbidWear(id, place)
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
