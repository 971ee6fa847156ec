import ChargeControl
import ChargeModel
import Foundation
import Testing

@testable import ActionStore

@Suite("R44: security log")
struct R44SecurityLogTests {
    private func time(_ seconds: Int64 = 0, isTrusted: Bool = true) -> TimePoint {
        TimePoint(
            monotonic: MonotonicInstant(nanoseconds: seconds * 1_000_000_000),
            wall: .at(seconds * 1000), isWallTrusted: isTrusted)
    }

    private func files(_ directory: TemporaryDirectory) -> LogFiles {
        LogFiles(directory: StateDirectory(path: directory.state))
    }

    private static let kinds: [SecurityEvent.Kind] = [
        .started(version: "1.0"), .keyCreated(id: "key_1", name: "garage"),
        .keyRevoked("garage"), .configurationChanged(sha256: "ab", keys: ["poll"]),
        .limitRefused(charger: .first, reason: "63 A"),
        .failsafeEntered(charger: .first, reason: "no targets"), .failsafeLeft(charger: .first),
        .clockStepped(by: .seconds(-3600)), .storeSetAside(message: "moved"),
        .authenticationFailed(source: "192.0.2.7"), .stopped(reason: "SIGTERM"),
    ]

    /// A log with one entry of each kind.
    private func makeLog() async throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let log = try SecurityLog.open(directory: directory.state)
        for (number, kind) in Self.kinds.enumerated() {
            await log.record(SecurityEvent(kind, at: time(Int64(number))))
        }
        #expect(log.lost == 0)
        return directory
    }

    private struct Line: Decodable {
        var seq: Int
        var time: String
        var trusted: Bool
        var kind: String
        var detail: [String: String]
        var prev: String
        var hash: String
    }

    private func read(_ directory: TemporaryDirectory) throws -> [Line] {
        try LogFiles.lines(of: try LogFiles.bytes(of: files(directory).current)).complete.map {
            try JSONDecoder().decode(Line.self, from: Data($0))
        }
    }

    private func isBroken(_ directory: TemporaryDirectory) throws -> Bool {
        guard case .broken = try SecurityLog.verify(directory: directory.state) else {
            return false
        }
        return true
    }

    @Test func everyEventIsALineOfJSON() async throws {
        let directory = try await makeLog()
        let log = try SecurityLog.open(directory: directory.state)
        await log.record(SecurityEvent(.started(version: "1.0"), at: time(20, isTrusted: false)))
        let lines = try read(directory)
        #expect(lines.map(\.seq) == Array(1...Self.kinds.count + 1))
        #expect(lines.map(\.kind) == Self.kinds.map(\.name) + ["started"])
        #expect(lines[0].time == "2026-06-02T12:00:00.000Z")
        #expect(lines.map(\.trusted) == Self.kinds.map { _ in true } + [false])
        #expect(lines[1].detail == ["id": "key_1", "name": "garage"])
        #expect(lines[7].detail == ["milliseconds": "-3600000"])
        #expect(lines[9].detail == ["source": "192.0.2.7", "count": "1"])
        #expect(zip(lines, lines.dropFirst()).allSatisfy { $0.hash == $1.prev })
        #expect(
            try SecurityLog.verify(directory: directory.state)
                == .intact(first: 1, last: lines.count, hash: try #require(lines.last).hash))
        let mode = try FileManager.default.attributesOfItem(atPath: files(directory).current)
        #expect(mode[.posixPermissions] as? Int == 0o600)
    }

    @Test("R44: every flipped byte is detected")
    func r44_everyFlippedByteIsDetected() async throws {
        let directory = try await makeLog()
        let url = URL(fileURLWithPath: files(directory).current)
        let bytes = try Data(contentsOf: url)
        #expect(try !isBroken(directory))
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8(place % 8)
            try changed.write(to: url)
            #expect(try isBroken(directory), "byte \(place)")
        }
    }

    @Test("R44: a removed, swapped, repeated or new line is detected, and the first is named")
    func r44_movedLinesAreDetected() async throws {
        let directory = try await makeLog()
        let path = files(directory).current
        let lines = try LogFiles.lines(of: LogFiles.bytes(of: path)).complete.map(Array.init)
        func expectBroken(line: Int, _ change: (inout [[UInt8]]) -> Void) throws {
            var changed = lines
            change(&changed)
            try Data(changed.flatMap { $0 + [0x0A] }).write(to: URL(fileURLWithPath: path))
            guard
                case .broken(let file, let number, _) = try SecurityLog.verify(
                    directory: directory.state)
            else {
                Issue.record("not detected")
                return
            }
            #expect(file == path)
            #expect(number == line)
        }
        for index in lines.indices.dropLast().dropFirst() {
            try expectBroken(line: index + 1) { $0.remove(at: index) }
            try expectBroken(line: index + 1) { $0.swapAt(index, index + 1) }
            try expectBroken(line: index + 2) { $0.insert($0[index], at: index + 1) }
        }
        // A line of somebody who knows the form, with a hash that fits.
        let forged = LogEntry.line(
            "started", [], at: time(), sequence: 3, after: LogEntry.noHash)
        try expectBroken(line: 3) { $0[2] = forged.bytes.dropLast() }
        // The first line, removed: the second may not be the oldest that is kept. That shows only
        // against a note; the rest is a chain.
        try Data(lines.dropFirst().flatMap { $0 + [0x0A] }).write(to: URL(fileURLWithPath: path))
        guard case .intact(let first, _, _) = try SecurityLog.verify(directory: directory.state)
        else {
            Issue.record("the rest of the chain is intact")
            return
        }
        #expect(first == 2, "the number of the first line is told")
    }

    @Test("R44: whatever a crash leaves of the last write, the log goes on and is intact")
    func r44_aTornLineIsRepaired() async throws {
        let directory = try await makeLog()
        let bytes = try LogFiles.bytes(of: files(directory).current)
        for length in stride(from: 0, through: bytes.count, by: 7) {
            let copy = try TemporaryDirectory()
            let log = try SecurityLog.open(directory: copy.state)
            let path = files(copy).current
            try Data(bytes.prefix(length)).write(to: URL(fileURLWithPath: path))
            let complete = bytes.prefix(length).count { $0 == 0x0A }
            let torn = length == 0 || bytes[length - 1] == 0x0A ? 0 : 1
            await log.record(SecurityEvent(.started(version: "1.0"), at: time()))
            let lines = try read(copy)
            #expect(lines.map(\.seq) == Array(1...complete + torn + 1), "\(length) bytes")
            #expect(try !isBroken(copy))
            guard torn == 1 else { continue }
            #expect(lines[complete].kind == "log_repaired")
            let rest = bytes.prefix(length).suffix(while: { $0 != 0x0A })
            #expect(lines[complete].detail == ["bytes": "\(rest.count)"])
            #expect(try LogFiles.bytes(of: files(copy).torn) == Array(rest))
        }
    }

    @Test func aTornTailOfZeroesIsRepaired() async throws {
        let directory = try await makeLog()
        let handle = try FileHandle(
            forWritingTo: URL(fileURLWithPath: files(directory).current))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(count: 4096))
        try handle.close()
        #expect(try isBroken(directory))
        let log = try SecurityLog.open(directory: directory.state)
        await log.record(SecurityEvent(.started(version: "1.0"), at: time()))
        #expect(try !isBroken(directory))
    }

    /// The daemon and a command, each with files of its own.
    @Test("R44: two processes write one chain")
    func r44_twoWritersMakeOneChain() async throws {
        let directory = try TemporaryDirectory()
        let logs = [
            try SecurityLog.open(directory: directory.state),
            try SecurityLog.open(directory: directory.state),
        ]
        await withTaskGroup { group in
            for number in 0..<100 {
                group.addTask {
                    await logs[number % 2].record(
                        SecurityEvent(.keyRevoked("key_\(number)"), at: self.time()))
                }
            }
        }
        let lines = try read(directory)
        #expect(lines.map(\.seq) == Array(1...100))
        #expect(Set(lines.compactMap { $0.detail["key"] }).count == 100)
        #expect(try !isBroken(directory))
    }

    @Test("R44: 10,000 events are kept, in one chain over several files")
    func r44_tenThousandEventsAreKept() async throws {
        let directory = try TemporaryDirectory()
        let log = try SecurityLog.open(directory: directory.state)
        let other = try SecurityLog.open(directory: directory.state)
        // Lines as long as they get in practice, so that the oldest file goes.
        let reason = String(repeating: "r", count: 380)
        let files = files(directory)
        // Full files are made by hand, a line of them at a time would sync 10,000 times.
        var entry = LogEntry(sequence: 0, hash: LogEntry.noHash)
        for _ in 0..<LogFiles.fullFiles + 1 {
            var bytes = try LogFiles.bytes(of: files.current)
            while bytes.count < LogFiles.fileSize {
                let made = LogEntry.line(
                    "failsafe_entered",
                    SecurityEvent.Kind.failsafeEntered(charger: .first, reason: reason).facts,
                    at: time(), sequence: entry.sequence + 1, after: entry.hash)
                bytes += made.bytes
                entry = made.entry
            }
            try Data(bytes).write(to: URL(fileURLWithPath: files.current))
            await log.record(SecurityEvent(.started(version: "1.0"), at: time()))
            await other.record(SecurityEvent(.stopped(reason: "done"), at: time()))
            let last = try #require(
                LogFiles.lines(of: LogFiles.bytes(of: files.current)).complete.last)
            entry = try #require(LogEntry.parse(last)).entry
        }
        await log.record(SecurityEvent(.started(version: "1.0"), at: time()))
        guard
            case .intact(let first, let last, _) = try SecurityLog.verify(
                directory: directory.state)
        else {
            Issue.record("\(try SecurityLog.verify(directory: directory.state))")
            return
        }
        #expect(last - first >= 10_000)
        #expect(first > 1, "old files are removed")
        // A file removed from the middle shows.
        try FileManager.default.removeItem(atPath: try files.allFull()[2])
        #expect(try isBroken(directory))
    }

    @Test("R44: a flood of failures makes few lines, and none is forgotten")
    func r44_aFloodOfFailuresMakesFewLines() async throws {
        let directory = try TemporaryDirectory()
        let log = try SecurityLog.open(directory: directory.state)
        let sources = (0..<40).map { "192.0.2.\($0)" }
        for second in 0..<120 {
            for source in sources {
                await log.record(
                    SecurityEvent(
                        .authenticationFailed(source: source), at: time(Int64(second))))
            }
        }
        await log.flush(at: time(121))
        let lines = try read(directory)
        let counts = lines.compactMap { $0.detail["count"].flatMap { Int($0) } }
        #expect(counts.reduce(0, +) == 120 * sources.count)
        // Three for each source that is told apart and for all others: at first, after a minute, at
        // the end.
        #expect(lines.count <= 3 * (RepeatedEvents.maximumSources + 1))
        #expect(lines.contains { $0.detail["source"] == RepeatedEvents.others })
        #expect(lines.contains { $0.detail["source"] == "192.0.2.0" })
    }

    @Test("R44: refused limits are told once a minute for each charger, with their number")
    func r44_aFloodOfRefusedLimitsMakesFewLines() async throws {
        let directory = try TemporaryDirectory()
        let log = try SecurityLog.open(directory: directory.state)
        for second in 0..<120 {
            for charger in [ChargerID.first, .second] {
                let refusal = SecurityEvent.Kind.limitRefused(
                    charger: charger, reason: "reason \(second)")
                await log.record(SecurityEvent(refusal, at: time(Int64(second))))
            }
        }
        // Failures of authentication are counted apart.
        await log.record(SecurityEvent(.authenticationFailed(source: "192.0.2.7"), at: time(120)))
        await log.flush(at: time(121))
        let lines = try read(directory).filter { $0.kind == "limit_refused" }
        #expect(lines.compactMap { $0.detail["count"].flatMap { Int($0) } }.reduce(0, +) == 240)
        #expect(lines.count == 6, "at first, after a minute, at the end")
        #expect(lines.last?.detail["reason"] == "reason 119")
        #expect(try !isBroken(directory))
    }

    @Test func manyChangedKeysAreNamedAsFarAsThereIsRoom() {
        func keys(_ keys: [String]?) -> String? {
            SecurityEvent.Kind.configurationChanged(sha256: "ab", keys: keys).facts.last?.value
        }
        #expect(keys(nil) == "all; none was known before")
        #expect(keys(["poll", "site.clock"]) == "poll, site.clock")
        let many = (0..<20).map { "key\($0)" }
        #expect(keys(many)?.hasSuffix("key7 and 12 more") == true)
    }

    @Test func anotherEventBringsWhatHasWaitedAMinute() async throws {
        let directory = try TemporaryDirectory()
        let log = try SecurityLog.open(directory: directory.state)
        let failure = SecurityEvent.Kind.authenticationFailed(source: "192.0.2.7")
        for second in [0, 1, 2] {
            await log.record(SecurityEvent(failure, at: time(Int64(second))))
        }
        await log.record(SecurityEvent(.failsafeLeft(charger: .first), at: time(30)))
        #expect(try read(directory).count == 2)
        await log.record(SecurityEvent(.failsafeLeft(charger: .first), at: time(61)))
        let lines = try read(directory)
        #expect(lines.map(\.kind).suffix(2) == ["authentication_failed", "failsafe_left"])
        #expect(lines[2].detail["count"] == "2")
        #expect(lines[2].time == "2026-06-02T12:00:02.000Z")
    }

    @Test("R43: what comes from outside cannot write to a terminal")
    func r43_controlCharactersAreEscaped() async throws {
        let directory = try TemporaryDirectory()
        let log = try SecurityLog.open(directory: directory.state)
        let nasty = "a\u{1B}[2J\r\n\"\\\u{0}\u{85}é😀" + String(repeating: "x", count: 5000)
        await log.record(SecurityEvent(.authenticationFailed(source: nasty), at: time()))
        let bytes = try LogFiles.bytes(of: files(directory).current)
        #expect(bytes.dropLast().allSatisfy { 0x20...0x7E ~= $0 })
        #expect(bytes.count < 2048)
        let source = try #require(try read(directory).first?.detail["source"])
        #expect(nasty.hasPrefix(source))
        #expect(try !isBroken(directory))
    }

    @Test func eventsThatCouldNotBeWrittenAreToldOfLater() async throws {
        let directory = try TemporaryDirectory()
        let log = try SecurityLog.open(directory: directory.state)
        await log.record(SecurityEvent(.started(version: "1.0"), at: time()))
        let path = files(directory).current
        let kept = directory.path + "/kept"
        // No file can be made where a directory is.
        try FileManager.default.moveItem(atPath: path, toPath: kept)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        for _ in 0..<3 {
            await log.record(SecurityEvent(.failsafeLeft(charger: .first), at: time(1)))
        }
        #expect(log.lost == 3)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: kept, toPath: path)
        await log.record(SecurityEvent(.stopped(reason: "SIGTERM"), at: time(2)))
        #expect(log.lost == 0)
        let lines = try read(directory)
        #expect(lines.map(\.kind) == ["started", "events_lost", "stopped"])
        #expect(lines[1].detail == ["count": "3"])
        #expect(try !isBroken(directory))
    }

    @Test func withoutALogThereIsNothingToVerify() throws {
        let directory = try TemporaryDirectory()
        _ = try SecurityLog.open(directory: directory.state)
        #expect(try SecurityLog.verify(directory: directory.state) == .empty)
        #expect(throws: StoreError.self) {
            try SecurityLog.verify(directory: directory.state + "/missing")
        }
    }
}

extension Sequence {
    /// The elements at the end that all fulfil the condition.
    fileprivate func suffix(while holds: (Element) -> Bool) -> [Element] {
        reversed().prefix(while: holds).reversed()
    }
}
