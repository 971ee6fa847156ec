import AgentTestSupport
import ChargeModel
import Foundation
import Modbus
import Testing
import WallboxModel
import WallboxServer

/// What people and tests do to the simulator over HTTP.
@Suite(.timeLimit(.minutes(2))) struct ControlEndpointTests {
    /// A simulator with its control endpoint, and a connection to that.
    private struct Desk {
        let test: TestServer
        let client: RawHTTPClient

        func request(
            _ method: String, _ path: String, _ body: String = ""
        ) async throws -> (status: Int, text: String) {
            try await client.request(method, path, body: body)
            let answer = try await client.answer()
            return (answer.status, answer.text)
        }

        /// The state that a successful request is answered with.
        func state(
            _ method: String = "GET", _ path: String = "/", _ body: String = ""
        ) async throws -> State {
            let answer = try await request(method, path, body)
            try #require(answer.status == 200, "\(answer)")
            return try JSONDecoder().decode(State.self, from: Data(answer.text.utf8))
        }
    }

    private struct State: Decodable {
        struct VehicleState: Decodable {
            var phases: Int
            var maxCurrentMilliamperes: Int
            var stateOfChargePercent: Int?
        }
        var profile: String
        var pilot: String
        var contactorClosed: Bool
        var setpointMilliamperes: Int
        var offeredMilliamperes: Int
        var currentsMilliamperes: [Int]
        var powerWatts: Int
        var energyTotalWattHours: Int
        var uptimeSeconds: Int
        var serial: String
        var isBooting: Bool
        var vehicle: VehicleState?
        var faults: [String]
        var connections: Int
    }

    private func run(
        _ device: String = "reference-22kw", _ body: @Sendable (Desk) async throws -> Void
    ) async throws {
        try await TestServer.run(device) { test in
            let (ports, announce) = AsyncStream.makeStream(of: Int.self)
            let endpoint = ControlEndpoint(for: test.server, logger: .silent) {
                announce.yield($0)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await endpoint.run() }
                let port = try #require(await ports.first { _ in true })
                let client = try await RawHTTPClient(port: port)
                try await body(Desk(test: test, client: client))
                await client.close()
                group.cancelAll()
            }
        }
    }

    @Test func aVehicleIsPluggedInChangedAndUnplugged() async throws {
        try await run { (desk: Desk) async throws -> Void in
            #expect(try await desk.state().pilot == "A")
            let plugged = try await desk.state(
                "POST", "/plug", #"{"phases": 1, "maxCurrent": 32, "power": 7000}"#)
            #expect(plugged.pilot == "B2")
            #expect(plugged.vehicle?.phases == 1)
            desk.test.clock.advance(by: .seconds(3603))
            let charging = try await desk.state()
            #expect(charging.pilot == "C2")
            #expect(charging.contactorClosed)
            #expect(charging.powerWatts == 7000)
            #expect(charging.currentsMilliamperes == [30_434, 0, 0])
            #expect(charging.energyTotalWattHours == 7000)
            let changed = try await desk.state(
                "POST", "/vehicle", #"{"phases": 3, "maxCurrent": 10.5}"#)
            #expect(changed.powerWatts == 7000)
            let slow = try await desk.state("POST", "/vehicle", #"{"power": 0}"#)
            #expect(slow.currentsMilliamperes == [10_500, 10_500, 10_500])
            #expect(try await desk.state("POST", "/unplug").vehicle == nil)
            #expect(try await desk.state().pilot == "A")
        }
    }

    @Test func aVehicleNeedsNoBody() async throws {
        try await run { (desk: Desk) async throws -> Void in
            let state = try await desk.state("POST", "/plug")
            #expect(state.vehicle?.phases == 3)
        }
    }

    @Test func aBatteryFills() async throws {
        try await run { (desk: Desk) async throws -> Void in
            _ = try await desk.state(
                "POST", "/plug", #"{"capacity": 10000, "charge": 5000, "maxCurrent": 16}"#)
            desk.test.clock.advance(by: .seconds(4 * 3600))
            let state = try await desk.state()
            #expect(state.vehicle?.stateOfChargePercent == 100)
            #expect(state.energyTotalWattHours == 5000)
            #expect(state.pilot == "B2")
        }
    }

    @Test func aRebootAndAReplacement() async throws {
        try await run { (desk: Desk) async throws -> Void in
            desk.test.clock.advance(by: .seconds(100))
            #expect(try await desk.state().uptimeSeconds == 100)
            #expect(try await desk.state("POST", "/reboot").isBooting)
            desk.test.clock.advance(by: .seconds(5))
            let state = try await desk.state()
            #expect(!state.isBooting)
            #expect(state.uptimeSeconds == 5)
            let other = try await desk.state("POST", "/replace", #"{"serial": "4711"}"#)
            #expect(other.serial == "4711")
        }
    }

    @Test func faultsAddUpAndEndTogether() async throws {
        try await run { (desk: Desk) async throws -> Void in
            let bodies = [
                #"{"fault": "delay", "milliseconds": 10, "count": 3, "on": "reads"}"#,
                #"{"fault": "wrong-unit", "perMillion": 500000, "seed": 5}"#,
                #"{"fault": "cable-limit", "amperes": 13}"#,
                #"{"fault": "stuck-register", "register": "power"}"#,
            ]
            for body in bodies { _ = try await desk.state("POST", "/fault", body) }
            #expect(try await desk.state().faults.count == 4)
            let wallbox = desk.test.server.wallbox
            var wrongUnit = WireFaultRule(.wrongUnit, perMillion: 500_000)
            wrongUnit.seed = 5
            #expect(
                wallbox.wireFaults.rules == [
                    WireFaultRule(.delay(.milliseconds(10)), count: 3, scope: .reads), wrongUnit,
                ])
            #expect(wallbox.wallbox.faults.cableLimit == .amperes(13))
            #expect(try await desk.state("POST", "/fault", #"{"fault": "none"}"#).faults == [])
            #expect(wallbox.wireFaults.rules.isEmpty)
        }
    }

    @Test(arguments: FaultCatalog.modes.filter { $0.media.contains(.tcp) }.map(\.example))
    func r41_everyFaultOfTheCatalogueCanBeAskedFor(_ example: String) async throws {
        try await run { (desk: Desk) async throws -> Void in
            let parts = example.split(separator: ":")
            let figures = parts.dropFirst().flatMap { $0.split(separator: ",") }.map { pair in
                let words = pair.split(separator: "=")
                return switch words[0] {
                case "words": "\"words\": [1, 2]"
                case "register": "\"register\": \"\(words[1])\""
                default: "\"\(words[0])\": \(words[1])"
                }
            }
            let body = "{\((["\"fault\": \"\(parts[0])\""] + figures).joined(separator: ", "))}"
            let state = try await desk.state("POST", "/fault", body)
            #expect(state.faults.count == 1, "\(body)")
        }
    }

    @Test func r41_aFaultThatIsAddedLeavesTheOthersWhereTheyAre() async throws {
        try await run("reference-7kw") { (desk: Desk) async throws -> Void in
            let drop = #"{"fault": "drop", "start": 2, "count": 1}"#
            _ = try await desk.state("POST", "/fault", drop)
            try await RawConnection.open(port: desk.test.port) { connection in
                try await connection.send(.readPilot(1))
                try await connection.expect(.pilot(1))
                let duplicate = #"{"fault": "duplicate", "start": 2, "count": 1}"#
                _ = try await desk.state("POST", "/fault", duplicate)
                // The second for one rule, the first for the other.
                try await connection.send(.readPilot(2))
                try await connection.send(.readPilot(3))
                try await connection.expect(.pilot(3))
                try await connection.expect(.pilot(3))
            }
            #expect(try await desk.state().faults == [])
        }
    }

    @Test func theWriteLogTellsRawAndCanonicalValues() async throws {
        try await run("reference-7kw") { (desk: Desk) async throws -> Void in
            try await RawConnection.open(port: desk.test.port) { connection in
                for (id, value) in [(1, 100), (2, 120), (3, 10)] as [(UInt16, UInt16)] {
                    try await connection.send(
                        ModbusTCPFrame(id, .writeSingleRegister(address: 0, value: value)))
                    _ = try await connection.receive(9)
                    if value != 10 { _ = try await connection.receive(3) }
                }
            }
            struct Write: Decodable, Equatable {
                var register: String
                var address: Int
                var words: [Int]
                var value: Int
                var outcome: String
                var exception: Int?
                var time: Int64
            }
            let answer = try await desk.request("GET", "/writes?limit=2")
            let writes = try JSONDecoder().decode([Write].self, from: Data(answer.text.utf8))
            let time = desk.test.clock.now().wall.milliseconds
            #expect(
                writes == [
                    Write(
                        register: "setpoint", address: 0, words: [120], value: 12_000,
                        outcome: "done", time: time),
                    Write(
                        register: "setpoint", address: 0, words: [10], value: 1000,
                        outcome: "refused", exception: 3, time: time),
                ])
        }
    }

    @Test(arguments: [
        ("/plug", #"{"phases": 4}"#, "1 to 3 phases"),
        ("/plug", #"{"phases": "three"}"#, "phases"),
        ("/plug", #"{"phase": 3}"#, "phase: no such field"),
        ("/plug", #"{"maxCurrent": 1000}"#, "maxCurrent"),
        ("/plug", #"{"reaction": 9}"#, "reaction"),
        ("/plug", #"{"manner": "polite"}"#, "obedient, greedy, stuck or sleepy"),
        ("/plug", #"{"charge": 5}"#, "capacity"),
        ("/plug", "not JSON", "JSON"),
        ("/plug", "[]", "body"),
        ("/vehicle", #"{"phases": 1}"#, "no vehicle is plugged in"),
        ("/fault", "{}", "fault: is missing"),
        ("/fault", #"{"fault": "gremlins"}"#, "gremlins"),
        ("/fault", #"{"fault": "dripp", "milliseconds": 5}"#, "Did you mean 'drip'?"),
        ("/fault", #"{"fault": "drop", "bytes": 3}"#, "bytes: drop takes none"),
        ("/fault", #"{"fault": "drop", "register": "power"}"#, "register: drop takes none"),
        ("/fault", #"{"fault": "refuse", "count": 3}"#, "count: refuse stands until"),
        ("/fault", #"{"fault": "ignore-writes", "on": "reads"}"#, "on: ignore-writes stands"),
        ("/fault", #"{"fault": "drop", "start": 0}"#, "start: 1 to"),
        ("/fault", #"{"fault": "drop", "unit": "other"}"#, "unit: own or any"),
        ("/fault", #"{"fault": "cable-limit", "amperes": 2000}"#, "amperes: 0 to 1000"),
        ("/fault", #"{"fault": "wrong-checksum"}"#, "only on rtu+tcp, serial"),
        ("/fault", #"{"fault": "delay"}"#, "milliseconds"),
        ("/fault", #"{"fault": "truncate", "bytes": 0}"#, "bytes: 1 to 1000"),
        ("/fault", #"{"fault": "stuck-register", "register": "flux"}"#, "energy-total"),
        ("/fault", #"{"fault": "foreign-controller", "amperes": 6, "milliseconds": 1}"#, "100 ms"),
        ("/replace", #"{"serial": ""}"#, "serial"),
    ])
    func whatIsWrongWithABodyIsSaid(
        _ path: String, _ body: String, _ part: String
    ) async throws {
        try await run { (desk: Desk) async throws -> Void in
            let answer = try await desk.request("POST", path, body)
            #expect(answer.status == 400)
            #expect(answer.text.contains(part), "\(answer.text)")
            #expect(try await desk.state().faults == [])
        }
    }

    @Test func queriesAndPathsAreChecked() async throws {
        try await run { (desk: Desk) async throws -> Void in
            let limit = try await desk.request("GET", "/writes?limit=-1")
            #expect(limit.status == 400)
            let wrongMethod = try await desk.request("GET", "/plug")
            #expect(wrongMethod.status == 404)
            let blanks = String(repeating: " ", count: 20_000)
            let tooLong = try await desk.request("POST", "/plug", "{\(blanks)}")
            #expect(tooLong.status == 413)
        }
    }
}
