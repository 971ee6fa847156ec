import AgentTestSupport
import ChargeControl
import ChargeModel
import Foundation
import Modbus
import Testing

@testable import FlightRecorder

/// What was recorded is replayed: the same decisions, and the same engines at the end.
struct LineReplayTests {
    private static let seeds: [UInt64] = [1, 2, 4, 5, 6]

    /// The ring has turned several times: the replay begins in the middle of it all.
    @Test(arguments: Self.seeds)
    func whatWasRecordedIsDecidedAgain(seed: UInt64) throws {
        var session = try RandomSession(
            seed: seed, limits: RecorderLimits(span: .seconds(60), bytes: 8 << 20))
        session.run(for: .seconds(180))
        let recording = try #require(session.line.recording).storedAndRead()
        #expect(recording.segments.count > 5)
        #expect(recording.inputs > 500 && recording.inputs < session.inputs)
        #expect(session.writes > 20, "a session in which nothing happens shows nothing")
        var replay = LineReplay(recording)
        let steps = try replay.all()
        #expect(steps.last?.differs == false, "seed \(seed)")
        #expect(steps.count == recording.inputs)
        #expect(replay.hash == recording.segments.last?.trace)
        #expect(try replay.state.json == session.line.state.json)
    }

    @Test func aRecordingFromTheStartIsDecidedAgain() throws {
        var session = try RandomSession(seed: 77, profiles: ["alfen-eve"])
        session.run(for: .seconds(60))
        let recording = try #require(session.line.recording)
        var replay = LineReplay(recording)
        let steps = try replay.all()
        #expect(steps.count == session.inputs)
        #expect(replay.hash == recording.segments.last?.trace)
    }

    /// Recording changes nothing of what is decided.
    @Test func whetherItIsRecordedMakesNoDifference() throws {
        var recorded = try RandomSession(seed: 5)
        var plain = try RandomSession(seed: 5, limits: nil)
        recorded.run(for: .seconds(60))
        plain.run(for: .seconds(60))
        #expect(try recorded.line.state.json == plain.line.state.json)
        #expect(plain.line.recording == nil)
    }

    /// An answer that is not the one that was given: where it changes a decision, the replay says at
    /// which input.
    @Test func anAnswerThatWasAnotherIsNoticedWhereItCounts() throws {
        var session = try RandomSession(seed: 3, profiles: ["reference-7kw"])
        session.run(for: .seconds(30))
        let recording = try #require(session.line.recording)
        var doctored = 0
        let other = try recording.altered { number, input in
            guard number > 200, doctored == 0, case .wire(.answered(.registers(let words))) = input,
                words.count > 2
            else { return input }
            doctored = number
            return .wire(.answered(.registers(words.map { _ in 0 })))
        }
        #expect(doctored > 0)
        var replay = LineReplay(other)
        let steps = try replay.all()
        let first = try #require(steps.first { $0.differs })
        // The next that depends on it.
        #expect(doctored...(doctored + 20) ~= first.number)
    }

    @Test func anInputThatCannotHaveComeIsRefused() throws {
        var session = try RandomSession(seed: 3, profiles: ["reference-7kw"])
        session.run(for: .seconds(5))
        let recording = try #require(session.line.recording)
        let other = try recording.altered { number, input in
            number == 40 ? .wire(.opened) : input
        }
        var replay = LineReplay(other)
        #expect(throws: RecordingProblem.impossible(input: 40, .wire(.opened))) {
            try replay.all()
        }
    }

    /// One byte after the other: what is read then is no input, or one that cannot have come, or another
    /// one. None of it stops the program.
    @Test func aByteThatIsAnotherDoesNotStopTheProgram() throws {
        var session = try RandomSession(seed: 9, profiles: ["reference-7kw"])
        session.run(for: .seconds(4))
        let recording = try #require(session.line.recording)
        var noticed = 0
        let places = stride(from: 0, to: recording.byteCount, by: 3)
        for place in places {
            var other = recording
            other.segments[0].bytes[place] ^= 0x10
            var replay = LineReplay(other)
            do {
                let steps = try replay.all()
                if steps.contains(where: \.differs) { noticed += 1 }
            } catch is RecordingProblem {
                noticed += 1
            }
        }
        // The rest are measurements on which nothing depends; the checksum of the file covers them.
        #expect(noticed * 6 > recording.byteCount)
    }

    @Test func theTranscriptTellsWhatHappened() throws {
        var session = try RandomSession(seed: 4, profiles: ["reference-7kw", "go-e-gemini"])
        session.run(for: .seconds(120))
        var replay = LineReplay(try #require(session.line.recording))
        var lines: [TranscriptLine] = []
        while let step = try replay.next() { lines += step.transcript(replay.state) }
        for topic in TranscriptLine.Topic.allCases {
            #expect(lines.contains { $0.topic == topic }, "nothing is told of \(topic)")
        }
        let write = try #require(lines.first { $0.topic == .write })
        #expect(write.description.contains(" device_ev_001 write unit 1: write "))
        #expect(write.description.hasPrefix("2026-05-28T"))
    }
}

// MARK: - Short words

extension LineReplay {
    /// All steps up to the first that differs.
    mutating func all() throws -> [Step] {
        var steps: [Step] = []
        while let step = try next() {
            steps.append(step)
            if step.differs { break }
        }
        return steps
    }
}

extension LineState {
    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}

extension LineRecording {
    /// The same after it has been bytes.
    func storedAndRead() throws -> LineRecording {
        let decoder = JSONDecoder()
        decoder.userInfo[try #require(CodingUserInfoKey.zones)] = TestZoneDirectory()
        let start = try decoder.decode(Start.self, from: JSONEncoder().encode(start))
        let segments = try segments.map { segment in
            var read = try decoder.decode(Segment.self, from: JSONEncoder().encode(segment))
            read.bytes = segment.bytes
            return read
        }
        return LineRecording(start: start, segments: segments)
    }

    /// The same with other inputs, and with the checks of those that were.
    ///
    /// - Parameter change: Is told the number of each input, from 1.
    func altered(_ change: (Int, LineInput) -> LineInput) throws -> LineRecording {
        var altered = self
        let chargers = start.state.controls.count
        var number = 0
        for index in segments.indices {
            let segment = segments[index]
            var values = segment.values[...]
            var bytes = ByteReader(segment.bytes)
            var reading = InputCoding(chargers: chargers, from: segment.from)
            var writing = reading
            altered.segments[index].bytes = []
            altered.segments[index].values = []
            for _ in 0..<segment.count {
                number += 1
                let read = reading.read(&bytes) { values.popFirst() }
                let (input, time) = try #require(read)
                let other = change(number, input)
                if writing.write(other, at: time, to: &altered.segments[index].bytes) == .asValue {
                    altered.segments[index].values.append(other)
                }
                let check = bytes.byte()
                altered.segments[index].bytes.append(try #require(check))
            }
        }
        return altered
    }
}
