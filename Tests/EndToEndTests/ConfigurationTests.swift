import Foundation
import Testing

/// Files that people write, wrong ones above all; and what the program says of itself.
@Suite(.timeLimit(.minutes(1)))
struct ConfigurationTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    private func agent(_ arguments: String...) async throws -> ChildProcess.Exit {
        try await ChildProcess.run(Programs.agent, arguments)
    }

    /// Wrong in six places.
    private var broken: String {
        """
        site: { timezone: Europe/Berlim, clock: maybe }
        api: { listen: 127.0.0.1:8080 }
        state-dir: \(scratch.path("state"))
        pol: 1s
        chargers:
          - id: device_ev_001
            profile: keba-p3o
            connect: tcp://127.0.0.1:502
          - id: device_ev_001
            profile: keba-p30
            connect: tcp://127.0.0.1:502
            max-current: 16
            safe-current: 3
        """
    }

    @Test func everyProblemIsPrintedWithItsPlace() async throws {
        let file = try scratch.write(broken, to: "agent.yaml")
        let exit = try await agent("config", "check", file)
        #expect(exit.code == 1)
        let lines = exit.output.split(separator: "\n")
        // Line and column of each, and a word of what it is about.
        for (place, word) in [
            ("1:19", "Berlim"), ("1:41", "clock"), ("4:1", "pol"), ("7:14", "keba-p30"),
            ("6:5", "max-current"), ("9:9", "device_ev_001"), ("13:19", "safe-current"),
        ] {
            #expect(
                lines.contains { $0.hasPrefix("\(file):\(place): error:") && $0.contains(word) },
                "nothing about \(word) at \(place) in:\n\(exit.output)")
        }
    }

    @Test func aWrongConfigurationStartsNothing() async throws {
        let file = try scratch.write(broken, to: "agent.yaml")
        for command in [["run"], ["keys", "create"], ["keys", "list"]] {
            let exit = try await ChildProcess.run(Programs.agent, command + ["--config", file])
            #expect(exit.code == 1, "\(command)")
            #expect(exit.output == "")
            #expect(exit.errors.contains("\(file):4:1: error:"), "\(exit.errors)")
            #expect(!FileManager.default.fileExists(atPath: scratch.path("state")))
        }
    }

    @Test func aRightConfigurationIsFine() async throws {
        let file = try scratch.write(
            """
            chargers:
              - id: garage
                profile: keba-p30
                connect: tcp://192.0.2.20
                max-current: 16
            """, to: "agent.yaml")
        let exit = try await agent("config", "check", file)
        #expect(exit.code == 0)
        #expect(exit.output.hasSuffix("fine: 1 charger\n"))
    }

    @Test(arguments: [["config", "check"], ["run", "--config"], ["keys", "list", "--config"]])
    func aMissingFileIsSaid(command: [String]) async throws {
        let exit = try await ChildProcess.run(Programs.agent, command + [scratch.path("none.yaml")])
        #expect(exit.code == 1)
        #expect(exit.errors.contains("none.yaml"))
        #expect(exit.errors.split(separator: "\n").count == 1)
    }

    @Test func anUnknownProfileIsNamedWithThoseThereAre() async throws {
        let exit = try await agent("simulate", "keba-p31")
        #expect(exit.code == 1)
        #expect(exit.errors.contains("keba-p31") && exit.errors.contains("keba-p30"))
    }

    @Test func everyProfileIsListedAndChecked() async throws {
        let list = try await agent("devices")
        #expect(list.code == 0)
        for profile in ["reference-7kw", "reference-22kw", "keba-p30", "alfen-eve"] {
            #expect(list.output.contains(profile))
        }
        let check = try await agent("devices", "check")
        #expect(check.code == 0, "\(check.output)")
    }

    @Test func aBrokenProfileIsSaidWithItsPlaceAndStartsNothing() async throws {
        _ = try scratch.write(
            "profile: half\nregisters:\n  power: { at: -1, type: u17 }\n", to: "half.yaml")
        let file = scratch.path("half.yaml")
        let check = try await agent("devices", "check", file)
        #expect(check.code == 1)
        #expect(check.output.contains("\(file):3:"))
        #expect(check.output.split(separator: "\n").count > 2, "every problem in one run")
        let simulate = try await agent(
            "simulate", "half", "--devices", scratch.directory.path, "--listen", "127.0.0.1:0")
        #expect(simulate.code == 1)
        #expect(simulate.errors.contains("half"))
    }

    @Test(arguments: [
        [], ["run"], ["demo"], ["simulate"], ["devices"], ["devices", "check"],
        ["config", "check"], ["keys", "create"], ["keys", "list"], ["keys", "revoke"],
    ])
    func everyCommandExplainsItself(command: [String]) async throws {
        let exit = try await ChildProcess.run(Programs.agent, command + ["--help"])
        #expect(exit.code == 0)
        #expect(exit.output.contains("USAGE: evse-agent"))
        #expect(exit.output.contains("OVERVIEW:"))
    }

    @Test(arguments: [
        ["demo", "--listen", "0.0.0.0:8080"], ["demo", "--modbus-port", "80"],
        ["demo", "--modbus-port", "x"], ["simulate"], ["runn"],
        ["simulate", "reference-7kw", "--control", "0.0.0.0:1"],
        ["simulate", "reference-7kw", "--vehicle-phases", "4"],
    ])
    func wrongArgumentsAreRefused(arguments: [String]) async throws {
        let exit = try await ChildProcess.run(Programs.agent, arguments)
        #expect(exit.code == 64)
        #expect(exit.errors.contains("Error:"))
    }
}
