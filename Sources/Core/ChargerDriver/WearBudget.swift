import ChargeModel
import DeviceProfiles

/// How often something that wears out may be done in a span of time (requirement R11). What is done
/// regardless counts as well.
struct WearBudget: Hashable, Codable, Sendable {
    let most: Int
    let span: Duration
    /// The least time between two.
    let interval: Duration
    /// When it was done, the oldest first; no more than ``most``.
    private var done: [MonotonicInstant] = []

    init(most: Int, span: Duration, interval: Duration = .zero) {
        self.most = most
        self.span = span
        self.interval = interval
    }

    mutating func spend(at now: MonotonicInstant) {
        done.append(now)
        if done.count > most { done.removeFirst(done.count - most) }
    }

    /// From when on it may be done again; nil when it may be done at once, whenever that is.
    var freeFrom: MonotonicInstant? { freeFrom(withRoomFor: 1) }

    /// From when on it may be done with so many in reach: what is begun must be ended, too.
    ///
    /// - Parameter count: 1 to ``most``.
    func freeFrom(withRoomFor count: Int) -> MonotonicInstant? {
        guard let last = done.last else { return nil }
        return max(last.advanced(by: interval), room(for: count) ?? last)
    }

    /// The same for what does not need to be apart.
    func room(for count: Int) -> MonotonicInstant? {
        let tooMany = done.count + count - most
        return tooMany > 0 ? done[tooMany - 1].advanced(by: span) : nil
    }

    /// Whether it waits, and not only for the interval.
    func isSpent(at now: MonotonicInstant) -> Bool {
        guard done.count >= most, let oldest = done.first else { return false }
        return oldest.duration(to: now) < span
    }
}

/// What a driver wears out: contactors, and flash memory behind registers.
struct Wear: Hashable, Codable, Sendable {
    /// Starts and stops: 180 s before a start that nobody waits for, and 10 in an hour.
    private(set) var contactor = WearBudget(
        most: 10, span: .seconds(3600), interval: .seconds(180))
    private var registers: [RegisterBudget]

    private struct RegisterBudget: Hashable, Codable, Sendable {
        var register: RegisterID
        var budget: WearBudget
    }

    /// Flash memory of unknown make is not written more often than this unless a profile says so:
    /// 100,000 cycles last for some years.
    private static let writesPerDay = 100

    init(_ profile: DeviceProfile) {
        registers = profile.registers.enumerated().compactMap { index, register in
            let isWorn = register.persistence == .retentive || register.writesPerDay != nil
            guard register.write != nil, isWorn else { return nil }
            return RegisterBudget(
                register: RegisterID(index),
                budget: WearBudget(
                    most: register.writesPerDay ?? Self.writesPerDay, span: .seconds(86_400)))
        }
    }

    /// The wallbox was switched on or off.
    mutating func toggled(at now: MonotonicInstant) {
        contactor.spend(at: now)
    }

    mutating func wrote(_ register: RegisterID, at now: MonotonicInstant) {
        guard let index = registers.firstIndex(where: { $0.register == register }) else { return }
        registers[index].budget.spend(at: now)
    }

    /// From when on these registers may be written again for what can wait.
    func freeFrom(_ written: [RegisterID]) -> MonotonicInstant? {
        registers.filter { written.contains($0.register) }.compactMap(\.budget.freeFrom).max()
    }

    /// Registers that may not be written now but for stops and reductions.
    func spent(at now: MonotonicInstant) -> [RegisterID] {
        registers.filter { $0.budget.isSpent(at: now) }.map(\.register)
    }
}
