import ChargeModel
import DeviceProfiles

// What readings mean.
extension DriverEngine {
    /// What the last poll shows of the setpoint.
    var foundSetpoint: SetpointBelief {
        let limit = foundLimit
        let isOn: Bool? =
            switch profile.control.enabled {
            case .readBack: limit.map { $0 > .zero }
            // A defect tells nothing: when it is over, what the wallbox was told last is in force.
            case .pilot:
                snapshot.pilot.value.flatMap { $0.isVehicleConnected == true ? $0.isOffering : nil }
            case .memory:
                snapshot.pilot.value?.isDrawing == true
                    ? true : isOn(showing: limit) ?? reconciler.belief.isOn
            case .register(let register, let on, let off): isOn(register, on: on, off: off)
            }
        // Switched on with nothing in force is not the same as an unknown limit.
        let isTold = isOn == true || limit.map { $0 > .zero } == true
        return SetpointBelief(isOn: isOn, limit: isTold ? limit : nil)
    }

    /// What a limit that is shown tells where nothing says whether it is switched on: 0 is off as well.
    /// Where 0 is how it is switched off, and may be shown as the minimum, more than that is on.
    private func isOn(showing limit: Milliamperes?) -> Bool? {
        guard let limit else { return nil }
        if limit == .zero { return false }
        return facts.isPausedBySetpoint && limit > profile.control.minimum ? true : nil
    }

    /// A setpoint that has expired is in force no more: the fallback is.
    private var foundLimit: Milliamperes? {
        guard let readBack = profile.control.readBack, let value = values[readBack] else {
            return nil
        }
        if case .number(_, let raw) = value, profile.control.offValues.contains(raw) {
            return .zero
        }
        guard let found = value.canonical.map({ shownLimit($0) }) else { return nil }
        guard case .remaining(let register, _) = profile.heartbeat.timeout,
            values[register]?.canonical == 0
        else { return found }
        let fallback = profile.failsafe?.currentReadBack.flatMap { values[$0]?.canonical }
        return fallback.map { min(shownLimit($0), found) }
    }

    /// What the wallbox does while its failsafe holds it; nil where it does not fall, or is switched
    /// off. What cannot be read may be 0.
    var fallback: Milliamperes? {
        guard let failsafe = profile.failsafe else { return nil }
        switch failsafe.direction {
        case .up, .hold: return nil
        case .stop: return .zero
        case .down: break
        }
        if let timeout = failsafe.timeoutReadBack, values[timeout]?.canonical == 0 { return nil }
        if case .remaining(let left, _) = profile.heartbeat.timeout,
            values[left]?.canonical ?? 0 > 0
        {
            return nil
        }
        return failsafe.currentReadBack.flatMap { values[$0]?.canonical }
            .map { shownLimit($0) } ?? .zero
    }

    /// A limit that is read, per phase.
    func shownLimit(_ canonical: Int) -> Milliamperes {
        facts.isSetInWatts
            ? profile.limit(of: Watts(canonical), phases: phases) : Milliamperes(canonical)
    }

    private func isOn(_ register: RegisterID, on: [UInt64], off: [UInt64]) -> Bool? {
        guard case .number(_, let raw)? = values[register] else { return nil }
        if on.contains(raw) { return true }
        return off.contains(raw) ? false : nil
    }

    /// Whether nothing but the measured currents tells that a limit is in force: it cannot be read, or
    /// not now.
    var isJudgedByCurrents: Bool {
        profile.control.readBack.map { values[$0]?.isAvailable != true } ?? true
    }

    /// Whether the measured currents fit the goal, where nothing better tells that it is in force:
    /// within 0.5 A and 10 % (requirement R10).
    func isWithinLimit(_ goal: SetpointReconciler.Goal?) -> Bool {
        guard isJudgedByCurrents, let goal else { return true }
        let allowed = (goal.limit.rawValue + 500) * 11 / 10
        return snapshot.currents.allSatisfy { ($0.value?.rawValue ?? 0) <= allowed }
    }

    func application(at now: TimePoint) -> TargetApplication {
        guard let target else { return .none }
        let revision = target.revision
        switch reconciler.progress {
        case .pending:
            if let write = withheldWrite(at: now) {
                return .withheld(revision: revision, write: write)
            }
            if let goal = goal(at: now.monotonic),
                let until = heldUntil(goal, at: now.monotonic)
            {
                return .held(revision: revision, until: until)
            }
            return .pending(revision: revision)
        case .written(let time):
            return .written(revision: revision, at: time)
        case .verified(let offered, let time):
            return .verified(revision: revision, offered: offered, at: time)
        case .refused(let reason):
            return .refused(revision: revision, reason: reason)
        case .contradicted(let found):
            return .contradicted(revision: revision, found: found)
        }
    }

    /// What would be written of the goal if anything were.
    private func withheldWrite(at now: TimePoint) -> String? {
        guard configuration.isReadOnly, contact == .established,
            let goal = goal(at: now.monotonic),
            let command = reconciler.command(for: goal, at: now.monotonic)
        else { return nil }
        return command.isProvisional ? "limit to \(goal.limit)" : describe(command)
    }

    func conditions(at now: TimePoint) -> [ChargerCondition] {
        var conditions: [ChargerCondition] = []
        if case .foreign(let reason) = contact { conditions.append(.wrongDevice(reason: reason)) }
        if reconciler.hasFault { conditions.append(.writesNotApplied) }
        if reconciler.hasCompetitor(at: now.monotonic) { conditions.append(.competingController) }
        if let reason = connectorProblem { conditions.append(.wrongConnectors(reason: reason)) }
        if let problem = preparationProblem {
            conditions.append(.notPrepared(reason: problem))
        }
        if let reason = phaseProblem { conditions.append(.phasesNotKnown(reason: reason)) }
        conditions += vehicleConditions(at: now.monotonic)
        if let reason = failsafe.warning(goal: goal(at: now.monotonic)?.limit) {
            conditions.append(.failsafeNotArmed(reason: reason))
        }
        return conditions
    }

    /// Why the device is not the one of the profile; nil when it is.
    var identityProblem: String? {
        for rule in profile.identity {
            guard let value = values[rule.register], value != .unavailable(.notProvided),
                !rule.match.accepts(value)
            else { continue }
            return """
                the device at this address is not a \(profile.title): \(profile[rule.register].name) reads \
                \(value.forPeople)
                """
        }
        return nil
    }

    /// That the station has another number of connectors than its profile; nil when it has not, or
    /// does not tell.
    private var connectorProblem: String? {
        let tellers = facts.registers(measuring: .connectors)
        guard let found = values.first(of: tellers)?.canonical,
            found != profile.connectorCount
        else { return nil }
        return """
            the station says that it has \(found) connectors, and the profile \(profile.id) has \
            \(profile.connectorCount): check 'profile' and 'connector' of this charger
            """
    }
}

/// What tells one device, and one run of it, from another (requirement R13).
struct DeviceMark: Hashable, Codable, Sendable {
    var serial: DecodedValue?
    /// Milliseconds.
    var uptime: Int?

    /// What is not told now is as it was told last.
    func completed(by before: DeviceMark) -> DeviceMark {
        DeviceMark(serial: serial ?? before.serial, uptime: uptime ?? before.uptime)
    }

    /// Whether this was taken from another device than before, or from the same after a restart.
    func isNewDevice(than before: DeviceMark) -> Bool {
        if let serial, let old = before.serial, serial != old { return true }
        guard let uptime, let old = before.uptime else { return false }
        return uptime < old
    }

    /// Whether a serial number tells that it was the same device, restarted or not.
    func hasSerial(of before: DeviceMark) -> Bool {
        serial != nil && serial == before.serial
    }
}

extension IdentityRule.Match {
    func accepts(_ value: DecodedValue) -> Bool {
        switch (self, value) {
        case (.equals(let accepted), .number(_, let raw)): accepted.contains(raw)
        case (.range(let range), .number(let canonical, _)): range.contains(canonical)
        case (.prefix(let prefixes), .text(let text)):
            prefixes.contains { text.lowercased().hasPrefix($0.lowercased()) }
        default: false
        }
    }
}

extension DecodedValue {
    var isAvailable: Bool {
        if case .unavailable = self { false } else { true }
    }

    /// As people read it.
    var forPeople: String {
        switch self {
        case .number(let canonical, _): "\(canonical)"
        case .text(let text): "\"\(text)\""
        case .unavailable(let absence): "nothing (\(absence.rawValue))"
        }
    }
}
