import Foundation
import Testing

/// The flight recorder of the real program: `record`, SIGUSR1, a fault, and `replay`.
@Suite(.timeLimit(.minutes(2)))
struct RecorderTests {
    @Test func whatHappenedIsRecordedWhileItRunsAndReplayed() async throws {
        let wallbox = try await RunningWallbox()
        let agent = try await RunningAgent(wallboxes: wallbox)
        _ = try await agent.api.charger { $0["sync.available"] == .bool(true) }
        #expect(agent.site.recordings.isEmpty, "nothing is written while nothing is wrong")
        let idle = try await agent.api.push("idle")
        #expect(try await agent.api.end(of: idle)["state"] == .string("completed"))
        let file = try await agent.site.record()
        let replay = try await Self.replay(file)
        #expect(replay.code == 0, "\(replay)")
        #expect(replay.output.contains("device_ev_001 request idle as \(idle)"))
        #expect(replay.output.contains("device_ev_001 write unit 1: write 0 to register 0"))
        #expect(replay.output.contains("\(idle) (idle): completed"))
        #expect(replay.errors.contains("s replayed, every decision and write as it was"))
        // Its own signal does the same.
        agent.process.send(SIGUSR1)
        try await wait(until: "a second recording") { agent.site.recordings.count == 2 }
        #expect(try await agent.process.end(SIGTERM).code == 0)
    }

    @Test func aSpanAndAChargerCanBeChosen() async throws {
        let wallboxes = [try await RunningWallbox(), try await RunningWallbox()]
        let agent = try await RunningAgent(
            try await RunningAgent.Site(wallboxes: wallboxes.map(\.port)))
        _ = try await agent.api.charger("device_ev_002") { $0["sync.available"] == .bool(true) }
        let file = try await agent.site.record()
        let second = try await Self.replay(file, "--charger", "device_ev_002", "--json")
        #expect(second.code == 0)
        let objects = try second.output.split(separator: "\n")
            .map { try JSONValue(parsing: String($0)) }
        #expect(!objects.isEmpty)
        let named = objects.compactMap { $0["charger"]?.text }
        #expect(named.contains("device_ev_002") && !named.contains("device_ev_001"))
        let never = try await Self.replay(file, "--from", "2100-01-01T00:00:00Z")
        #expect(never.code == 0 && never.output.isEmpty)
        let unknown = try await Self.replay(file, "--charger", "device_ev_003")
        #expect(unknown.code == 1)
        #expect(unknown.errors.contains("There are: device_ev_001, device_ev_002"))
    }

    @Test func aFaultIsRecordedByItself() async throws {
        let wallbox = try await RunningWallbox()
        let agent = try await RunningAgent(wallboxes: wallbox)
        _ = try await agent.api.charger { $0["sync.available"] == .bool(true) }
        let answer = try await wallbox.control.post("/fault", #"{"fault":"ignore-writes"}"#)
        #expect(answer.status == 200, "\(answer)")
        _ = try await agent.api.push("idle")
        try await wait(until: "a recording of the fault", within: .seconds(60)) {
            agent.site.recordings.count == 1
        }
        let file = try #require(agent.site.recordings.first)
        #expect(file.hasSuffix("-fault.recording"))
        let replay = try await Self.replay(file)
        #expect(replay.code == 0, "\(replay)")
        #expect(replay.errors.contains("device_ev_001: WRITES_NOT_APPLIED"))
        #expect(replay.output.contains("condition WRITES_NOT_APPLIED begins"))
    }

    @Test func aRecordingThatWasDoctoredSaysWhereItIsAnother() async throws {
        let wallbox = try await RunningWallbox()
        let agent = try await RunningAgent(wallboxes: wallbox)
        _ = try await agent.api.charger { $0["sync.available"] == .bool(true) }
        let file = try await agent.site.record()
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: file)))
        // An installation that carries less would have been given less.
        let other = Self.doctored(
            bytes, replacing: "\"installationMaximum\":32000", with: "\"installationMaximum\":10000"
        )
        let path = agent.site.scratch.path("other.recording")
        try Data(other).write(to: URL(filePath: path))
        let replay = try await Self.replay(path)
        #expect(replay.code == 1, "\(replay)")
        #expect(replay.errors.contains("differs first at input "))
        #expect(replay.errors.contains("the engines decide otherwise than they did"))
        // A byte that is another, without anybody's care.
        var damaged = bytes
        damaged[damaged.count - 40] ^= 1
        try Data(damaged).write(to: URL(filePath: path))
        let refused = try await Self.replay(path)
        #expect(refused.code == 1)
        #expect(refused.errors.contains("the recording is not as it was written"))
    }

    @Test func whoCannotRecordIsToldWhy() async throws {
        let wallbox = try await RunningWallbox()
        let site = try await RunningAgent.Site(wallboxes: [wallbox.port])
        let nobody = try await site.recordCommand()
        #expect(nobody.code == 1)
        #expect(nobody.errors.contains("no agent runs with the state directory"))
        let quiet = try await RunningAgent.Site(wallboxes: [wallbox.port], more: "recorder: off")
        let agent = try await RunningAgent(quiet)
        let off = try await quiet.recordCommand()
        #expect(off.code == 1 && off.errors.contains("recorder: off"))
        // And asking for one all the same does it no harm.
        agent.process.send(SIGUSR1)
        _ = try await agent.api.charger { $0["sync.available"] == .bool(true) }
        #expect(try await agent.process.end(SIGTERM).code == 0)
        #expect(quiet.recordings.isEmpty)
    }

    private static func replay(_ arguments: String...) async throws -> ChildProcess.Exit {
        try await ChildProcess.run(Programs.agent, ["replay"] + arguments)
    }

    /// The same file with another text of the same length in it, and with its checksum.
    private static func doctored(
        _ bytes: [UInt8], replacing text: String, with other: String
    ) -> [UInt8] {
        var bytes = Array(bytes.dropLast(8))
        while let place = bytes.firstRange(of: Array(text.utf8)) {
            bytes.replaceSubrange(place, with: other.utf8)
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: hash >> shift))
        }
        return bytes
    }
}

extension RunningAgent.Site {
    /// The paths of the recordings, oldest first.
    var recordings: [String] {
        let folder = scratch.path("state/recordings")
        guard let names = FileManager.default.subpaths(atPath: folder) else { return [] }
        return names.filter { $0.hasSuffix(".recording") }.sorted().map { "\(folder)/\($0)" }
    }

    func recordCommand() async throws -> ChildProcess.Exit {
        try await ChildProcess.run(Programs.agent, ["record", "--config", configuration])
    }

    /// Has a recording made: its path.
    func record() async throws -> String {
        let exit = try await recordCommand()
        try #require(exit.code == 0, "\(exit)")
        return exit.output.trimmingCharacters(in: .newlines)
    }
}
