import ChargeControl
import ChargeModel
import Modbus
import Testing

@testable import FlightRecorder

struct InputCodingTests {
    private static let start = TimePoint(
        monotonic: MonotonicInstant(nanoseconds: 5_000_000_000_000),
        wall: WallInstant(milliseconds: 1_780_000_000_000))

    private static let share = GroupShare(
        group: "garage", limit: .amperes(8), validUntil: MonotonicInstant(nanoseconds: 5),
        revision: 3,
        reason: "equal")

    private static let inputs: [LineInput] = [
        .next, .wire(.opened), .wire(.closed), .wire(.openFailed(.connectionLost(errno: 111))),
        .wire(.answered(.registers([0, 1, 127, 128, 16_384, .max]))),
        .wire(.answered(.registers([]))), .wire(.answered(.bits([true, false, true]))),
        .wire(.answered(.written)), .wire(.failed(.timeout)),
        .wire(.failed(.exception(.serverDeviceBusy))), .wire(.failed(.malformed(.checksum))),
        .wire(.failed(.busShutDown)), .wire(.targetChanged(nil, driver: 1)),
        .wire(
            .targetChanged(
                ChargerTarget(
                    limit: .amperes(16), allowsIncrease: false,
                    validUntil: MonotonicInstant(nanoseconds: 5_010_000_000_000), revision: 300),
                driver: 0)),
        .wire(
            .targetChanged(
                ChargerTarget(
                    limit: .zero, validUntil: MonotonicInstant(nanoseconds: 5_010_000_000_000),
                    revision: 301, isRequested: false, phases: PhaseWish(wanted: 1, counted: 3)),
                driver: 1)),
        .wire(
            .targetChanged(
                ChargerTarget(
                    limit: .amperes(6),
                    validUntil: MonotonicInstant(nanoseconds: 5_010_000_000_000),
                    revision: 302, phases: PhaseWish(wanted: nil, counted: 1)), driver: 0)),
        .wire(.pollRequested(driver: 1)), .wire(.endRequested(driver: 1)),
        .control(.tick, of: 0), .control(.snapshotTaken, of: 1),
        .control(.shareGiven(nil), of: 1), .control(.shareGiven(share), of: 0),
        .control(.shareGiven(share), of: 0), .control(.shareGiven(share), of: 1),
        .control(.persisted(CommitID(rawValue: 1 << 40)), of: 1),
        .control(.persistFailed(CommitID(rawValue: 1), .full), of: 1),
        .control(.delayDrawn(.seconds(3), slot: WallInstant(milliseconds: 4)), of: 0),
    ]

    @Test(arguments: [1, 2, 3, 4] as [UInt64])
    func everyInputIsReadAsItWasWritten(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var told: [(input: LineInput, time: TimePoint)] = []
        var now = Self.start
        for input in (Self.inputs + Self.inputs).shuffled(using: &random) {
            now.monotonic.nanoseconds += Int64.random(in: 0...3_000_000_000, using: &random)
            now.wall.milliseconds += Int64.random(in: -5_000...5_000, using: &random)
            now.isWallTrusted = Bool.random(using: &random)
            told.append((input, now))
        }
        var writing = InputCoding(chargers: 2, from: Self.start)
        var reading = writing
        var bytes: [UInt8] = []
        var values: [LineInput] = []
        for (input, time) in told
        where writing.write(input, at: time, to: &bytes) == .asValue { values.append(input) }
        var reader = ByteReader(bytes)
        var rest = values[...]
        for (input, time) in told {
            let found = reading.read(&reader) { rest.popFirst() }
            let read = try #require(found)
            #expect(read.input == input, "seed \(seed)")
            #expect(read.time == time)
        }
        #expect(reader.isAtEnd && rest.isEmpty)
    }

    /// Two clocks that go alike cost nothing, and what is routine is short.
    @Test func routineTakesAFewBytes() {
        var coding = InputCoding(chargers: 1, from: Self.start)
        var bytes: [UInt8] = []
        let now = Self.start.advanced(by: .milliseconds(1))
        coding.writeNext(at: now, to: &bytes)
        #expect(bytes.count == 4)
        bytes = []
        coding.write(
            .wire(.answered(.registers([1, 2, 300]))), at: now.advanced(by: .microseconds(60)),
            to: &bytes)
        #expect(bytes.count == 9)
    }

    /// Room is made for the longest that an input can be, whatever it says.
    @Test func theLongestInputsHaveRoom() throws {
        let target = ChargerTarget(
            limit: Milliamperes(.min), validUntil: MonotonicInstant(nanoseconds: 0),
            revision: .max >> 2, phases: PhaseWish(wanted: 3, counted: .max >> 3))
        var share = Self.share
        (share.limit, share.revision) = (Milliamperes(.max), .max)
        let inputs: [LineInput] = [
            .wire(.answered(.registers(Array(repeating: .max, count: 125)))),
            .wire(.answered(.bits(Array(repeating: true, count: 2_000)))),
            .wire(.targetChanged(target, driver: .max)),
            .control(.shareGiven(Self.share), of: 0), .control(.shareGiven(share), of: 0),
            .control(.persisted(CommitID(rawValue: .max)), of: .max),
        ]
        let late = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: .max),
            wall: WallInstant(milliseconds: .min / 2))
        for time in [Self.start, late] {
            var coding = InputCoding(chargers: 1, from: Self.start)
            var bytes: [UInt8] = []
            for input in inputs { coding.write(input, at: time, to: &bytes) }
            #expect(bytes.count > 375 + 2_000)
        }
    }

    @Test func theWordsOfAShareAreKeptOnce() {
        var coding = InputCoding(chargers: 1, from: Self.start)
        var bytes: [UInt8] = []
        let input = LineInput.control(.shareGiven(Self.share), of: 0)
        #expect(coding.write(input, at: Self.start, to: &bytes) == .asValue)
        #expect(coding.write(input, at: Self.start, to: &bytes) == .share)
    }
}

extension InputCoding {
    @discardableResult
    mutating func write(
        _ input: LineInput, at now: TimePoint, to bytes: inout [UInt8]
    ) -> Kind {
        switch input {
        case .next:
            writeNext(at: now, to: &bytes)
            return .next
        case .wire(let wire): return write(wire, at: now, to: &bytes)
        case .control(let control, let charger):
            return write(control, of: charger, at: now, to: &bytes)
        }
    }
}
