import ChargeModel
import DeviceProfiles
import Modbus

// Steps that are being carried out: of commands, and of what a wallbox has to be told besides.
//
// event                     steps under way                  what it does
// contact established       none                             prepares the wallbox (on-connect)
// reduction due             a command, arming, a heartbeat   drops them
// reduction due             waking a vehicle                 goes first; the rest follows
// 30 s after a resumption   none                             wakes the vehicle (wake-up)
// 10 s at 0 A are over      none                             switches phases (phase-switch)
// reduction due             switching phases                 drops them: what stands is read
// goal changed              a command, a heartbeat           drops them
// link lost                 waking a vehicle                 the rest follows after the next contact
// end asked for, goal met   none                             hands the wallbox over (on-disconnect)
extension DriverEngine {
    /// Begins what is due and takes the steps that need no transaction. Nothing happens while an
    /// answer is being waited for.
    package mutating func settle(at now: TimePoint) {
        guard outstanding == nil else { return }
        followGoal(at: now)
        if let nextLook, now.monotonic >= nextLook { cycle.startNow(at: now.monotonic) }
        guard contact == .established, !configuration.isReadOnly else { return }
        // The time for a sign of life may run out between two polls.
        if reconciler.fallenTo == nil { doubtFailsafe(at: now.monotonic) }
        // Each round ends some steps; preparing, a command and the rest of others make three.
        for _ in 0..<4 {
            if running == nil { running = nextSteps(at: now) }
            guard var steps = running else { return }
            let state = steps.settle(
                profile, values, readAt: { readAt[$0.rawValue]?.monotonic }, at: now.monotonic)
            if steps.awaited != running?.awaited { cycle.force(steps.awaited) }
            running = steps
            switch state {
            case .ready:
                guard let denied = deniedWrite(steps) else { return }
                abandon(steps, reason: denied, at: now)
            case .waiting:
                return
            case .finished:
                finish(steps, at: now)
            case .givenUp(let reason):
                abandon(steps, reason: reason, at: now)
            }
        }
    }

    private mutating func nextSteps(at now: TimePoint) -> RunningSteps? {
        if !isPrepared {
            return RunningSteps(
                .connect, profile.operations(for: profile.control.onConnect, limit: .zero))
        }
        if let rest = interrupted {
            interrupted = nil
            return rest
        }
        guard ending == .due,
            goal(at: now.monotonic).flatMap({
                command(for: $0, at: now.monotonic)
            }) == nil
        else { return nil }
        return RunningSteps(
            .disconnect, profile.operations(for: profile.control.onDisconnect, limit: .zero))
    }

    /// Begins steps; a rest of others is carried out after them.
    mutating func begin(_ steps: RunningSteps, at now: TimePoint) {
        if let running, running.purpose.isToBeEnded { interrupted = running }
        brokenOff(running, at: now)
        running = steps
        countWear(of: steps, at: now)
        switch steps.purpose {
        case .command(let command): reconciler.began(command, at: now.monotonic)
        case .phaseSwitch: phaseSwitcher.began(at: now.monotonic)
        case .heartbeat: reconciler.beatBegan(at: now.monotonic)
        case .connect, .disconnect, .arm, .wakeUp: break
        }
    }

    /// Drops steps that serve a goal which is not there any more.
    mutating func dropSteps(at now: TimePoint) {
        if let running, running.purpose.isToBeEnded { interrupted = running }
        brokenOff(running, at: now)
        running = nil
    }

    // MARK: - The last line

    /// Why the first step left is never written; nil when it may be.
    private func deniedWrite(_ steps: RunningSteps) -> String? {
        guard case .write(_, let operation)? = steps.left.first, profile.denies(operation) else {
            return nil
        }
        return "the profile \(profile.id) forbids to write \(operation.address)"
    }

    // MARK: - How they end

    private mutating func finish(_ steps: RunningSteps, at now: TimePoint) {
        running = nil
        switch steps.purpose {
        case .command(let command):
            guard steps.hasActed else {
                return abandon(
                    steps, reason: "no register that takes it is there", at: now)
            }
            reconciler.confirmed(command, at: now)
            if command.kind == .charge { resumed(at: now) }
            heartbeat.beaten(.rewriteSetpoint, at: now.monotonic)
            doubtFailsafe(at: now.monotonic)
            cycle.startNow(at: now.monotonic)
        case .connect:
            isPrepared = true
            preparationProblem = nil
        case .disconnect:
            ending = .done
        case .arm:
            failsafe.armed()
            cycle.force(failsafe.readBack)
        case .heartbeat(let kind):
            beaten(kind, at: now)
        case .wakeUp:
            break
        case .phaseSwitch:
            guard steps.hasActed else {
                return abandon(
                    steps, reason: "this unit has no register that switches phases", at: now)
            }
            phaseSwitcher.switched(at: now.monotonic)
            cycle.force(profile.phaseRegisters)
            cycle.startNow(at: now.monotonic)
        }
        if let request = steps.lastRequest { told.append(wrote(describe(steps.purpose), request)) }
    }

    /// - Parameters:
    ///   - request: What was refused, if something was.
    ///   - reason: In words, for the action and the log.
    mutating func abandon(
        _ steps: RunningSteps, refused request: ModbusRequest? = nil, reason: String,
        at now: TimePoint
    ) {
        running = nil
        switch steps.purpose {
        case .command(let command):
            let limits = self.steps(of: command).flatMap(\.flat).compactMap { step in
                if case .write(let id, .limit) = step { profile[id].address } else { nil }
            }
            reconciler.refused(
                command, isUntouched: !steps.hasWritten,
                isLimitUntouched: !limits.contains(where: steps.addresses.contains)
                    && request.map { !limits.contains($0.operation.address) } ?? true,
                reason: reason, at: now.monotonic)
            cycle.startNow(at: now.monotonic)
        case .connect:
            isPrepared = true
            preparationProblem = reason
        case .disconnect:
            ending = .done
        case .arm:
            failsafe.armingRefused(at: now.monotonic)
        case .heartbeat(let kind):
            heartbeat.refused(kind, at: now.monotonic)
        case .wakeUp:
            break
        case .phaseSwitch:
            phaseSwitcher.stepsFailed(reason, at: now.monotonic)
        }
        if let request = request ?? steps.lastRequest {
            told.append(wrote(describe(steps.purpose), request, refusal: reason))
        }
    }

    // MARK: - What is answered

    /// The first step left was written, and confirmed.
    mutating func stepConfirmed(_ request: ModbusRequest, at now: TimePoint) {
        reconciler.stepConfirmed(at: now.monotonic)
        countWear(of: request, at: now)
        // The goal may have changed while the write was under way: then its command is gone.
        running?.confirmed(request)
    }

    /// The register that is to be modified was read.
    mutating func stepRead(_ words: [UInt16], at now: TimePoint) {
        guard case .modify(let register, let set, let clear)? = running?.left.first else { return }
        let change = profile.change(register, holding: words, set: set, clear: clear)
        running?.read(change)
    }

    /// A sign of life was taken. One that comes too late found the wallbox in its failsafe: what was
    /// written before counts for nothing.
    mutating func beaten(_ kind: Heartbeat.Kind, at now: TimePoint) {
        reconciler.beatEnded(at: now.monotonic)
        if heartbeat.hasLapsed(kind, at: now.monotonic) {
            reconciler.contactLost(at: now.monotonic)
        }
        heartbeat.beaten(kind, at: now.monotonic)
        doubtFailsafe(at: now.monotonic)
    }

    /// Tells what may be in force instead of the setpoint.
    mutating func doubtFailsafe(at now: MonotonicInstant) {
        reconciler.fallenTo = heartbeat.mayHaveLapsed(at: now) ? fallback : nil
    }

    // MARK: - The end of the agent

    /// The agent ends: once the goal is met, the wallbox is told so.
    package mutating func endRequested(at now: TimePoint) {
        guard ending == .none, !profile.control.onDisconnect.isEmpty else { return }
        ending = .due
        settle(at: now)
    }

    /// Whether nothing is left to be told at the end.
    package var isReleased: Bool { ending != .due || contact != .established }
}

extension RunningSteps.Purpose {
    /// Whether they leave the wallbox in a state that must not last when they are broken off.
    var isToBeEnded: Bool { self == .wakeUp }

    /// Whether they bring the wallbox to a goal, and are void with another.
    var isOfGoal: Bool {
        switch self {
        case .command, .heartbeat: true
        case .connect, .disconnect, .arm, .wakeUp, .phaseSwitch: false
        }
    }
}
