import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing

/// Requirements R6 and R24 on a line whose link stays open: serial lines and gateways.
@Suite struct R24ResumingLineTests {
    private let origin = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    private func at(_ now: MonotonicInstant) -> TimePoint {
        TimePoint(monotonic: now, wall: WallInstant(milliseconds: 0))
    }

    private func line(
        _ count: Int, gap: Duration = .zero,
        changing change: (inout DeviceProfile, Int) -> Void = { _, _ in }
    ) throws -> LineEngine {
        let profile = try DriverBench.profile("reference-7kw")
        let drivers = (0..<count).map { index in
            var profile = profile
            change(&profile, index)
            return DriverEngine(
                profile: profile,
                configuration: DriverConfiguration(
                    unit: UInt8(index + 1), installationMaximum: .amperes(16),
                    safeCurrent: .amperes(6), phases: 1, poll: .seconds(1)),
                at: at(origin))
        }
        var policy = LinkPolicy()
        policy.recovery = .resume
        policy.requestGap = gap
        return LineEngine(drivers: drivers, policy: policy, seed: 1, at: origin)
    }

    private struct Asked {
        var unit: UInt8
        var at: MonotonicInstant
        var ended: MonotonicInstant
    }

    private struct Record {
        var asked: [Asked] = []
        var opened: [MonotonicInstant] = []
        var closed = 0
    }

    /// Lets a line run; a unit that is silent ends after its timeout.
    private func run(
        _ line: inout LineEngine, for duration: Duration, silent: (UInt8, MonotonicInstant) -> Bool,
        error: ModbusError = .timeout
    ) -> Record {
        var record = Record()
        var now = origin
        let end = origin.advanced(by: duration)
        while now < end {
            switch line.next(at: at(now)) {
            case .open:
                record.opened.append(now)
                line.opened(at: at(now))
            case .close:
                record.closed += 1
                _ = line.closed(at: at(now))
            case .sleep(let until):
                now = min(end, until)
            case .perform(let order):
                let unit = order.request.unit
                let isSilent = silent(unit, now)
                let start = now
                now = now.advanced(by: isSilent ? order.timeout : .milliseconds(5))
                record.asked.append(Asked(unit: unit, at: start, ended: now))
                let operation = order.request.operation
                let answer: ModbusResponse =
                    operation.isWrite
                    ? .written : .registers(Array(repeating: 0x0701, count: operation.count))
                _ = line.completed(isSilent ? .failure(error) : .success(answer), at: at(now))
            }
        }
        return record
    }

    @Test("R06 R24 a wallbox that is silent rests alone, and the link stays open")
    func silentWallboxRestsAlone() throws {
        var line = try line(3)
        let record = run(&line, for: .seconds(120)) { unit, _ in unit == 2 }
        #expect(record.opened.count == 1)
        #expect(record.closed == 0)
        let tries = record.asked.filter { $0.unit == 2 }.map(\.at)
        let waits = zip(tries, tries.dropFirst()).map { $0.duration(to: $1) }
        // The timeout, and then the wait.
        for (wait, least) in zip(waits, [1, 2, 4, 8, 16, 30]) {
            #expect(wait >= .seconds(least))
            #expect(wait <= .seconds(least) * 1.25 + .seconds(2))
        }
        #expect(tries.count < 10)
        for unit: UInt8 in [1, 3] {
            let polls = record.asked.filter { $0.unit == unit }
            #expect(polls.count > 110, "unit \(unit) is read on")
            #expect(line.drivers[Int(unit) - 1].snapshot.link == .up)
        }
        #expect(line.drivers[1].snapshot.link == .down(reason: "no answer within the deadline"))
    }

    @Test(
        "R06 a framing error is handled as a silence",
        arguments: [
            ModbusError.malformed(.checksum), .malformed(.unsolicitedBytes),
        ])
    func framingErrorIsHandledAsASilence(error: ModbusError) throws {
        var line = try line(2)
        let record = run(
            &line, for: .seconds(20), silent: { unit, _ in unit == 2 }, error: error)
        #expect(record.opened.count == 1)
        #expect(record.asked.filter { $0.unit == 1 }.count > 15)
    }

    @Test("R24 a wallbox that is back is read again within 35 s, and then as ever")
    func wallboxThatIsBackIsReadAgain() throws {
        var line = try line(2)
        let back = origin.advanced(by: .seconds(100))
        let record = run(&line, for: .seconds(200)) { unit, now in unit == 2 && now < back }
        let after = record.asked.filter { $0.unit == 2 && $0.at >= back }
        #expect(try #require(after.first).at <= back.advanced(by: .seconds(35)))
        #expect(after.count > 60)
        #expect(line.drivers[1].snapshot.link == .up)
    }

    @Test("R24 when nobody answers any more the link is opened anew, ever more rarely")
    func deadLineIsOpenedAnew() throws {
        var line = try line(2)
        let record = run(&line, for: .seconds(300)) { _, _ in true }
        #expect(record.opened.count > 4)
        #expect(record.opened.count < 25)
        let waits = zip(record.opened, record.opened.dropFirst()).map { $0.duration(to: $1) }
        #expect(waits.allSatisfy { $0 >= .seconds(1) && $0 <= .seconds(35) })
        // Neither is forgotten over the other.
        #expect(Set(record.asked.suffix(6).map(\.unit)) == [1, 2])
    }

    @Test("R24 a lost port is closed and opened anew for all")
    func lostPortIsOpenedAnew() throws {
        var line = try line(2)
        let record = run(
            &line, for: .seconds(20), silent: { unit, _ in unit == 2 },
            error: .connectionLost(errno: 5))
        #expect(record.closed > 2)
        #expect(record.opened.count > 2)
    }

    @Test("The longest gap of the line lies between any two requests")
    func longestGapLiesBetweenAnyTwoRequests() throws {
        let gaps: [Duration] = [.milliseconds(20), .milliseconds(100), .zero]
        for configured in [Duration.zero, .milliseconds(150)] {
            var line = try line(3, gap: configured) { $0.link.requestGap = gaps[$1] }
            let record = run(&line, for: .seconds(30)) { unit, _ in unit == 3 }
            let longest = max(configured, .milliseconds(100))
            for (before, after) in zip(record.asked, record.asked.dropFirst()) {
                #expect(before.ended.duration(to: after.at) >= longest)
            }
            #expect(record.asked.count > 50)
        }
    }

    @Test("After connecting, a wallbox that wants it is left alone for a while")
    func wallboxIsLeftAloneAfterConnecting() throws {
        var line = try line(1) { profile, _ in
            profile.link.delayAfterConnect = .milliseconds(200)
        }
        let record = run(&line, for: .seconds(2)) { _, _ in false }
        let opened = try #require(record.opened.first)
        #expect(try #require(record.asked.first).at == opened.advanced(by: .milliseconds(200)))
    }
}
