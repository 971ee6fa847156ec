import ChargeControl
import ChargeModel
import DeviceProfiles

/// What an observer outside knows of one charger: kept apart from the engines, so that these are not
/// their own judges.
struct Witness {
    private(set) var wishes = WitnessedWishes()
    /// The last time at which somebody wanted it to charge.
    private(set) var chargeWantedAt: MonotonicInstant?
    /// Every action that a client was told is accepted.
    private(set) var accepted: [Action.ID] = []
    /// Those that were told to begin, and to end, since the agent started.
    private var begun: [Action.ID] = []
    private var ended: [Action.ID] = []
    /// When the last write of the agent raised what the wallbox allows.
    var raisedAt: MonotonicInstant?
    /// When writes of the agent switched the wallbox on or off, the newest last.
    private var toggles: [MonotonicInstant] = []
    /// Until when something was not as it should be.
    var disturbedUntil: MonotonicInstant
    /// Until when the agent may not have seen what has happened to the wallbox.
    var unseenUntil: MonotonicInstant
    /// When the last request has arrived, which may be a while after it was sent.
    var arrivedAt: MonotonicInstant?
    /// Since when the agent has contact; nil without.
    var answersSince: MonotonicInstant?
    /// Whether the wallbox may do other than it was told and not show that: somebody else has told it,
    /// or it has ignored what it was told, and it was told nothing since.
    var isMisled = false
    /// Since when such a wallbox charges although 0 A is decided.
    var drawsSince: MonotonicInstant?
    var activations = 0
    /// What the meter said last, and since when that meter is there for sure.
    var energy: WattHours?
    /// Which agent has read that.
    var energyGeneration: UInt64 = 0
    private(set) var meterSince: MonotonicInstant
    /// Writes of each register whose flash memory wears out, in the last 24 h.
    private var writes: [RegisterWrites] = []
    private var cycles = 0
    /// In the last hour: when the contactor closed, and when there was a reason for it.
    private var closings: [MonotonicInstant] = []
    private var reasons: [MonotonicInstant] = []

    private struct RegisterWrites {
        var register: RegisterID
        var value: Int
        var times: [MonotonicInstant]
    }

    var sinceTargetChanged: MonotonicInstant?
    /// How many phases lay behind the contactor when last looked at, and when that changed.
    var phases: Int?
    var phasesSwitchedAt: MonotonicInstant?

    init() {
        disturbedUntil = MonotonicInstant(nanoseconds: 0)
        unseenUntil = disturbedUntil
        meterSince = disturbedUntil
    }

    // MARK: - What is wanted

    var wantsCharge: Bool { wishes.wantsCharge }

    /// Something happens to what is wanted.
    mutating func follow<Result>(
        at now: TimePoint, _ change: (inout WitnessedWishes) -> Result
    ) -> Result {
        let before = wishes.wantsCharge
        let result = change(&wishes)
        if before || wishes.wantsCharge { chargeWantedAt = now.monotonic }
        if wishes.wantsCharge, !before { excuseContactor(at: now.monotonic, times: 1) }
        return result
    }

    mutating func agentStarted(_ restored: RestoredCharger, at now: TimePoint) {
        follow(at: now) { $0.restored(restored, at: now) }
        begun = []
        ended = []
    }

    /// A client was told that an action is accepted.
    mutating func accepted(_ id: Action.ID) { accepted.append(id) }

    /// Clients are told that an action begins.
    ///
    /// - Returns: Whether it may: once in the life of a process, and before its end.
    mutating func began(_ id: Action.ID) -> Bool {
        guard !begun.contains(id), !ended.contains(id) else { return false }
        begun.append(id)
        return true
    }

    /// - Returns: Whether it may end: once in the life of a process.
    mutating func ended(_ id: Action.ID) -> Bool {
        guard !ended.contains(id) else { return false }
        ended.append(id)
        return true
    }

    // MARK: - Wear

    mutating func toggled(at now: MonotonicInstant) {
        toggles.append(now)
        if toggles.count > 16 { toggles.removeFirst() }
    }

    /// Whether a start that nobody waits for may be put off, or was until a moment ago (requirement
    /// R11: 180 s after the last toggle, and 10 toggles in an hour).
    func mayStartLater(at now: MonotonicInstant) -> Bool {
        guard let last = toggles.last else { return false }
        let inHour = toggles.count { $0.duration(to: now) < .seconds(3_612) }
        return last.duration(to: now) < .seconds(192) || inHour >= 9
    }

    /// Another wallbox, with another meter, hangs at the address from now on.
    mutating func meterReplaced(at now: MonotonicInstant) {
        energy = nil
        meterSince = now.advanced(by: .seconds(15))
    }

    /// A register that wears out is written.
    ///
    /// - Returns: How often it was in the 24 h before, and its value.
    mutating func wrote(
        _ register: RegisterID, _ value: Int, at now: MonotonicInstant
    ) -> (count: Int, value: Int?) {
        guard let place = writes.firstIndex(where: { $0.register == register }) else {
            writes.append(RegisterWrites(register: register, value: value, times: [now]))
            return (0, nil)
        }
        writes[place].times.removeAll { $0.duration(to: now) > .seconds(86_400) }
        let before = (writes[place].times.count, writes[place].value)
        writes[place].times.append(now)
        writes[place].value = value
        return before
    }

    /// Something happens that may close the contactor so many times.
    mutating func excuseContactor(at now: MonotonicInstant, times: Int) {
        for _ in 0..<times { reasons.append(now) }
    }

    /// - Parameter cycles: How often it has closed in all.
    /// - Returns: How often it has closed in the last hour, and how often it may have.
    mutating func contactor(
        _ cycles: Int, at now: MonotonicInstant
    ) -> (closed: Int, allowed: Int) {
        guard cycles > self.cycles else {
            // Another wallbox counts anew.
            self.cycles = cycles
            return (0, 0)
        }
        for _ in self.cycles..<cycles { closings.append(now) }
        self.cycles = cycles
        closings.removeAll { $0.duration(to: now) > .seconds(3_600) }
        // What was wanted shortly before the hour may come within it.
        reasons.removeAll { $0.duration(to: now) > .seconds(3_900) }
        return (closings.count, reasons.count + Self.automaticCycles)
    }

    /// In an hour, as requirement R11 grants to starts that nobody asks for.
    private static let automaticCycles = 10
}
