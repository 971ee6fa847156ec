import ActionStore
import AgentAPI
import AgentRuntime
import CLinux
import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Foundation
import Logging
import Modbus
import ServiceLifecycle

/// Puts the agent together: store, buses, engines, API. The only place that knows all parts.
struct AgentComposition {
    let agent: Agent
    let store: ActionStore
    let events: SecurityLog
    private let clock: any AgentClock
    let keys: KeyRing
    private let zones = SystemZones()
    /// Of the plant.
    private let zone: any ZoneRules
    /// Names of this computer.
    private let hosts: [String]
    private let note: ConfigurationNote?
    private let buses: [any ModbusBus]
    private let lock: StateDirectoryLock
    /// nil while nothing is recorded.
    private let recordings: String?

    /// - Parameters:
    ///   - isReadOnly: Whether nothing is written to any wallbox.
    ///   - makeClock: Is told the latest time that was stored, before which it cannot be.
    ///   - note: What has changed of the configuration; nil where it is the program's own.
    /// - Throws: ``CommandFailure`` when the state directory or its database cannot be used.
    init(
        _ configuration: AgentConfiguration, catalog: ProfileCatalog, isReadOnly: Bool = false,
        clock makeClock: (_ lastUse: WallInstant?) throws -> any AgentClock,
        note: ConfigurationNote? = nil, log: Logger
    ) async throws {
        guard let zone = zones.zone(named: configuration.site.timeZone) else {
            throw CommandFailure(
                "the time zone \(configuration.site.timeZone) is not known here; install tzdata")
        }
        self.zone = zone
        self.note = note
        hosts = [configuration.api.listen.host] + configuration.api.hosts
        let directory = configuration.stateDirectory
        recordings = configuration.recorder == nil ? nil : directory
        FlightRecorderService.ignoreSignal()
        lock = try Self.lock(directory)
        let opened = try Self.openStore(directory, holding: lock)
        store = opened.store
        let clock = try makeClock(try await store.latestInstant())
        self.clock = clock
        events = try Self.openEvents(directory)
        if let message = opened.setAside {
            log.error("\(message)")
            await events.record(SecurityEvent(.storeSetAside(message: message), at: clock.now()))
        }
        keys = KeyRing(try await store.keys())
        let boot = try Self.bootID()
        var buses: [any ModbusBus] = []
        var parts: [Agent.Bus] = []
        for group in Self.groups(configuration.chargers) {
            let members = group.chargers.map { configuration.chargers[$0] }
            let chargers = try group.chargers.map { index in
                try Self.charger(
                    configuration.chargers[index], at: index, configuration, catalog, boot: boot)
            }
            let gap = (members.map(\.requestGap) + chargers.map(\.profile.link.requestGap))
                .reduce(.zero, max)
            let bus = BusFactory.bus(
                at: group.address, line: members.lazy.compactMap(\.line).first, gap: gap)
            buses.append(bus)
            parts.append(
                Agent.Bus(
                    address: "\(group.address)", bus: bus, chargers: chargers, requestGap: gap))
        }
        self.buses = buses
        agent = try await Agent(
            buses: parts, groups: try Self.fuseGroups(configuration, catalog),
            isReadOnly: isReadOnly, recorder: configuration.recorder, poll: configuration.poll,
            repository: store, zones: zones, clock: clock,
            makeActionID: { Action.ID("action_" + RandomText.base62(count: 16)) },
            makeScheduleID: { "sched_" + RandomText.base62(count: 16) },
            seed: .random(in: .min ... .max), log: log)
    }

    /// The services in the order of their start; they end in the reverse order.
    ///
    /// - Parameter onListening: Is told the API's port once it accepts connections.
    func services(
        listen: AgentConfiguration.SocketAddress, log: Logger,
        onListening: @escaping @Sendable (Int) async -> Void
    ) -> [any Service] {
        let recorder = recordings.map {
            FlightRecorderService(agent: agent, stateDirectory: $0, clock: clock, log: log)
        }
        let services: [(any Service)?] = [
            StoreService(store: store, buses: buses, lock: lock, clock: clock, log: log),
            EventLogService(
                events: events, agent: agent, clock: clock, configuration: note, log: log),
            ClockWatchService(
                events: events, clock: clock, computer: SystemClock(trust: .trusted), log: log),
            KeyReloader(store: store, keys: keys, log: log),
            recorder,
            agent,
            AgentHTTPServer(
                responder: AgentRouter(
                    service: agent, keys: keys, zone: zone, zones: zones,
                    site: SiteCheck(names: hosts), events: events, logger: log),
                host: listen.host, port: listen.port, logger: log,
                onListening: { port in
                    await onListening(port)
                    Self.giveBackStartUpCode(log)
                }),
        ]
        return services.compactMap { $0 }
    }

    /// What reads configuration, profiles and migrations runs once, and would stay resident for months.
    private static func giveBackStartUpCode(_ log: Logger) {
        guard evse_unmap_unused_code() == -1 else { return }
        log.debug("code of the start stays in memory: \(String(cString: strerror(errno)))")
    }

    // MARK: - Parts

    private static func lock(_ directory: String) throws -> StateDirectoryLock {
        do throws(StateDirectoryError) {
            return try StateDirectoryLock.acquire(directory: directory)
        } catch {
            throw CommandFailure("\(error)")
        }
    }

    /// The kernel's random name of this boot.
    private static func bootID() throws -> String {
        let path = "/proc/sys/kernel/random/boot_id"
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw CommandFailure("cannot read \(path): \(error)")
        }
    }

    private static func openStore(
        _ directory: String, holding lock: StateDirectoryLock
    ) throws -> (store: ActionStore, setAside: String?) {
        do throws(StoreError) {
            return try ActionStore.openOrSetAside(directory: directory, holding: lock)
        } catch {
            throw CommandFailure("cannot open the state in \(directory): \(error.forPeople)")
        }
    }

    private static func openEvents(_ directory: String) throws -> SecurityLog {
        do throws(StoreError) {
            return try SecurityLog.open(directory: directory)
        } catch {
            throw CommandFailure("cannot open the event log in \(directory): \(error.forPeople)")
        }
    }

    static func openStore(_ directory: String) throws -> ActionStore {
        do throws(StoreError) {
            return try ActionStore.open(directory: directory)
        } catch {
            throw CommandFailure("cannot open the state in \(directory): \(error.forPeople)")
        }
    }

    /// Chargers by the bus that they hang on, in the order of the configuration.
    private static func groups(
        _ chargers: [AgentConfiguration.Charger]
    ) -> [(address: BusAddress, chargers: [Int])] {
        var groups: [(address: BusAddress, chargers: [Int])] = []
        for (index, charger) in chargers.enumerated() {
            if let place = groups.firstIndex(where: { $0.address == charger.address }) {
                groups[place].chargers.append(index)
            } else {
                groups.append((charger.address, [index]))
            }
        }
        return groups
    }

    private static func charger(
        _ charger: AgentConfiguration.Charger, at index: Int,
        _ configuration: AgentConfiguration, _ catalog: ProfileCatalog, boot: String
    ) throws -> Agent.Charger {
        let profile = try catalog.profile(named: charger.profile)
            .selecting(connector: charger.connector)
        let phases = min(charger.phases, profile.electrical.phases)
        let description = ChargerDescription(
            id: charger.id, vendor: charger.vendor ?? profile.vendor,
            model: charger.model ?? profile.model, user: charger.user,
            isSimulated: charger.isSimulated, profile: profile.id, phases: phases,
            effectivePoll: DriverEngine.effectivePoll(
                profile: profile, configured: configuration.poll))
        var driver = DriverConfiguration(
            unit: UInt8(charger.unit), installationMaximum: charger.maxCurrent,
            safeCurrent: charger.safeCurrent, phases: phases, poll: configuration.poll)
        driver.vehiclePhases = charger.vehiclePhases
        driver.switchesPhases = charger.switchesPhases
        var control = ControlConfiguration(
            description: description, installationMaximum: charger.maxCurrent,
            safeCurrent: charger.safeCurrent, minimum: profile.control.minimum,
            profileMaximum: profile.control.maximum, step: profile.control.step,
            ratedPower: phases == profile.electrical.phases
                ? profile.electrical.ratedPower : nil,
            idleEndsAtUnplug: charger.idleEndsAtUnplug,
            startDelay: configuration.site.startDelay, boot: boot)
        control.switchesPhases = charger.switchesPhases
        return Agent.Charger(
            profile: profile,
            text: configuration.recorder == nil
                ? nil : catalog.text(of: charger.profile, connector: charger.connector),
            driver: driver, control: control, index: index)
    }
}

/// Readies the log while the others start. Ends last: shuts the bus threads down and closes the
/// database when nobody writes any more.
struct StoreService: Service {
    let store: ActionStore
    let buses: [any ModbusBus]
    let lock: StateDirectoryLock
    let clock: any AgentClock
    let log: Logger

    private static let pruningPeriod = Duration.seconds(24 * 3_600)

    func run() async throws {
        do throws(StoreError) {
            try await store.growLog()
        } catch {
            log.warning("commits may take longer, the log has not its full size: \(error)")
        }
        await cancelWhenGracefulShutdown { await prune() }
        for bus in buses { await bus.shutDown() }
        try store.close()
        withExtendedLifetime(lock) {}
    }

    /// Once a day, and never by a clock that may show another year.
    private func prune() async {
        while !Task.isCancelled {
            let now = clock.now()
            do throws(StoreError) {
                if now.isWallTrusted {
                    let removed = try await store.prune(now: now.wall)
                    if removed > 0 { log.info("\(removed) old actions removed") }
                }
            } catch {
                log.warning("old actions cannot be removed: \(error.forPeople)")
            }
            do { try await Task.sleep(for: Self.pruningPeriod) } catch { return }
        }
    }
}

/// Takes over keys that were made or revoked by another process: a revoked one is refused within a
/// second, open streams included (requirement R32).
struct KeyReloader: Service {
    let store: ActionStore
    let keys: KeyRing
    let log: Logger

    private static let retryDelay: Duration = .milliseconds(500)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            let changes = store.foreignChanges()
            // What changed before the watch began.
            await reload()
            for await _ in changes { await reload() }
        }
    }

    /// Tries until it succeeds: a key whose revocation could not be read must not stay valid.
    private func reload() async {
        while !Task.isCancelled {
            do throws(StoreError) {
                return keys.replace(try await store.keys())
            } catch {
                log.warning("the keys cannot be read: \(error)")
            }
            do { try await Task.sleep(for: Self.retryDelay) } catch { return }
        }
    }
}

extension StoreError {
    /// What is wrong and what to do, for the person at the command line.
    var forPeople: String {
        switch self {
        case .full: "the disk is full. Make room on it"
        case .unavailable(let reason): reason
        case .corrupt(let reason):
            "the database is damaged (\(reason)). Move it away; a new one is made at the next start"
        }
    }
}
