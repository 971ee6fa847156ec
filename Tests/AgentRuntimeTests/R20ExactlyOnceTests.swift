import ActionStore
import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Foundation
import Testing

/// Requests that are repeated and reordered, to an agent that crashes again and again, with the real
/// store: each has one effect.
@Suite("R20: exactly one effect")
struct R20ExactlyOnceTests {
    private static let deliveries = 10_000
    private static let repetitions = 5
    /// How far from its place a delivery may come: as many requests are on their way together.
    private static let disorder = 200
    private static let clients = 16

    /// What the clients know.
    private struct Clients {
        /// Deliveries that were not answered yet, in the order in which they are tried.
        var waiting: [Int]
        /// Every answer that came, by request.
        var answers: [[Action]]
    }

    @Test("R20: 10,000 retried, reordered and crashed requests have one effect for each key")
    func r20_exactlyOneEffect() async throws {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let requests = Self.deliveries / Self.repetitions
        let places = (0..<Self.deliveries).map {
            ($0 / Self.repetitions, $0 + Int.random(in: 0...Self.disorder, using: &random))
        }
        let clients = Locked(
            Clients(
                waiting: places.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0),
                answers: Array(repeating: [], count: requests)))
        let scratch = FileManager.default.temporaryDirectory
            .appending(path: "evse-agent-r20-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: false)
        defer { _ = Result { try FileManager.default.removeItem(at: scratch) } }

        var life = 0
        var directory = scratch.appending(path: "state-0").path
        while clients.withLock({ !$0.waiting.isEmpty }) {
            life += 1
            let remains = scratch.appending(path: "state-\(life)").path
            let crash = CrashingStore.Crash(
                commit: Int.random(in: 1...120, using: &random),
                isAfter: Bool.random(using: &random))
            let hasCrashed = try await live(clients, in: directory, remains: remains, crash)
            guard hasCrashed else { break }
            try FileManager.default.removeItem(atPath: directory)
            directory = remains
        }
        #expect(life > 10, "it has crashed again and again")
        try await judge(clients.withLock { $0 }, requests: requests, in: directory)
    }

    /// One process, from its start to its crash.
    ///
    /// - Returns: Whether it crashed before everything was answered.
    private func live(
        _ clients: Locked<Clients>, in directory: String, remains: String,
        _ crash: CrashingStore.Crash
    ) async throws -> Bool {
        let inner = try ActionStore.open(directory: directory)
        let store = CrashingStore(inner, in: directory, remains: remains, crash: crash)
        let site = try await Site(Site.Plan(), clock: ManualClock(), repository: store)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await site.runAgent() }
            await withTaskGroup(of: Void.self) { senders in
                for _ in 0..<Self.clients {
                    senders.addTask { await Self.send(clients, to: site, until: { store.isDead }) }
                }
            }
            group.cancelAll()
        }
        try inner.close()
        return store.isDead
    }

    /// Sends one delivery after the other; what is not answered is sent again.
    private static func send(
        _ clients: Locked<Clients>, to site: Site, until isDead: () -> Bool
    ) async {
        while !isDead() {
            let next = clients.withLock { $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }
            guard let request = next else { return }
            do throws(RequestRefusal) {
                let answer = try await site.agent.push(push(request))
                clients.withLock { $0.answers[request].append(answer) }
            } catch {
                switch error {
                case .busy, .storeUnavailable:
                    clients.withLock { $0.waiting.insert(request, at: 0) }
                default: Issue.record("request \(request): \(error)")
                }
            }
        }
    }

    /// Each takes the place of the one before, so that none is refused.
    private static func push(_ request: Int) -> ActionRequest {
        ActionRequest(
            charger: Site.first, command: request.isMultiple(of: 3) ? .idle : .charge,
            timing: ActionTiming(
                start: ManualClock().now().wall.advanced(by: .seconds(3_600 + request))),
            onConflict: .cancelAndReplace,
            idempotency: IdempotencyKey(
                scope: "key POST /ev-charger/device_ev_001", key: "request \(request)",
                bodyHash: Array(repeating: UInt8(request % 251), count: 32)))
    }

    private func judge(
        _ clients: Clients, requests: Int, in directory: String
    ) async throws {
        let store = try ActionStore.open(directory: directory)
        var ids: Set<Action.ID> = []
        for (request, answers) in clients.answers.enumerated() {
            #expect(answers.count == Self.repetitions, "request \(request)")
            let first = try #require(answers.first)
            #expect(answers.allSatisfy { $0 == first }, "request \(request): \(answers)")
            #expect(first.start == Self.push(request).timing?.start)
            ids.insert(first.id)
            #expect(try await store.action(first.id) != nil, "\(first.id) is lost")
        }
        #expect(ids.count == requests, "no two share an action")
        let page = try await store.actions(ActionQuery(chargers: [Site.first]))
        #expect(page.total == requests, "and there is no other")
        let open = try await store.actions(
            ActionQuery(chargers: [Site.first], state: .scheduled))
        #expect(open.total == 1)
        try store.close()
    }
}
