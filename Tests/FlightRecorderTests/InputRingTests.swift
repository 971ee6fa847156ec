import ChargeModel
import Testing

@testable import FlightRecorder

/// What the ring keeps, and that it keeps no more.
struct InputRingTests {
    @Test func theSpanIsCoveredAndLittleMore() throws {
        var session = try RandomSession(
            seed: 1, profiles: ["reference-7kw"],
            limits: RecorderLimits(span: .seconds(60), bytes: 8 << 20))
        for _ in 0..<10 {
            session.run(for: .seconds(17))
            guard let from = session.line.recording?.from else { continue }
            let covered = from.monotonic.duration(to: session.now.monotonic)
            let age = MonotonicInstant(nanoseconds: 3_600_000_000_123).duration(
                to: session.now.monotonic)
            #expect(covered >= min(.seconds(58), age - .seconds(1)))
            #expect(covered <= .seconds(72))
        }
    }

    @Test func theRoomIsNeverExceeded() throws {
        let limits = RecorderLimits(span: .seconds(3_600), bytes: 200 << 10)
        var session = try RandomSession(seed: 2, limits: limits)
        var most = 0
        for _ in 0..<60 {
            session.run(for: .seconds(5))
            most = max(most, session.line.recordedBytes)
            #expect(session.line.recordedBytes <= limits.bytes)
        }
        #expect(most > limits.bytes / 2, "the bound is not reached, and nothing was shown")
        let recording = try #require(session.line.recording)
        #expect(recording.inputs < session.inputs, "nothing was given up")
        var replay = LineReplay(recording)
        let steps = try replay.all()
        #expect(steps.last?.differs == false)
    }

    @Test func nothingIsKeptBeforeAnythingIsTold() throws {
        let session = try RandomSession(seed: 1)
        #expect(session.line.recording == nil)
        #expect(session.line.recordedBytes == 0)
    }

    @Test func severalLinesShareTheRoom() {
        let limits = RecorderLimits(span: .seconds(60), bytes: 1_000).divided(among: 4)
        #expect(limits == RecorderLimits(span: .seconds(60), bytes: 250))
    }

    /// The figure of the README: what an hour takes at one poll a second.
    @Test func anHourOfPollsTakesLittle() throws {
        var session = try RandomSession(seed: 8, profiles: ["reference-7kw"])
        session.run(for: .seconds(120))
        let bytes = try #require(session.line.recording).byteCount * 30
        #expect(bytes < 1 << 20, "\(bytes) bytes an hour")
    }
}
