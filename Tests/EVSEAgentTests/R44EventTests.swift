import AgentTestSupport
import ChargeControl
import ChargeModel
import Foundation
import Logging
import Testing

@testable import ActionStore
@testable import EVSEAgent

@Suite("R44: what the program itself notes")
struct R44EventTests {
    private let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("R44: a step of the computer's clock is in the log, in the time of the agent")
    func r44_aStepOfTheClockIsNoted() async {
        let computer = ManualClock()
        let clock = ManualClock(start: computer.now().advanced(by: .seconds(86_400)))
        let events = RecordedEvents()
        let service = ClockWatchService(
            events: events, clock: clock, computer: computer, log: log)
        await computer.run {
            await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await service.run() }
                await computer.advance(by: .seconds(60))
                #expect(events.all == [])
                computer.stepWall(by: .seconds(-7_200))
                await computer.advance(by: .seconds(60))
                group.cancelAll()
            }
        }
        #expect(
            events.all == [SecurityEvent(.clockStepped(by: .seconds(-7_200)), at: clock.now())])
    }

    @Test func everyKeyOfAFileIsKnownByItsPath() {
        let text = """
            site: { timezone: Europe/Berlin }
            api:
              hosts: [pi.local, garage.local]
            chargers:
              - id: left
                max-current: &most 16
              - id: right
                max-current: *most
            """
        let values = WrittenConfiguration.values(of: text)
        #expect(
            values.map { "\($0.key)=\($0.value)" } == [
                "site.timezone=Europe/Berlin", "api.hosts=pi.local\ngarage.local",
                "chargers=left\nright", "chargers[left].id=left", "chargers[left].max-current=16",
                "chargers[right].id=right", "chargers[right].max-current=16",
            ])
        #expect(WrittenConfiguration.values(of: "a: [").isEmpty)
        #expect(WrittenConfiguration.values(of: "").isEmpty)
    }

    @Test(arguments: [
        ("poll: 1s\n", "poll: 2s\n", ["poll"]),
        ("poll: 1s\n", "", ["poll"]),
        ("poll: 1s\n", "poll: \"1s\"\n# as before\n", []),
        ("api: { lan: true, listen: a }\n", "api: { listen: a, lan: true }\n", []),
        (
            "c: [{ id: a, x: 1 }]\n", "c: [{ id: b, x: 1 }, { id: a, x: 1 }]\n",
            ["c", "c[b].id", "c[b].x"]
        ),
        ("c: [{ id: a, x: 1 }]\n", "c: [{ id: a, x: 2 }]\n", ["c[a].x"]),
        ("c: [a, b]\n", "c: [b, a]\n", ["c"]),
    ])
    func r44_theKeysThatHaveChangedAreNamed(_ before: String, _ after: String, _ keys: [String]) {
        let first = ConfigurationFingerprint(WrittenConfiguration.values(of: before))
        let second = ConfigurationFingerprint(WrittenConfiguration.values(of: after))
        #expect(second.changedKeys(since: first) == keys)
        #expect(first.changedKeys(since: second) == keys)
        #expect((first.sha256 == second.sha256) == keys.isEmpty)
    }

    @Test func whatIsRememberedIsReadAgainAndHoldsNoValues() throws {
        let directory = try Directory()
        #expect(ConfigurationFingerprint.remembered(in: directory.path) == nil)
        let fingerprint = ConfigurationFingerprint([("site.password", "correct horse")])
        try fingerprint.remember(in: directory.path)
        try fingerprint.remember(in: directory.path)
        #expect(ConfigurationFingerprint.remembered(in: directory.path) == fingerprint)
        let file = directory.path + "/evse-agent-configuration.json"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        #expect(text.contains("site.password") && !text.contains("horse"))
        try "{".write(to: URL(filePath: file), atomically: true, encoding: .utf8)
        #expect(ConfigurationFingerprint.remembered(in: directory.path) == nil)
    }

    @Test("R44: what could not be noted is noted at the next start")
    func r44_aChangeIsRememberedOnceItIsNoted() async throws {
        let directory = try Directory()
        let events = try SecurityLog.open(directory: directory.path)
        let now = ManualClock().now()
        func start(_ text: String) async throws {
            let file = ConfigurationFile(
                configuration: DemoScene.configuration(
                    stateDirectory: directory.path, listen: .init(host: "127.0.0.1", port: 0),
                    ports: [1, 2], units: [1, 1]),
                written: WrittenConfiguration.values(of: text))
            let note = ConfigurationNote(file, profiles: "/nowhere")
            await note.note(in: events, at: now, log: log)
        }
        for text in ["poll: 1s", "poll: 1s", "poll: 2s", "poll: 2s"] { try await start(text) }
        let path = LogFiles(directory: StateDirectory(path: directory.path)).current
        let lines = try LogFiles.lines(of: LogFiles.bytes(of: path)).complete
            .map { String(decoding: $0, as: UTF8.self) }
        #expect(lines.count == 2)
        #expect(lines[0].contains(#""keys":"all; none was known before""#))
        #expect(lines[1].contains(#""kind":"configuration_changed""#))
        #expect(lines[1].contains(#""keys":"poll""#))
        guard case .intact = try SecurityLog.verify(directory: directory.path) else {
            Issue.record("the log is not intact")
            return
        }
    }
}
