import ChargeModel

/// What the state rules make of the values.
package enum PilotDecoding: Hashable, Sendable {
    case state(PilotState)
    case absent(Absence)
}

extension DeviceProfile {
    /// The pilot state by the state rules: that of the first rule whose conditions all hold.
    ///
    /// A rule that could hold, but for a value that is missing, makes the state absent for that
    /// value's reason: what cannot be known is not decided by the rules after it. A register that is
    /// known not to be there (`.notProvided`) fulfils nothing. When no rule holds the state is
    /// `.implausible`.
    package func pilotState(_ values: RegisterValues) -> PilotDecoding {
        stateRules.pilotState(values)
    }
}

extension [StateRule] {
    func pilotState(_ values: RegisterValues) -> PilotDecoding {
        for rule in self {
            switch rule.verdict(values) {
            case .holds: return .state(rule.state)
            case .fails: continue
            case .unknown(let absence): return .absent(absence)
            }
        }
        return .absent(.implausible)
    }
}

extension StateRule {
    /// Whether all conditions hold for values that are there.
    func holds(_ values: RegisterValues) -> Bool {
        if case .holds = verdict(values) { true } else { false }
    }

    fileprivate enum Verdict {
        case holds, fails
        case unknown(Absence)
    }

    /// One condition that fails settles it, whatever the others lack.
    fileprivate func verdict(_ values: RegisterValues) -> Verdict {
        var missing: Absence?
        for condition in conditions {
            switch values[condition.register] ?? .unavailable(.notYetRead) {
            case .unavailable(.notProvided): return .fails
            case .unavailable(let absence): missing = missing ?? absence
            case let value where condition.test.holds(value): continue
            case .number, .text: return .fails
            }
        }
        return missing.map(Verdict.unknown) ?? .holds
    }
}

extension RegisterCondition.Test {
    /// Whether the test holds for a value that is there.
    package func holds(_ value: DecodedValue) -> Bool {
        switch (self, value) {
        case (.oneOf(let wanted), .number(_, let raw)): wanted.contains(raw)
        case (.text(let wanted), .text(let text)): wanted.contains(text)
        case (.allBitsSet(let mask), .number(_, let raw)): raw & mask == mask
        case (.noBitSet(let mask), .number(_, let raw)): raw & mask == 0
        case (.range(let range), .number(let canonical, _)): range.contains(canonical)
        default: false
        }
    }
}
