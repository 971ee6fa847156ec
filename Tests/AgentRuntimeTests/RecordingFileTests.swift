import AgentTestSupport
import ChargeControl
import ChargeModel
import FlightRecorder
import Foundation
import Testing

@testable import AgentRuntime

/// What an agent records of its lines, and the file that it becomes.
struct RecordingFileTests {
    /// Pushes, a wallbox that falls silent, a fuse that is shared, and the end.
    private static func recorded(_ plan: Site.Plan) async throws -> AgentRecording {
        let result = Locked<AgentRecording?>(nil)
        try await Site.run(plan) { site in
            await site.clock.advance(by: .seconds(5))
            _ = try await site.push(.idle)
            await site.clock.advance(by: .seconds(5))
            _ = try await site.push(.charge)
            site.bus.behave(.silent)
            await site.clock.advance(by: .seconds(15))
            site.bus.behave(.answering)
            await site.clock.advance(by: .seconds(20))
            await site.shutDown()
            await site.clock.advance(by: .seconds(1))
            let lines = await site.agent.recording()
            let recording = AgentRecording(
                release: "1.2.3", madeAt: site.clock.now().wall, reason: "a test", lines: lines)
            result.withLock { $0 = recording }
        }
        return try #require(result.withLock { $0 })
    }

    private static func read(_ bytes: [UInt8]) throws(RecordingFileError) -> AgentRecording {
        try RecordingFile.recording(from: bytes, zones: TestZoneDirectory())
    }

    @Test(arguments: [[1], [2, 1]])
    func whatAnAgentDidIsReplayedFromItsFile(buses: [Int]) async throws {
        var plan = Site.Plan(buses: buses)
        if buses.count > 1 { plan.fuse = .amperes(20) }
        let recording = try await Self.recorded(plan)
        let read = try Self.read(try RecordingFile.bytes(of: recording))
        #expect(read.release == "1.2.3" && read.reason == "a test")
        #expect(read.lines.map(\.address) == recording.lines.map(\.address))
        #expect(read.lines.count == buses.count)
        for line in read.lines {
            var replay = LineReplay(line.recording)
            var isHandedBack = false
            while let step = try replay.next() {
                #expect(!step.differs, "\(step.number): \(step.input)")
                guard !step.differs else { return }
                if case .wire(.endRequested) = step.input { isHandedBack = true }
            }
            #expect(isHandedBack)
            #expect(replay.hash == line.recording.segments.last?.trace)
        }
    }

    @Test func everyByteThatIsAnotherIsNoticed() async throws {
        let bytes = try RecordingFile.bytes(of: try await Self.recorded(Site.Plan()))
        for place in stride(from: 0, to: bytes.count, by: 97) {
            var other = bytes
            other[place] ^= 1
            #expect(throws: RecordingFileError.self, "byte \(place)") { try Self.read(other) }
        }
        #expect(throws: RecordingFileError.damaged) { try Self.read(bytes.dropLast()) }
        #expect(throws: RecordingFileError.notARecording) { try Self.read([]) }
    }

    @Test func aFileOfAnotherFormatIsRefusedByName() async throws {
        var bytes = try RecordingFile.bytes(of: try await Self.recorded(Site.Plan()))
        bytes["evse-agent recording\n".utf8.count + 3] = 9
        #expect(throws: RecordingFileError.otherFormat(9, known: RecordingFile.format)) {
            try Self.read(bytes)
        }
    }

    @Test func enginesOfAnotherKindAreNamed() async throws {
        let bytes = try RecordingFile.bytes(of: try await Self.recorded(Site.Plan()))
        let other = try Doctored.file(bytes, replacing: "\"madeAt\"", with: "\"maddAt\"")
        #expect {
            try Self.read(other)
        } throws: { error in
            "\(error)".contains("made by evse-agent 1.2.3")
                && "\(error)".contains("madeAt")
        }
    }

    /// A build that keeps more replays what one recorded that kept less.
    @Test(arguments: [
        "quietUntil", "retries", "isPrepared", "presence", "foreignWindow", "isAskedAgain",
        "requestGap", "minimumPoll", "outsideCharging", "lateness",
    ])
    func whatEarlierEnginesDidNotKeepIsAsAtAStart(_ key: String) async throws {
        let bytes = try RecordingFile.bytes(of: try await Self.recorded(Site.Plan()))
        let absent = String(key.reversed())
        var other = bytes
        while other.firstRange(of: Array("\"\(key)\"".utf8)) != nil {
            other = try Doctored.file(
                other, replacing: "\"\(key)\"", with: "\"\(absent)\"")
        }
        let recording = try Self.read(other)
        #expect(recording.isUpgraded)
        for line in recording.lines {
            var replay = LineReplay(line.recording)
            while let step = try replay.next() {
                #expect(!step.differs, "\(step.number): \(step.input)")
                guard !step.differs else { return }
            }
        }
    }

    /// Neither whose a charger is nor what a client's key is stands in a file.
    @Test func nothingSecretIsKept() async throws {
        let result = Locked<[UInt8]>([])
        try await Site.run { site in
            await site.clock.advance(by: .seconds(2))
            _ = try await site.push(
                .idle,
                key: IdempotencyKey(
                    scope: "of-a-key", key: "of-a-client", bodyHash: Array(repeating: 7, count: 32))
            )
            let lines = await site.agent.recording()
            let bytes = try RecordingFile.bytes(
                of: AgentRecording(
                    release: "1", madeAt: site.clock.now().wall, reason: "", lines: lines))
            result.withLock { $0 = bytes }
        }
        let text = String(decoding: result.withLock { $0 }, as: UTF8.self)
        #expect(text.contains("\"requested\""))
        #expect(!text.contains("of-a-") && !text.contains("bodyHash"))
    }

    // MARK: - Recordings that are kept

    /// A recording becomes a test by being copied there.
    @Test func everyKeptRecordingIsDecidedAgain() async throws {
        let kept = try #require(Bundle.module.url(forResource: "Recordings", withExtension: nil))
        #expect(try Self.differences(in: kept) == [])
    }

    @Test func aFolderIsReplayedFileByFile() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
        let bytes = try RecordingFile.bytes(of: try await Self.recorded(Site.Plan()))
        try Data(bytes).write(to: folder.appending(path: "good.recording"))
        #expect(try Self.differences(in: folder) == [])
        // An installation that carries less would have been told otherwise.
        let other = try Doctored.file(
            bytes, replacing: "\"installationMaximum\":16000", with: "\"installationMaximum\":11000"
        )
        try Data(other).write(to: folder.appending(path: "other.recording"))
        let differences = try Self.differences(in: folder)
        #expect(differences.count == 1)
        #expect(differences.first?.hasPrefix("other.recording: ") == true)
    }

    /// Where the recordings of a folder are decided otherwise now.
    private static func differences(in folder: URL) throws -> [String] {
        var differences: [String] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where name.hasSuffix(".recording") {
            let bytes = try Data(contentsOf: folder.appending(path: name))
            let recording = try RecordingFile.recording(
                from: Array(bytes), zones: TestZoneDirectory())
            for line in recording.lines {
                var replay = LineReplay(line.recording)
                while let step = try replay.next() {
                    guard step.differs else { continue }
                    differences.append("\(name): \(step.number): \(step.input)")
                    break
                }
            }
        }
        return differences
    }
}

/// A file in which somebody has changed something and made the checksum fit again.
enum Doctored {
    static func file(
        _ bytes: [UInt8], replacing text: String, with other: String
    ) throws -> [UInt8] {
        precondition(text.utf8.count == other.utf8.count, "the lengths in the file must stay true")
        var bytes = Array(bytes.dropLast(8))
        let place = try #require(bytes.firstRange(of: Array(text.utf8)))
        bytes.replaceSubrange(place, with: other.utf8)
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for shift in stride(from: UInt64(56), through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: hash >> shift))
        }
        return bytes
    }
}
