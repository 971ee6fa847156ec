import ChargeModel
import DeviceProfiles
import Modbus

/// Decides for one bus: when to open and close its link, and which of its wallboxes may ask next.
///
/// ```
/// link      event                      next     what it does
/// closed    retry time reached         opening  orders .open
/// opening   opened                     open     tells every driver
/// opening   failed                     closed   backs off: 1 s, 2 s, ... 30 s, with jitter
/// open      a driver has a request     open     orders .perform: the most pressing, else in turn
/// open      lost                       closed   orders .close; the next attempt as above
/// open      timeout, malformed         closed   as lost, where the link needs it (``LinkRecovery``)
///                                      open     else: that driver alone rests, as long as an attempt
///                                               to open would wait; lost when none answers any more
/// ```
/// One request is outstanding at most (requirement R23); after anything but a clean answer the link is
/// closed and opened anew, or keeps late frames away by itself (requirement R6); at least a second
/// lies between two attempts (requirement R24), and the longest gap that a wallbox on the line asks
/// for between any two requests.
package struct LineEngine: Codable, Sendable {
    package private(set) var drivers: [DriverEngine]
    package private(set) var statistics = Statistics()
    private let policy: LinkPolicy
    private var link: Link
    private var failures = 0
    private var lastAttempt: MonotonicInstant?
    private var rests: [Rest]
    private let gap: Duration
    private let delayAfterConnect: Duration
    private var quietUntil: MonotonicInstant
    private var turn = 0
    private var random: SeededRandom

    private enum Link: Hashable, Codable, Sendable {
        case closed(retryAt: MonotonicInstant)
        case opening
        case open
        case performing(driver: Int)
        /// Something went wrong: the link is to be closed before anything else.
        case broken(reason: String)
    }

    /// One wallbox that did not answer while others on the line do.
    private struct Rest: Hashable, Codable, Sendable {
        /// In a row.
        var failures = 0
        /// nil while it is not resting.
        var until: MonotonicInstant?
    }

    /// So many failures in a row of every wallbox are the line's own.
    private static let failuresOfALine = 3

    package struct Statistics: Hashable, Codable, Sendable {
        package var transactions = 0
        package var errors = 0
    }

    /// What the shell is to do next; it tells the result before it asks again.
    package enum Order: Hashable, Sendable {
        /// Then ``opened(at:)`` or ``openFailed(_:at:)``.
        case open(timeout: Duration)
        /// Then ``closed(at:)``.
        case close
        /// Then ``completed(_:at:)``.
        case perform(DriverRequest)
        /// Nothing is due before this time, unless something is told earlier.
        case sleep(until: MonotonicInstant)
    }

    /// An effect of the driver at this index.
    package struct Effect: Hashable, Sendable {
        package var driver: Int
        package var effect: DriverEffect
    }

    package init(
        drivers: [DriverEngine], policy: LinkPolicy, seed: UInt64, at now: MonotonicInstant
    ) {
        precondition(!drivers.isEmpty, "a line needs a wallbox")
        self.drivers = drivers
        self.policy = policy
        link = .closed(retryAt: now)
        rests = Array(repeating: Rest(), count: drivers.count)
        gap = drivers.map(\.profile.link.requestGap).reduce(policy.requestGap, max)
        delayAfterConnect = drivers.map(\.profile.link.delayAfterConnect).reduce(.zero, max)
        quietUntil = now
        random = SeededRandom(seed: seed)
    }

    // MARK: - Orders

    package mutating func next(at now: TimePoint) -> Order {
        switch link {
        case .closed(let retryAt):
            guard now.monotonic >= retryAt else { return .sleep(until: retryAt) }
            link = .opening
            lastAttempt = now.monotonic
            return .open(timeout: policy.connectTimeout)
        case .broken:
            return .close
        case .open:
            return nextRequest(at: now)
        case .opening, .performing:
            preconditionFailure("asked for the next order while one is being carried out")
        }
    }

    private mutating func nextRequest(at now: TimePoint) -> Order {
        for index in drivers.indices { drivers[index].settle(at: now) }
        endRests(at: now)
        guard now.monotonic >= quietUntil else { return .sleep(until: quietUntil) }
        guard let driver = mostPressing(at: now),
            let request = drivers[driver].nextSettled(at: now)
        else { return .sleep(until: wake(at: now)) }
        turn = (driver + 1) % drivers.count
        link = .performing(driver: driver)
        statistics.transactions += 1
        return .perform(request)
    }

    /// When the first of its drivers may have something.
    private mutating func wake(at now: TimePoint) -> MonotonicInstant {
        var first: MonotonicInstant?
        for index in drivers.indices {
            let wake =
                if let until = rests[index].until { until } else { drivers[index].wake(at: now) }
            first = first.map { min($0, wake) } ?? wake
        }
        return first ?? now.monotonic.advanced(by: .seconds(1))
    }

    /// The driver whose request goes first; nil when none is known to have one.
    private func mostPressing(at now: TimePoint) -> Int? {
        // Alone on its line it is compared with nobody.
        if drivers.count == 1 { return rests[0].until == nil ? 0 : nil }
        var best: (driver: Int, urgency: Urgency)?
        for offset in drivers.indices {
            let index = (turn + offset) % drivers.count
            guard rests[index].until == nil, let urgency = drivers[index].urgency(at: now) else {
                continue
            }
            if best.map({ urgency > $0.urgency }) ?? true { best = (index, urgency) }
        }
        return best?.driver
    }

    // MARK: - Results

    package mutating func opened(at now: TimePoint) {
        link = .open
        quietUntil = now.monotonic.advanced(by: delayAfterConnect)
        for index in drivers.indices {
            rests[index].until = nil
            drivers[index].linkOpened(at: now)
        }
    }

    package mutating func openFailed(_ error: ModbusError, at now: TimePoint) -> [Effect] {
        statistics.errors += 1
        backOff(at: now.monotonic)
        return lose(reason: error.description, at: now)
    }

    package mutating func closed(at now: TimePoint) -> [Effect] {
        var reason = "closed"
        if case .broken(let because) = link { reason = because }
        backOff(at: now.monotonic)
        return lose(reason: reason, at: now)
    }

    package mutating func completed(
        _ result: Result<ModbusResponse, ModbusError>, at now: TimePoint
    ) -> [Effect] {
        guard case .performing(let driver) = link else {
            preconditionFailure("a result without a request")
        }
        link = .open
        quietUntil = now.monotonic.advanced(by: gap)
        var effects = drivers[driver].completed(result, at: now)
        if case .failure(let error) = result {
            statistics.errors += 1
            if error.closesLink(policy.recovery) || error == .busShutDown {
                link = .broken(reason: error.description)
            } else if error.requiresReopening {
                effects += rest(driver, error, at: now)
            }
        }
        if link == .open, rests[driver].until == nil {
            failures = 0
            rests[driver].failures = 0
        }
        return effects.map { Effect(driver: driver, effect: $0) }
    }

    // MARK: - Rests

    /// Leaves a wallbox alone that did not answer, so that the others are not held up by it time and
    /// again; when none of them answers any more, it is the line.
    private mutating func rest(
        _ driver: Int, _ error: ModbusError, at now: TimePoint
    ) -> [DriverEffect] {
        rests[driver].until = now.monotonic.advanced(by: wait(after: rests[driver].failures))
        rests[driver].failures += 1
        if rests.allSatisfy({ $0.failures >= Self.failuresOfALine }) {
            link = .broken(reason: error.description)
        }
        return drivers[driver].linkLost(reason: error.description, at: now)
    }

    private mutating func endRests(at now: TimePoint) {
        for index in drivers.indices {
            guard let until = rests[index].until, now.monotonic >= until else { continue }
            rests[index].until = nil
            drivers[index].linkOpened(at: now)
        }
    }

    private mutating func lose(reason: String, at now: TimePoint) -> [Effect] {
        var effects: [Effect] = []
        for index in drivers.indices {
            effects += drivers[index].linkLost(reason: reason, at: now).map {
                Effect(driver: index, effect: $0)
            }
        }
        return effects
    }

    /// The next attempt: doubling from the floor to the cap, with up to a quarter of jitter so that
    /// many agents do not knock at once.
    private mutating func backOff(at now: MonotonicInstant) {
        let earliest = (lastAttempt ?? now).advanced(by: wait(after: failures))
        failures += 1
        link = .closed(retryAt: max(earliest, now))
    }

    private mutating func wait(after failures: Int) -> Duration {
        let wait = min(policy.floor * Int(1 << min(failures, 10)), policy.cap)
        let jitter = wait * Double.random(in: 0..<0.25, using: &random)
        return min(wait + jitter, policy.cap)
    }

    // MARK: - What the drivers are told

    package mutating func targetChanged(
        _ target: ChargerTarget?, driver: Int, at now: TimePoint
    ) -> [Effect] {
        drivers[driver].targetChanged(target, at: now).map { Effect(driver: driver, effect: $0) }
    }

    /// The agent ends: see ``DriverEngine/endRequested(at:)``.
    package mutating func endRequested(driver: Int, at now: TimePoint) {
        drivers[driver].endRequested(at: now)
    }

    package mutating func pollRequested(driver: Int, at now: TimePoint) {
        drivers[driver].pollRequested(at: now)
    }

    /// Whether the link stands.
    package var isOpen: Bool {
        switch link {
        case .open, .performing: true
        case .closed, .opening, .broken: false
        }
    }
}

/// When to try to connect again (requirement R24).
package struct LinkPolicy: Hashable, Codable, Sendable {
    /// The least time between two attempts, and the first wait.
    package var floor: Duration = .seconds(1)
    /// The longest wait.
    package var cap: Duration = .seconds(30)
    package var connectTimeout: Duration = .seconds(1)
    /// What the bus does after an answer that did not come, or was not right.
    package var recovery: LinkRecovery = .reopen
    /// The least time between any two requests, if no wallbox on the line asks for more.
    package var requestGap: Duration = .zero

    package init() {}
}
