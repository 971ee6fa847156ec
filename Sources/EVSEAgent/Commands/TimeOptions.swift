import AgentAPI
import AgentRuntime
import ArgumentParser
import ChargeControl
import ChargeModel

/// How civil time passes for simulated wallboxes, so that a night can pass in a minute.
struct TimeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The simulated time to begin at, such as 2026-06-01T22:00:00 in the site's zone, or with Z or an offset. Without it: the real time.",
            valueName: "time"))
    var timeOrigin: String?

    @Option(
        help: ArgumentHelp(
            "How many times as fast as real time simulated time passes, 1 to 10000. With 480 a night of eight hours passes in a minute. Schedules, windows and what is written down follow simulated time, meters and batteries fill as fast; polls, timeouts and starts after a duration stay in real time.",
            valueName: "times"))
    var timeScale = 1

    @Option(
        help: ArgumentHelp(
            "The real time, with Z or an offset, at which simulated time is or was --time-origin. Without it: the start of this program, which it prints. Give several programs, or one that is started again, the same three values, and they have the same time.",
            valueName: "time"))
    var timeAnchor: String?

    var isGiven: Bool { timeOrigin != nil || timeScale != 1 || timeAnchor != nil }

    func validate() throws {
        guard SimulatedTime.scales.contains(timeScale) else {
            throw ValidationError("--time-scale is 1 to \(SimulatedTime.scales.upperBound)")
        }
        guard let timeAnchor else { return }
        guard WallInstant(timestamp: timeAnchor) != nil else {
            throw ValidationError(
                "--time-anchor: write a time with its offset, such as 2026-06-02T12:00:00Z")
        }
        guard timeOrigin != nil || timeScale != 1 else {
            throw ValidationError("--time-anchor goes with --time-origin or --time-scale")
        }
    }

    /// - Parameters:
    ///   - zone: In which an origin without an offset is meant; nil if there is none.
    ///   - now: The real time.
    func simulatedTime(in zone: (any ZoneRules)?, now: WallInstant) throws -> SimulatedTime {
        let anchor = timeAnchor.flatMap { WallInstant(timestamp: $0) } ?? now
        return SimulatedTime(
            origin: try origin(in: zone) ?? anchor, anchor: anchor, scale: timeScale)
    }

    private func origin(in zone: (any ZoneRules)?) throws -> WallInstant? {
        guard let timeOrigin else { return nil }
        if let instant = WallInstant(timestamp: timeOrigin) { return instant }
        guard let civil = CivilDateTime(timeOrigin) else {
            throw ValidationError(
                "--time-origin: write a time such as 2026-06-01T22:00:00, and Z or an offset if it is not in the site's zone"
            )
        }
        guard let zone else {
            throw ValidationError(
                "--time-origin: there is no site here that has a zone; add Z or an offset")
        }
        return zone.instant(of: civil)
    }

    /// The clock in this time; tells how to have the same time elsewhere.
    func clock(in zone: (any ZoneRules)?) throws -> ScaledClock {
        let real = SystemClock(trust: .trusted)
        let time = try simulatedTime(in: zone, now: real.now().wall)
        tell(
            """
            time passes \(timeScale) times as fast as it is; the same time in another program, or \
            after a restart, with --time-origin \(time.origin.timestamp) --time-scale \(timeScale) \
            --time-anchor \(time.anchor.timestamp)
            """)
        return ScaledClock(time, over: real)
    }
}

extension TimeOptions {
    /// The clock of an agent: simulated time as the options say, else the computer's.
    ///
    /// - Parameter lastUse: The latest time that was written down; nil in a new site.
    /// - Throws: ``CommandFailure`` when time is to be simulated for a wallbox that is real.
    func clock(
        of configuration: AgentConfiguration, lastUse: WallInstant?
    ) throws -> any AgentClock {
        guard isGiven else {
            return SystemClock(
                trust: configuration.site.clock == .trusted ? .trusted : .auto, lastUse: lastUse)
        }
        if let real = configuration.chargers.first(where: { !$0.isSimulated }) {
            throw CommandFailure(
                "simulated time is for simulated wallboxes: '\(real.id)' has no 'simulated: true'. Leave --time-origin and --time-scale out"
            )
        }
        return try clock(in: SystemZones().zone(named: configuration.site.timeZone))
    }
}
