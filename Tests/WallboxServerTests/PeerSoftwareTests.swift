import AgentTestSupport
import ChargeModel
import Testing
import WallboxModel
import WallboxServer

/// The simulator as other people's software sees it: Debian's `mbpoll` reads and writes it.
@Suite(.timeLimit(.minutes(2))) struct PeerSoftwareTests {
    private func charging(
        _ device: String, _ body: (TestServer) async throws -> Void
    ) async throws {
        try await TestServer.run(device) { test in
            test.server.wallbox.update {
                $0.plug(Vehicle(phases: 3, maximumCurrent: .amperes(16)), at: $1)
            }
            test.clock.advance(by: .seconds(1803))
            try await body(test)
        }
    }

    @Test func mbpollReadsTheSmallReferenceWallbox() async throws {
        try await charging("reference-7kw") { test in
            let read = try await Mbpoll.run(
                port: test.port, ["-a", "1", "-t", "3", "-r", "32", "-c", "8"])
            #expect(read.status == 0, "\(read.output)")
            // Pilot C2, no error, 16 A, 230 V, 3680 W, 184 times 10 Wh, 1840 Wh in two words.
            #expect(
                read.values == [
                    32: "5", 33: "0", 34: "160", 35: "2300", 36: "3680", 37: "184", 38: "0",
                    39: "1840",
                ], "\(read.output)")
        }
    }

    @Test func mbpollWritesASetpointAndTheVehicleFollows() async throws {
        try await charging("reference-7kw") { test in
            let write = try await Mbpoll.run(
                port: test.port, ["-a", "1", "-t", "4", "-r", "0"], writing: ["100"])
            #expect(write.status == 0, "\(write.output)")
            #expect(test.server.wallbox.truth.setpoint == .amperes(10))
            test.clock.advance(by: .seconds(10))
            let read = try await Mbpoll.run(
                port: test.port, ["-a", "1", "-t", "3", "-r", "34", "-c", "3"])
            #expect(read.values == [34: "100", 35: "2300", 36: "2300"], "\(read.output)")
        }
    }

    @Test func mbpollReadsFloatsAndTextOfTheLargeReferenceWallbox() async throws {
        try await charging("reference-22kw") { test in
            // Low word first, as mbpoll reads by default.
            let currents = try await Mbpoll.run(
                port: test.port, ["-a", "7", "-t", "4:float", "-r", "4356", "-c", "3"])
            #expect(
                currents.values == [4356: "16", 4358: "16", 4360: "16"], "\(currents.output)")
            // High word first.
            let power = try await Mbpoll.run(
                port: test.port, ["-a", "7", "-t", "4:float", "-B", "-r", "4366", "-c", "1"])
            #expect(power.values == [4366: "11.04"], "\(power.output)")
            let product = try await Mbpoll.run(
                port: test.port, ["-a", "7", "-t", "4:hex", "-r", "4096", "-c", "4"])
            #expect(
                product.values == [
                    4096: "0x5245", 4097: "0x462D", 4098: "0x3232", 4099: "0x4B00",
                ], "\(product.output)")
        }
    }

    @Test func mbpollWritesSeveralRegistersAtOnce() async throws {
        try await charging("reference-22kw") { test in
            // 10,000 mA, low word first, and the switch: one request.
            let write = try await Mbpoll.run(
                port: test.port, ["-a", "7", "-t", "4", "-r", "8192"],
                writing: ["10000", "0", "1"])
            #expect(write.status == 0, "\(write.output)")
            #expect(test.server.wallbox.truth.limit == .amperes(10))
            #expect(test.server.wallbox.writes.map(\.access.name) == ["setpoint", "enable"])
        }
    }

    @Test func mbpollIsToldWhatIsWrong() async throws {
        try await charging("reference-7kw") { test in
            let address = try await Mbpoll.run(
                port: test.port, ["-a", "1", "-t", "4", "-r", "900", "-c", "1"])
            #expect(address.output.contains("Illegal data address"), "\(address.output)")
            let value = try await Mbpoll.run(
                port: test.port, ["-a", "1", "-t", "4", "-r", "0"], writing: ["30"])
            #expect(value.output.contains("Illegal data value"), "\(value.output)")
            #expect(test.server.wallbox.truth.setpoint == .amperes(32))
        }
    }

    @Test func mbpollGetsNoAnswerFromAnotherUnit() async throws {
        try await charging("reference-7kw") { test in
            let read = try await Mbpoll.run(
                port: test.port, ["-a", "9", "-o", "0.3", "-t", "3", "-r", "32", "-c", "1"])
            #expect(read.values.isEmpty)
            #expect(read.output.contains("timed out"), "\(read.output)")
        }
    }
}
