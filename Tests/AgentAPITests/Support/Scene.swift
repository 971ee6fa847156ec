import AgentAPI
import ChargeControl
import ChargeModel

/// The scene of the golden files: two simulated wallboxes of the public sample, and one real one.
enum Scene {
    /// 2 June 2026, 12:00:00 UTC, an hour after boot.
    static let now = TimePoint(
        monotonic: MonotonicInstant(nanoseconds: 3_600_000_000_000),
        wall: WallInstant(milliseconds: 1_780_401_600_000))

    /// 7 May 2026, 09:21:00 UTC.
    static let sampleMorning = WallInstant(milliseconds: 1_778_145_660_000)

    static let first = ChargerID("device_ev_001")
    static let second = ChargerID("device_ev_002")
    static let real = ChargerID("device_ev_003")

    static let everything = [
        CommandExecutions(command: .charge, executions: [.immediate, .scheduled, .windowed]),
        CommandExecutions(command: .idle, executions: [.immediate, .scheduled]),
    ]

    static var view: AgentView {
        AgentView(chargers: [charging, waiting, live], groups: [garage])
    }

    /// The first and the real one share a fuse: keys see one of the two.
    static var garage: GroupView {
        GroupView(
            name: "garage", limit: .amperes(40),
            members: [
                GroupView.Member(
                    charger: first, phases: .l2, share: .amperes(32), counted: .amperes(32),
                    reason: "fuse garage of 40 A: all that it can use"),
                GroupView.Member(
                    charger: real, phases: .all, share: nil, counted: .amperes(6),
                    reason: "fuse garage of 40 A: nobody wants it to charge"),
            ])
    }

    /// A vehicle charges with 7 kW; read half a second ago.
    static var charging: ChargerView {
        var snapshot = ChargerSnapshot(phases: 1)
        snapshot.link = .up
        let poll = TimePoint(
            monotonic: now.monotonic.advanced(by: .milliseconds(-500)),
            wall: sampleMorning.advanced(by: .seconds(165)))
        snapshot.lastPoll = poll
        snapshot.pilot = .captured(.c2, at: poll)
        snapshot.power = .captured(Watts(7003), at: poll)
        snapshot.setpoint = .captured(.amperes(32), at: poll)
        snapshot.application = .verified(revision: 4, offered: .amperes(32), at: poll)
        var action = Action(
            id: "action_ev_def456", charger: first, command: .charge, at: sampleMorning)
        action.updatedAt = sampleMorning.advanced(by: .seconds(18))
        return ChargerView(
            description: description(first, vendor: "example_vendor_a", model: "Wallbox 7kW"),
            snapshot: snapshot, status: .charging, isCharging: true, power: Watts(7003),
            isPowerEstimated: false, maxCurrent: .amperes(32), powerRateLimit: Watts(7360),
            maxChargeRate: nil, uncappedPower: Watts(7360), decision: decision, lastAction: action,
            executions: everything)
    }

    /// No vehicle; read five seconds ago.
    static var waiting: ChargerView {
        var snapshot = ChargerSnapshot(phases: 3)
        snapshot.link = .up
        let poll = TimePoint(
            monotonic: now.monotonic.advanced(by: .seconds(-5)),
            wall: sampleMorning.advanced(by: .seconds(190)))
        snapshot.lastPoll = poll
        snapshot.pilot = .captured(.a, at: poll)
        snapshot.power = .captured(Watts(0), at: poll)
        return ChargerView(
            description: description(second, vendor: "example_vendor_b", model: "Wallbox 22kW"),
            snapshot: snapshot, status: .available, isCharging: false, power: Watts(0),
            isPowerEstimated: false, maxCurrent: .amperes(32), powerRateLimit: Watts(22_000),
            maxChargeRate: nil, uncappedPower: Watts(22_000), decision: undecided, lastAction: nil,
            executions: everything)
    }

    /// A real wallbox of one user that has not answered yet.
    static var live: ChargerView {
        ChargerView(
            description: description(
                real, vendor: "example_vendor_c", model: "Wallbox 11kW", user: "user_7",
                isSimulated: false),
            snapshot: ChargerSnapshot(phases: 3), status: .unavailable, isCharging: nil, power: nil,
            isPowerEstimated: false, maxCurrent: .amperes(16), powerRateLimit: Watts(11_040),
            maxChargeRate: nil, uncappedPower: Watts(11_040), decision: undecided, lastAction: nil)
    }

    static func description(
        _ id: ChargerID, vendor: String, model: String, user: String? = nil,
        isSimulated: Bool = true
    ) -> ChargerDescription {
        ChargerDescription(
            id: id, vendor: vendor, model: model, user: user, isSimulated: isSimulated,
            profile: "example", phases: 1, effectivePoll: .seconds(1))
    }

    static var decision: Decision {
        Decision(
            claims: [
                Claim(source: .action, limit: .amperes(32), reason: "charge was pushed"),
                Claim(source: .installation, limit: .amperes(32), reason: "max-current is 32 A"),
            ],
            winner: .action, limit: .amperes(32), reason: "charging as asked, at up to 32 A")
    }

    static var undecided: Decision {
        Decision(claims: [], winner: nil, limit: nil, reason: "nothing has been read yet")
    }

    static var readiness: Readiness {
        Readiness(
            isReady: true,
            buses: [
                BusReadiness(
                    address: "tcp://127.0.0.1:1502", link: .up, chargers: [first, real],
                    transactions: 1200, errors: 1),
                BusReadiness(
                    address: "tcp://192.168.1.20:502", link: .down(reason: "refused"),
                    chargers: [real], transactions: 4, errors: 4),
            ],
            storeProblem: nil, isWallClockTrusted: true,
            loop: LoopStatistics(
                period: .milliseconds(250), cycles: 4800, overruns: 0,
                lateness: Percentiles(count: 4800, p50: 90, p99: 400, max: 900),
                transactions: 1204, errors: 5,
                actionLatency: Percentiles(count: 3, p50: 4100, p99: 9000, max: 9000)))
    }

    // MARK: Keys

    static let sandboxKey = "amps_sk_test_" + String(repeating: "s", count: 32)
    static let liveKey = "amps_sk_live_" + String(repeating: "l", count: 32)
    static let readOnlyKey = "sk_test_" + String(repeating: "r", count: 32)
    static let userKey = "sk_live_" + String(repeating: "u", count: 32)
    static let otherUserKey = "sk_live_" + String(repeating: "o", count: 32)
    static let expiredKey = "amps_sk_test_" + String(repeating: "e", count: 32)
    static let revokedKey = "amps_sk_test_" + String(repeating: "v", count: 32)

    static var keys: [APIKey] {
        [
            key(sandboxKey, .sandbox), key(liveKey, .live),
            key(readOnlyKey, .sandbox, isReadOnly: true),
            key(userKey, .live, user: "user_7"), key(otherUserKey, .live, user: "user_8"),
            key(expiredKey, .sandbox, expiresAt: now.wall),
            key(revokedKey, .sandbox, revokedAt: sampleMorning),
        ]
    }

    static func key(
        _ text: String, _ environment: APIEnvironment, user: String? = nil,
        isReadOnly: Bool = false, expiresAt: WallInstant? = nil, revokedAt: WallInstant? = nil
    ) -> APIKey {
        APIKey(
            id: "key_\(text.suffix(1))", name: "key \(text.suffix(1))", environment: environment,
            user: user, isReadOnly: isReadOnly, hash: KeyRing.hash(of: text),
            createdAt: sampleMorning, expiresAt: expiresAt, revokedAt: revokedAt)
    }
}

extension Action {
    init(id: String, charger: ChargerID, command: ChargeCommand, at: WallInstant) {
        self.init(
            id: ID(id), charger: charger, command: command, state: .acknowledged, createdAt: at)
        acknowledgedAt = at
    }
}
