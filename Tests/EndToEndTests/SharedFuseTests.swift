import AgentTestSupport
import Foundation
import Testing

/// Two wallboxes on one fuse of 32 A, with the real program.
@Suite(.timeLimit(.minutes(3)))
struct SharedFuseTests {
    private static let fuse = 32_000

    @Test func twoWallboxesNeverTakeMoreThanTheFuseCarries() async throws {
        let first = try await RunningWallbox()
        let second = try await RunningWallbox()
        let site = try await RunningAgent.Site(
            wallboxes: [first.port, second.port],
            more: """
                groups:
                  - name: garage
                    max-current: 32
                    chargers: [device_ev_001, device_ev_002]
                """)
        let agent = try await RunningAgent(site)
        // Found at 32 A each: brought down once it is known of both.
        try await expect([16_000, 16_000], of: first, second)
        try await watching(first, second) {
            try await charge(first, second, agent)
            // Killed: the new one knows nothing of what was shared.
            try await agent.process.end(SIGKILL)
            let again = try await RunningAgent(site)
            try await expect([26_000, 0], of: first, second)
            let action = try await again.api.push("charge", to: "device_ev_002")
            #expect(try await again.api.end(of: action)["state"] == .string("completed"))
            try await expect([16_000, 16_000], of: first, second)
            // The second hangs: it counts with what it stands at.
            second.process.send(SIGSTOP)
            try await Task.sleep(for: .seconds(3))
            #expect(try await first.control.setpoint == 16_000)
            second.process.send(SIGCONT)
            #expect(try await again.process.end(SIGTERM).code == 0)
        }
        #expect(try await first.control.setpoint == 6_000)
    }

    private func charge(
        _ first: RunningWallbox, _ second: RunningWallbox, _ agent: RunningAgent
    ) async throws {
        for id in ["device_ev_001", "device_ev_002"] {
            let action = try await agent.api.push("charge", to: id)
            #expect(try await agent.api.end(of: action)["state"] == .string("completed"))
        }
        try await expect([16_000, 16_000], of: first, second)
        let idle = try await agent.api.push("idle", to: "device_ev_002")
        #expect(try await agent.api.end(of: idle)["state"] == .string("completed"))
        try await expect([26_000, 0], of: first, second)
        let decision = try await agent.api.get("/ev-charger/device_ev_001/decision").json["data"]
        #expect(decision?["winner"] == .string("group"))
        #expect(decision?["group.name"] == .string("garage"))
        #expect(decision?["group.members.0.shareAmperes"] == .number(26))
        #expect(decision?["group.members.1.shareAmperes"] == .number(0))
        #expect(decision?["group.members.1.countedAmperes"] == .number(6))
        #expect(
            decision?["group.members.1.reason"]
                == .string("fuse garage of 32 A: nobody wants it to charge"))
    }

    private func expect(
        _ setpoints: [Int], of wallboxes: RunningWallbox...
    ) async throws {
        for (wallbox, setpoint) in zip(wallboxes, setpoints) {
            try await wait(until: "a setpoint of \(setpoint) mA", within: .seconds(30)) {
                try await wallbox.control.setpoint == setpoint
            }
        }
    }

    /// Looks all the time what both are set to.
    private func watching(
        _ first: RunningWallbox, _ second: RunningWallbox, _ body: () async throws -> Void
    ) async throws {
        let isOver = Locked(false)
        let highest = Locked(0)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                while !isOver.withLock({ $0 }) {
                    let sum = try await first.control.setpoint + second.control.setpoint
                    highest.withLock { $0 = max($0, sum) }
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            defer { isOver.withLock { $0 = true } }
            try await body()
        }
        #expect(highest.withLock { $0 } <= Self.fuse)
        #expect(highest.withLock { $0 } > Self.fuse - 1_000)
    }
}
