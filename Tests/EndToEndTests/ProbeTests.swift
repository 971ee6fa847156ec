import AgentTestSupport
import Foundation
import Testing

/// `evse-agent probe` as an installer uses it: on a wallbox, and on what is not one.
@Suite(.timeLimit(.minutes(2)))
struct ProbeTests {
    private func probe(_ arguments: String...) async throws -> ChildProcess.Exit {
        try await ChildProcess.run(
            Programs.agent, ["probe", "--timeout", "200"] + arguments, within: .seconds(60))
    }

    @Test func itNamesTheWallboxAndReadsEveryValue() async throws {
        let wallbox = try await RunningWallbox(
            options: ["--plugged", "--vehicle-phases", "1", "--vehicle-current", "32"])
        let exit = try await probe("tcp://127.0.0.1:\(wallbox.port)")
        #expect(exit.code == 0, "\(exit)")
        #expect(exit.output.contains("this is reference-7kw (Reference wallbox 7 kW (simulated))"))
        #expect(exit.output.contains("hardware-maximum  32 A"))
        #expect(exit.output.contains("voltages          230 V"))
        #expect(exit.output.contains("without the agent") == false, "its failsafe falls")
        // It has read, and written nothing.
        let writes = try await wallbox.control.get("/writes").json.elements
        #expect(writes == [])
    }

    @Test func jsonHasTheSame() async throws {
        let wallbox = try await RunningWallbox(options: [])
        let exit = try await probe(
            "tcp://127.0.0.1:\(wallbox.port)?unit=1", "--profile", "reference-7kw", "--json")
        #expect(exit.code == 0, "\(exit)")
        let report = try JSONValue(parsing: exit.output)
        #expect(report["profile"] == .string("reference-7kw"))
        #expect(report["pilotState"] == .string("A"))
        #expect(report["problems"] == .array([]))
        #expect(report["candidates.0.verdict"] == .string("fits"))
        let values = try #require(report["values"]).elements
        let version = try #require(values.first { $0["name"] == .string("map-version") })
        #expect(version["value"] == .string("1793"))
        #expect(version["polled"] == .string("once"))
        #expect((version["milliseconds"]?.figure ?? -1) > 0)
    }

    @Test func theWrongProfileIsSaid() async throws {
        let wallbox = try await RunningWallbox()
        let exit = try await probe(
            "tcp://127.0.0.1:\(wallbox.port)?unit=1", "--profile", "keba-p30")
        #expect(exit.code == 1)
        #expect(exit.output.contains("the device is not a KEBA KeContact P30"), "\(exit)")
    }

    @Test func aSilentUnitIsSaid() async throws {
        let wallbox = try await RunningWallbox()
        let exit = try await probe(
            "tcp://127.0.0.1:\(wallbox.port)?unit=9", "--profile", "reference-7kw")
        #expect(exit.code == 1)
        #expect(exit.output.contains("unit 9 does not answer"), "\(exit)")
        #expect(exit.output.contains("?unit=N"))
    }

    @Test func aWebPageIsToldFromModbus() async throws {
        let server = try ChildProcess(
            Programs.python, ["-u", "-m", "http.server", "--bind", "127.0.0.1", "0"])
        let line = try await server.line(containing: "port ")
        let port = try #require(
            line.split(separator: " ").compactMap { Int($0) }.first, "no port in \(line)")
        let exit = try await probe("tcp://127.0.0.1:\(port)", "--profile", "reference-7kw")
        #expect(exit.code == 1)
        #expect(exit.output.contains("is a web page (HTTP), not Modbus"), "\(exit)")
    }

    @Test func framesWithoutAHeaderAreToldFromModbusTCP() async throws {
        // Unit 1, exception 2, and a checksum, as a transparent gateway passes it on.
        let peer = try ScriptedModbusPeer { _ in .garbage([0x01, 0x83, 0x02, 0xC0, 0xF1]) }
        let exit = try await probe("tcp://127.0.0.1:\(peer.port)", "--profile", "reference-7kw")
        #expect(exit.code == 1)
        #expect(exit.output.contains("Modbus RTU frames inside TCP"), "\(exit)")
    }

    @Test func aConnectionThatIsClosedAtOnceMeansAnotherClient() async throws {
        let peer = try ScriptedModbusPeer { _ in .close }
        let exit = try await probe("tcp://127.0.0.1:\(peer.port)", "--profile", "reference-7kw")
        #expect(exit.code == 1)
        #expect(exit.output.contains("serve one Modbus client, and another has it"), "\(exit)")
    }

    @Test func aClosedPortIsSaid() async throws {
        let closed = try LoopbackSocket.hold()
        defer { close(closed.descriptor) }
        let exit = try await probe("tcp://127.0.0.1:\(closed.port)")
        #expect(exit.code == 1)
        #expect(exit.output.contains("refuses the connection"), "\(exit)")
    }

    @Test(arguments: [
        ("foo://x", "Write tcp://host"), ("tcp://", "has no host"),
        ("tcp://h?unit=300", "a unit id"), ("192.168.1.20", "Write tcp://host"),
    ])
    func aWrongAddressIsExplained(address: String, word: String) async throws {
        let exit = try await probe(address)
        #expect(exit.code == 1)
        #expect(exit.errors.contains(word), "\(exit)")
    }
}
