import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import FlightRecorder
import Foundation
import Logging
import Modbus
import ServiceLifecycle
import Testing
import WallboxModel

/// An agent with simulated wallboxes on buses in virtual time, and the hands of a test on all of it.
///
/// The agent runs as a service of a group, as in the program.
struct Site: Sendable {
    let clock: ManualClock
    let store: GatedStore
    let buses: [SimulatedBus]
    let agent: Agent
    private let group: ServiceGroup

    static let first = ChargerID("device_ev_001")
    static let second = ChargerID("device_ev_002")

    /// What a test may want to be otherwise.
    struct Plan: Sendable {
        /// How many wallboxes there are on each bus.
        var buses = [1]
        var profile = "reference-7kw"
        var poll: Duration = .seconds(1)
        var installation = Milliamperes.amperes(16)
        var safeCurrent = Milliamperes.amperes(6)
        /// What the wallboxes are set to before the agent comes.
        var found = Milliamperes.amperes(10)
        var hasVehicle = true
        var isReadOnly = false
        /// Up to how much starts by the clock are delayed.
        var startDelay = Duration.zero
        /// The fuse that all wallboxes share.
        var fuse: Milliamperes?
    }

    /// Runs an agent in virtual time, and ends it after `body`.
    static func run(
        _ plan: Plan = Plan(), clock: ManualClock = ManualClock(), store: GatedStore = GatedStore(),
        buses: [SimulatedBus]? = nil, _ body: @Sendable @escaping (Site) async throws -> Void
    ) async throws {
        try await clock.run {
            let site = try await Site(plan, clock: clock, store: store, buses: buses)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await site.group.run() }
                do {
                    await clock.settle()
                    try await body(site)
                } catch {
                    store.open()
                    for bus in site.buses { await bus.shutDown() }
                    await site.end()
                    throw error
                }
                await site.end()
                try await tasks.waitForAll()
            }
        }
    }

    /// Asks the agent to end, and lets the time pass that it may take for that.
    private func end() async {
        store.open()
        await group.triggerGracefulShutdown()
        await clock.advance(by: .seconds(2))
    }

    /// Asks the agent to end; nothing more.
    func shutDown() async {
        await group.triggerGracefulShutdown()
        await clock.settle()
    }

    /// The group that the agent is a service of, until it ends.
    func run() async throws {
        try await group.run()
    }

    /// The agent alone, until it is cancelled.
    func runAgent() async {
        do {
            try await agent.run()
        } catch {
            Issue.record(error)
        }
    }

    /// - Parameters:
    ///   - agentClock: Instead of the manual clock, for a test of many threads.
    ///   - repository: Instead of the gated store.
    init(
        _ plan: Plan, clock: ManualClock, store: GatedStore = GatedStore(),
        buses given: [SimulatedBus]? = nil, agentClock: (any AgentClock)? = nil,
        repository: (any ActionRepository)? = nil
    ) async throws {
        let profile = try Self.profile(plan.profile)
        self.clock = clock
        self.store = store
        buses = given ?? plan.buses.map { Self.bus($0, plan, profile, agentClock ?? clock) }
        let numbers = Locked(0)
        var charger = 0
        var parts: [Agent.Bus] = []
        for (place, bus) in buses.enumerated() {
            let chargers = (0..<plan.buses[place]).map { unit in
                defer { charger += 1 }
                return Self.charger(charger, unit: UInt8(unit + 1), plan, profile)
            }
            parts.append(
                Agent.Bus(address: "tcp://192.0.2.\(place + 1):502", bus: bus, chargers: chargers))
        }
        agent = try await Agent(
            buses: parts, groups: Self.groups(parts, plan), isReadOnly: plan.isReadOnly,
            recorder: RecorderLimits(), poll: plan.poll, repository: repository ?? store,
            zones: TestZoneDirectory(),
            clock: agentClock ?? clock,
            makeActionID: {
                numbers.withLock { number in
                    number += 1
                    return Action.ID("action_\(number)_\(UInt32.random(in: 0 ... .max))")
                }
            },
            makeScheduleID: { "sched_\(UInt32.random(in: 0 ... .max))" },
            seed: 1, log: Logger(label: "agent") { _ in SwiftLogNoOpLogHandler() })
        group = ServiceGroup(
            services: [agent],
            logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func groups(_ buses: [Agent.Bus], _ plan: Plan) -> [FuseGroupConfiguration] {
        guard let fuse = plan.fuse else { return [] }
        let members = buses.flatMap(\.chargers).map { charger in
            FuseGroupConfiguration.Member(
                charger: charger.control.description.id, phases: .all,
                minimum: charger.control.minimum, maximum: plan.installation,
                step: charger.control.step, reserve: plan.safeCurrent, poll: plan.poll)
        }
        return [FuseGroupConfiguration(name: "garage", limit: fuse, members: members)]
    }

    private static func bus(
        _ count: Int, _ plan: Plan, _ profile: DeviceProfile, _ clock: any AgentClock
    ) -> SimulatedBus {
        let now = clock.now().monotonic
        let wallboxes = (1...count).map { unit in
            var options = WallboxOptions()
            options.factorySetpoint = plan.found
            var wallbox = SimulatedWallbox(
                profile: profile, options: options, unit: UInt8(unit), at: now)
            if plan.hasVehicle {
                wallbox.plug(Vehicle(phases: 1, maximumCurrent: .amperes(32)), at: now)
            }
            return wallbox
        }
        return SimulatedBus(wallboxes, clock: clock)
    }

    private static func charger(
        _ index: Int, unit: UInt8, _ plan: Plan, _ profile: DeviceProfile
    ) -> Agent.Charger {
        let phases = profile.electrical.phases
        let file = ProfileText.File(id: profile.id, text: ProfileFolder.text(profile.id) ?? "")
        return Agent.Charger(
            profile: profile, text: ProfileText(connector: 1, files: [file]),
            driver: DriverConfiguration(
                unit: unit, installationMaximum: plan.installation,
                safeCurrent: plan.safeCurrent, phases: phases, poll: plan.poll),
            control: ControlConfiguration(
                description: ChargerDescription(
                    id: id(index), vendor: "vendor", model: "model", user: nil,
                    isSimulated: true, profile: profile.id, phases: phases,
                    effectivePoll: DriverEngine.effectivePoll(
                        profile: profile, configured: plan.poll)),
                installationMaximum: plan.installation, safeCurrent: plan.safeCurrent,
                minimum: profile.control.minimum, profileMaximum: profile.control.maximum,
                step: profile.control.step, ratedPower: nil,
                startDelay: plan.startDelay),
            index: index)
    }

    static func id(_ index: Int) -> ChargerID {
        let number = String(index + 1)
        return ChargerID("device_ev_" + String(repeating: "0", count: 3 - number.count) + number)
    }

    /// A profile of the repository.
    static func profile(_ name: String) throws -> DeviceProfile {
        try ProfileFolder.profile(name)
    }
}

// MARK: - Short words for tests

extension Site {
    var bus: SimulatedBus { buses[0] }

    func push(
        _ command: ChargeCommand, to charger: ChargerID = Site.first, key: IdempotencyKey? = nil
    ) async throws -> Action {
        try await agent.push(
            ActionRequest(charger: charger, command: command, idempotency: key))
    }

    /// Pushes without waiting for the answer, and lets everything run that can.
    func pushInBackground(
        _ command: ChargeCommand, to charger: ChargerID = Site.first, key: IdempotencyKey? = nil
    ) async -> Answer {
        let answer = Answer()
        let request = ActionRequest(charger: charger, command: command, idempotency: key)
        // Not structured, because the test goes on before the answer comes; it ends with it.
        Task(executorPreference: clock.executor) { [agent] in
            do throws(RequestRefusal) {
                answer.came(.success(try await agent.push(request)))
            } catch {
                answer.came(.failure(error))
            }
        }
        await clock.settle()
        return answer
    }

    func charger(_ id: ChargerID = Site.first) throws -> ChargerView {
        try #require(agent.view[id])
    }

    /// The current that a wallbox of one phase offers, as it is set.
    func setpoint(_ place: Int = 0, on bus: Int = 0) -> Milliamperes {
        buses[bus].truth(place).setpoint
    }
}

/// The answer to a push, when it comes.
final class Answer: Sendable {
    private let state = Locked<Result<Action, RequestRefusal>?>(nil)

    func came(_ result: Result<Action, RequestRefusal>) {
        state.withLock { $0 = result }
    }

    var result: Result<Action, RequestRefusal>? { state.withLock { $0 } }

    var refusal: RequestRefusal? {
        guard case .failure(let refusal)? = result else { return nil }
        return refusal
    }

    var action: Action? {
        guard case .success(let action)? = result else { return nil }
        return action
    }
}
