import AgentTestSupport
import Foundation
import Testing

/// R41: a simulator that is broken from its start, as people ask for it on the command line.
@Suite(.timeLimit(.minutes(2)))
struct FaultTests {
    @Test(arguments: [["--listen", "127.0.0.1:0"], ["--serial", "pty"]])
    func r41_theSimulatorIsBrokenFromItsStart(_ wire: [String]) async throws {
        let process = try ChildProcess(
            Programs.agent,
            ["simulate", "reference-7kw", "--control", "127.0.0.1:0"] + wire + [
                "--fault", "cable-limit:amperes=13",
                "--fault", "exception:code=6,share=50,seed=7,start=100,on=reads",
            ])
        _ = try await process.line(containing: "simulated ")
        let endpoint = try await process.line(containing: "control endpoint at ")
        let control = APIClient(port: try #require(Ports.all(in: endpoint).first))
        let state = try await control.get("/").json
        guard case .array(let faults) = try #require(state["faults"]) else {
            Issue.record("\(state)")
            return
        }
        #expect(faults.count == 2)
        #expect(faults.last == .string("cable limit 13 A"))
    }

    @Test func r41_theFaultsAreListed() async throws {
        let exit = try await ChildProcess.run(Programs.agent, ["simulate", "--list-faults"])
        #expect(exit.code == 0)
        let lines = exit.output.split(separator: "\n")
        #expect(lines.count >= 25)
        #expect(lines.contains { $0.hasPrefix("half-open ") && $0.contains("tcp, rtu+tcp") })
    }

    @Test(arguments: [
        ("dripp:milliseconds=5", "Did you mean 'drip'?"), ("delay", "milliseconds: delay needs it"),
        ("wrong-checksum", "only on rtu+tcp, serial"), ("drop:shar=5", "Did you mean 'share'?"),
    ])
    func r41_whatIsNoFaultIsSaid(_ fault: String, _ part: String) async throws {
        let exit = try await ChildProcess.run(
            Programs.agent,
            ["simulate", "reference-7kw", "--listen", "127.0.0.1:0", "--fault", fault])
        #expect(exit.code != 0)
        #expect(exit.errors.contains(part), "\(exit.errors)")
    }
}
