import ChargeControl
import ChargeModel
import ChargerDriver
import Modbus
import WallboxModel

/// The agent's core with simulated wallboxes in virtual time: no clock, no task, no socket.
///
/// One queue holds everything that is to happen. Each wallbox has a line of its own with its engines,
/// as in the runtime; commits take time and can fail; the agent can be killed and started again.
/// After each event the invariants are checked. The same seed gives the same trace.
package struct Simulation {
    enum Event {
        case tick(generation: UInt64)
        case ask(Int, generation: UInt64, token: UInt64)
        case opened(Int, generation: UInt64, ModbusError?)
        case arrives(Arrival)
        case answered(Int, generation: UInt64, Result<ModbusResponse, ModbusError>)
        case committed(Int, generation: UInt64, StoreError?)
        /// What a client, a driver or the weather does.
        case deed(Int)
        /// What comes of it later, or is looked at later.
        case happens((inout Simulation) -> Void)
    }

    /// A request on its way to a wallbox.
    struct Arrival {
        var station: Int
        var generation: UInt64
        var request: ModbusRequest
        /// Whether the agent has given it up before it arrives.
        var isGivenUp = false
        /// When its answer is back, and when the agent gives up; nil when it is gone anyway.
        var answer: (at: MonotonicInstant, deadline: MonotonicInstant)?
    }

    package let seed: UInt64
    package let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    /// 2026-05-28 20:26:40 UTC; steps of the wall clock move it.
    var wallStart = WallInstant(milliseconds: 1_780_000_000_000)
    var isWallTrusted = true
    /// Since when it is not trusted, or was not the last time.
    var distrustedSince = MonotonicInstant(nanoseconds: 0)
    /// How often the wall clock was set.
    var wallSteps = 0
    package private(set) var now: MonotonicInstant
    var random: SeededRandom
    var stations: [Station]
    /// The fuse that all stations hang on.
    var fuse: SharedFuse?
    var store = SimulatedStore()
    /// When the store failed last.
    var storeFailedAt: MonotonicInstant?
    var commitTime: ClosedRange<Int> = 1...5
    var queue = EventQueue<Event>()
    package internal(set) var hash = TraceHash()
    package internal(set) var transactions = 0
    /// How many events have been handled.
    package private(set) var steps = 0
    /// Broken invariants, the first one first.
    package internal(set) var violations: [Violation] = []
    /// What happened, for people; nil when nobody wants to read it.
    package internal(set) var transcript: [String]?
    /// What happens in this world, in order.
    var plan: [Happening] = []
    var generation: UInt64 = 0
    var isAgentUp = false
    var nextID: UInt64 = 1

    static let tickPeriod = Duration.seconds(1)
    /// What must hold when nothing disturbs is looked at with every so many ticks.
    private static let ticksPerCheck = 5
    private var ticks = 0

    package init(seed: UInt64, plans: [StationPlan], isRecording: Bool = false) {
        self.seed = seed
        now = start
        random = SeededRandom(seed: seed)
        stations = plans.map { [now] in Station($0, at: now) }
        transcript = isRecording ? [] : nil
    }

    func time(_ instant: MonotonicInstant) -> TimePoint {
        TimePoint(
            monotonic: instant, wall: wallStart.advanced(by: start.duration(to: instant)),
            isWallTrusted: isWallTrusted)
    }

    var time: TimePoint { time(now) }

    // MARK: - Running

    /// Lets everything happen that is due before an instant, or until an invariant breaks.
    package mutating func run(for duration: Duration) {
        let end = now.advanced(by: duration)
        while violations.isEmpty, let (event, due) = queue.next() {
            guard due < end else {
                queue.add(event, at: due)
                break
            }
            now = max(now, due)
            handle(event)
        }
        now = max(now, end)
    }

    mutating func after(_ delay: Duration, _ body: @escaping (inout Simulation) -> Void) {
        queue.add(.happens(body), at: now.advanced(by: delay))
    }

    private mutating func handle(_ event: Event) {
        steps += 1
        hash.add(now.nanoseconds)
        switch event {
        case .deed(let place): happen(place)
        case .arrives(let arrival): arrive(arrival)
        case .happens(let body): body(&self)
        // What belongs to an agent that was killed meanwhile is gone.
        case .tick(let epoch):
            if epoch == generation { tick() }
        case .ask(let station, let epoch, let token):
            if epoch == generation, stations[station].agent?.wireToken == token { askLine(station) }
        case .opened(let station, let epoch, let error):
            if epoch == generation { opened(station, error) }
        case .answered(let station, let epoch, let result):
            if epoch == generation { answered(station, result) }
        case .committed(let station, let epoch, let error):
            if epoch == generation { committed(station, error) }
        }
        checkFuse()
    }

    private mutating func tick() {
        queue.add(.tick(generation: generation), at: now.advanced(by: Self.tickPeriod))
        ticks += 1
        for station in stations.indices {
            stations[station].agent?.isTickDue = true
            pump(station)
            if stations[station].remembered != nil { checkRemembered(station) }
            guard ticks.isMultiple(of: Self.ticksPerCheck) else { continue }
            checkContactor(station)
            checkPhases(station)
            checkCalm(station)
        }
    }

    // MARK: - The agent

    mutating func startAgent() {
        isAgentUp = true
        fuse?.start(at: now)
        for index in stations.indices {
            let station = stations[index]
            let driver = DriverEngine(
                profile: station.profile, configuration: station.driver, at: time)
            let restored = store.restored(station.id)
            stations[index].agent = AgentSide(
                line: LineEngine(
                    drivers: [driver], policy: LinkPolicy(), seed: seed &+ UInt64(index), at: now),
                control: ControlEngine(
                    configuration: station.control, restored: restored,
                    zones: SimulatedZones(), at: time),
                startedAt: now)
            let time = time
            stations[index].witness.agentStarted(restored, at: time)
            station.box.advance(to: now)
            station.limitAtStart = station.shownLimit
            note(index, "agent starts")
            askLine(index)
        }
        queue.add(.tick(generation: generation), at: now.advanced(by: Self.tickPeriod))
    }

    /// SIGKILL: what was being committed may or may not be durable.
    mutating func killAgent() {
        isAgentUp = false
        generation += 1
        for index in stations.indices {
            if let change = stations[index].agent?.committing,
                store.failure == nil, Bool.random(using: &random)
            {
                commit(change, of: index)
            }
            stations[index].agent = nil
            note(index, "agent killed")
        }
    }

    // MARK: - The wire

    mutating func askLine(_ index: Int) {
        let time = time
        while stations[index].agent?.isWireBusy == false {
            guard let order = stations[index].agent?.line.next(at: time) else { return }
            switch order {
            case .open(let timeout):
                open(index, timeout: timeout)
            case .close:
                stations[index].agent?.linkChanged()
                take(stations[index].agent?.line.closed(at: time) ?? [], of: index)
            case .perform(let request):
                perform(request, of: index)
            case .sleep(let until):
                checkSleep(until: until, index)
                let token = (stations[index].agent?.wireToken ?? 0) + 1
                stations[index].agent?.wireToken = token
                queue.add(.ask(index, generation: generation, token: token), at: until)
                return
            }
        }
    }

    private mutating func open(_ index: Int, timeout: Duration) {
        checkOpening(index)
        stations[index].agent?.isWireBusy = true
        let wire = stations[index].wire
        var error: ModbusError?
        var wait = wire.roundTrip(&random)
        if wire.isCut {
            error = wire.hangsOnConnect ? .timeout : .connectionLost(errno: 111)
            if wire.hangsOnConnect { wait = timeout }
        }
        queue.add(
            .opened(index, generation: generation, error), at: now.advanced(by: wait))
    }

    private mutating func opened(_ index: Int, _ error: ModbusError?) {
        let time = time
        stations[index].agent?.isWireBusy = false
        if let error {
            take(stations[index].agent?.line.openFailed(error, at: time) ?? [], of: index)
        } else {
            stations[index].agent?.linkChanged()
            stations[index].wire.isToBeReset = false
            stations[index].isImpostorMet = stations[index].isImpostor
            stations[index].agent?.line.opened(at: time)
        }
        pump(index)
        askLine(index)
    }

    private mutating func perform(_ order: DriverRequest, of index: Int) {
        transactions += 1
        checkRequest(order.request, of: index)
        stations[index].agent?.isWireBusy = true
        let deadline = now.advanced(by: order.timeout)
        let trip = stations[index].wire.roundTrip(&random)
        let arrival = now.advanced(by: trip / 2)
        let back = now.advanced(by: trip)
        func send(at instant: MonotonicInstant, isAnswered: Bool) {
            queue.add(
                .arrives(
                    Arrival(
                        station: index, generation: generation, request: order.request,
                        isGivenUp: instant > deadline, answer: isAnswered ? (back, deadline) : nil)),
                at: instant)
        }
        func give(_ result: Result<ModbusResponse, ModbusError>, at instant: MonotonicInstant) {
            queue.add(.answered(index, generation: generation, result), at: instant)
        }
        switch stations[index].wire.fate(&random) {
        case .answered: send(at: arrival, isAnswered: true)
        case .requestLost: give(.failure(.timeout), at: deadline)
        case .answerLost:
            send(at: arrival, isAnswered: false)
            give(.failure(.timeout), at: deadline)
        case .late(let delay):
            send(at: deadline.advanced(by: delay), isAnswered: false)
            give(.failure(.timeout), at: deadline)
        case .reset(let isCarriedOut):
            if isCarriedOut { send(at: arrival, isAnswered: false) }
            give(.failure(.connectionLost(errno: 104)), at: back)
        case .malformed:
            send(at: arrival, isAnswered: false)
            give(.failure(.malformed(.checksum)), at: back)
        case .exception(let exception): give(.failure(.exception(exception)), at: back)
        }
    }

    private mutating func arrive(_ arrival: Arrival) {
        let reply = respond(arrival)
        guard let answer = arrival.answer else { return }
        let result: Result<ModbusResponse, ModbusError>
        var instant = answer.at
        switch reply {
        case .response(let response): result = .success(response)
        case .exception(let exception): result = .failure(.exception(exception))
        case .silence:
            result = .failure(.timeout)
            instant = answer.deadline
        }
        queue.add(
            .answered(arrival.station, generation: arrival.generation, result), at: instant)
    }

    private mutating func answered(
        _ index: Int, _ result: Result<ModbusResponse, ModbusError>
    ) {
        let time = time
        stations[index].agent?.isWireBusy = false
        if case .failure(let error) = result { hash.add("\(error)") }
        stations[index].agent?.answered(result)
        take(stations[index].agent?.line.completed(result, at: time) ?? [], of: index)
        pump(index)
        askLine(index)
    }

    private mutating func take(_ effects: [LineEngine.Effect], of index: Int) {
        for effect in effects {
            switch effect.effect {
            case .snapshot(let snapshot):
                noteLink(snapshot.link, index)
                checkEnergy(snapshot, index)
                stations[index].agent?.snapshot = snapshot
            case .wrote(let report):
                hash.add(report.what)
                note(index, report.refusal.map { "\(report.what) refused: \($0)" } ?? report.what)
            }
        }
    }
}
