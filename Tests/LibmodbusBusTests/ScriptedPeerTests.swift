import AgentTestSupport
import Glibc
import Modbus
import Testing

/// The peer's own descriptors, which it must not let pile up in the process that tests a bus.
struct ScriptedPeerTests {
    @Test func aConnectionEndsAsSoonAsItsClientHasGone() async throws {
        try await Bench.run({ _ in .late(by: .seconds(3600)) }) { bench in
            for _ in 0..<3 {
                try await bench.open()
                #expect(await bench.failure(timeout: .milliseconds(5)) == .timeout)
            }
            #expect(try await eventually { bench.peer.openConnections == 0 })
            #expect(bench.peer.acceptedAt.count == 3)
        }
    }

    @Test func aDrippingConnectionEndsAsSoonAsItsClientHasGone() async throws {
        try await Bench.run({ _ in .drip(every: .seconds(3600)) }) { bench in
            try await bench.open()
            #expect(await bench.failure(timeout: .milliseconds(5)) == .timeout)
            #expect(try await eventually { bench.peer.openConnections == 0 })
        }
    }

    @Test func connectionsBeyondTheLimitWaitUntilOthersEnd() async throws {
        let peer = try ScriptedModbusPeer(maximumConnections: 2) { _ in .answer }
        let clients = try (0..<5).map { _ in try LoopbackSocket.beginConnecting(to: peer.port) }
        #expect(try await eventually { peer.openConnections == 2 })
        for (index, client) in clients.enumerated() {
            #expect(peer.acceptedAt.count <= 2 + index)
            close(client)
            #expect(try await eventually { peer.acceptedAt.count >= min(5, 3 + index) })
        }
        #expect(try await eventually { peer.openConnections == 0 })
        #expect(peer.mostConnections == 2)
        peer.stop()
    }
}
