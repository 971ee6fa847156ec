import ChargeModel
import DeviceProfiles

/// Which blocks are still to be read, on a grid of absolute poll times.
struct PollCycle: Hashable, Codable, Sendable {
    private let plan: [ReadBlock]
    private let once: [Int]
    private let fast: [Int]
    private let slow: [Int]
    private(set) var presence: BlockPresence
    let period: Duration
    private(set) var nextStart: MonotonicInstant
    /// Blocks of the running cycle that are still to be read, in order; empty between cycles.
    private(set) var remaining: [Int] = []
    /// Blocks to be read at once, outside of the cycle.
    private(set) var forced: [Int] = []
    private var started = 0
    /// Whether the blocks that are read once after a connect are still due.
    private var isFirstOfContact = true

    init(_ profile: DeviceProfile, period: Duration, at now: MonotonicInstant) {
        let plan = profile.readPlan
        self.plan = plan
        once = plan.indices.filter { plan[$0].poll == .once }
        fast = plan.indices.filter { plan[$0].poll == .fast }
        slow = plan.indices.filter { plan[$0].poll == .slow }
        presence = BlockPresence(profile)
        self.period = period
        nextStart = now
    }

    /// The block to read now.
    func next(at now: MonotonicInstant) -> Int? {
        if let block = forced.first ?? first(of: remaining) { return block }
        return now >= nextStart ? first(of: blocks(ofCycle: started)) : nil
    }

    /// What may not be there comes last: asking for it may cost the link.
    private func first(of blocks: [Int]) -> Int? {
        var probe: Int?
        for block in blocks where presence.isReadable(block) {
            guard presence.isProbe(block) else { return block }
            probe = probe ?? block
        }
        return probe
    }

    /// A block is being read: the cycle is under way.
    mutating func took(_ block: Int, at now: MonotonicInstant) {
        guard forced.first != block, first(of: remaining) == nil else { return }
        remaining = blocks(ofCycle: started)
        started += 1
        isFirstOfContact = false
        skipMissedStarts(at: now)
    }

    /// A block has been read.
    ///
    /// - Returns: Whether this ended the cycle.
    mutating func answered(_ block: Int, _ values: RegisterValues) -> Bool {
        presence.answered(block, values)
        return finished(block)
    }

    /// A block was refused, and is given up for this cycle.
    ///
    /// - Returns: Whether this ended the cycle.
    mutating func refused(_ block: Int, isPermanent: Bool, _ values: RegisterValues) -> Bool {
        presence.refused(block, isPermanent: isPermanent, values)
        if !isPermanent, presence.isDeciding(block) { readOnceAgain() }
        return finished(block)
    }

    /// A block was not answered.
    mutating func silent(_ block: Int) {
        presence.silent(block)
    }

    /// Something else was answered.
    mutating func otherwiseAnswered() {
        presence.otherwiseAnswered()
    }

    private mutating func finished(_ block: Int) -> Bool {
        if forced.first == block {
            forced.removeFirst()
            return false
        }
        remaining.removeAll { $0 == block }
        guard first(of: remaining) == nil else { return false }
        remaining = []
        return true
    }

    /// Reads the blocks with these registers as soon as the wire is free.
    mutating func force(_ registers: [RegisterID]) {
        for (index, block) in plan.enumerated()
        where !forced.contains(index) && presence.isReadable(index) {
            if block.entries.contains(where: { registers.contains($0.register) }) {
                forced.append(index)
            }
        }
    }

    /// Begins a poll now instead of at the next grid time.
    mutating func startNow(at now: MonotonicInstant) {
        nextStart = min(nextStart, now)
    }

    /// Reads with the next poll what is else read once.
    mutating func readOnceAgain() {
        isFirstOfContact = true
    }

    /// The link was lost, or another device answers: whatever was to be read is read after the next
    /// connect, all of it.
    mutating func restart(isAnotherDevice: Bool, at now: MonotonicInstant) {
        presence.restart(isAnotherDevice: isAnotherDevice)
        remaining = []
        forced = []
        started = 0
        isFirstOfContact = true
        nextStart = now
    }

    private mutating func skipMissedStarts(at now: MonotonicInstant) {
        let late = nextStart.duration(to: now)
        let missed = max(0, late.nanoseconds / period.nanoseconds)
        nextStart = nextStart.advanced(by: period * Int(missed + 1))
    }

    private func blocks(ofCycle number: Int) -> [Int] {
        let isSlowDue = number.isMultiple(of: PollClass.slowDivisor)
        let first = isFirstOfContact ? once : []
        return isSlowDue ? first + fast + slow : first + fast
    }
}
