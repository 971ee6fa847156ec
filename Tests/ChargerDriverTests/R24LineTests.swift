import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing

@Suite struct R24LineTests {
    private let origin = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    private func at(_ now: MonotonicInstant) -> TimePoint {
        TimePoint(monotonic: now, wall: WallInstant(milliseconds: 0))
    }

    private func line(_ count: Int = 1, seed: UInt64 = 1) throws -> LineEngine {
        let profile = try DriverBench.profile("reference-7kw")
        let drivers = (0..<count).map { index in
            DriverEngine(
                profile: profile,
                configuration: DriverConfiguration(
                    unit: UInt8(index + 1), installationMaximum: .amperes(16),
                    safeCurrent: .amperes(6), phases: 1, poll: .seconds(1)),
                at: at(origin))
        }
        return LineEngine(drivers: drivers, policy: LinkPolicy(), seed: seed, at: origin)
    }

    /// The times between attempts to connect while nobody answers.
    private func waits(seed: UInt64) throws -> [Duration] {
        var line = try line(seed: seed)
        var now = origin
        var attempts: [MonotonicInstant] = []
        while attempts.count < 9 {
            switch line.next(at: at(now)) {
            case .open:
                attempts.append(now)
                now = now.advanced(by: .milliseconds(10))
                _ = line.openFailed(.connectionLost(errno: 111), at: at(now))
            case .sleep(let until):
                #expect(until > now)
                now = until
            case .close, .perform:
                Issue.record("neither is due")
            }
        }
        return zip(attempts, attempts.dropFirst()).map { $0.duration(to: $1) }
    }

    @Test func r24_backsOffFromOneToThirtySecondsWithJitter() throws {
        let waits = try waits(seed: 1)
        for (wait, least) in zip(waits, [1, 2, 4, 8, 16, 30, 30, 30]) {
            #expect(wait >= .seconds(least))
            #expect(wait <= min(.seconds(least) * 1.25, .seconds(30)))
        }
        #expect(try self.waits(seed: 2) != waits)
        #expect(try self.waits(seed: 1) == waits)
    }

    /// Opens the link and tells the answers of a wallbox that says 0 to everything.
    private func answer(
        _ line: inout LineEngine, _ now: inout MonotonicInstant, until end: MonotonicInstant,
        asked: inout [UInt8], _ result: (ModbusRequest) -> Result<ModbusResponse, ModbusError>?
    ) {
        while now < end {
            switch line.next(at: at(now)) {
            case .open:
                now = now.advanced(by: .milliseconds(5))
                line.opened(at: at(now))
            case .close:
                _ = line.closed(at: at(now))
            case .perform(let order):
                asked.append(order.request.unit)
                now = now.advanced(by: .milliseconds(5))
                let operation = order.request.operation
                let answer: Result<ModbusResponse, ModbusError> =
                    result(order.request)
                    ?? .success(
                        operation.isWrite
                            ? .written
                            : .registers(Array(repeating: 0x0701, count: operation.count)))
                _ = line.completed(answer, at: at(now))
            case .sleep(let until):
                now = min(end, until)
            }
        }
    }

    @Test func r06_aTimeoutClosesTheLinkAndOpensItAgain() throws {
        var line = try line()
        var now = origin
        var asked: [UInt8] = []
        answer(&line, &now, until: origin.advanced(by: .seconds(3)), asked: &asked) { _ in nil }
        #expect(line.isOpen)
        var orders: [String] = []
        for _ in 0..<20 where !orders.contains("open") {
            switch line.next(at: at(now)) {
            case .perform:
                orders.append("perform")
                now = now.advanced(by: .seconds(1))
                _ = line.completed(.failure(.timeout), at: at(now))
            case .close:
                orders.append("close")
                _ = line.closed(at: at(now))
            case .open: orders.append("open")
            case .sleep(let until): now = until
            }
        }
        #expect(orders == ["perform", "close", "open"])
    }

    @Test func r06_anExceptionLeavesTheLinkOpen() throws {
        var line = try line()
        var now = origin
        var asked: [UInt8] = []
        answer(&line, &now, until: origin.advanced(by: .seconds(5)), asked: &asked) { _ in
            .failure(.exception(.serverDeviceBusy))
        }
        #expect(line.isOpen)
        #expect(line.statistics.errors > 3)
    }

    @Test func wallboxesOnOneLineTakeTurns() throws {
        var line = try line(4)
        var now = origin
        var asked: [UInt8] = []
        answer(&line, &now, until: origin.advanced(by: .seconds(20)), asked: &asked) { _ in nil }
        let counts = (1...4).map { unit in asked.filter { $0 == unit }.count }
        let most = try #require(counts.max())
        let least = try #require(counts.min())
        #expect(most - least <= 2)
        #expect(Set(asked.prefix(4)).count == 4)
    }

    @Test func r09_aWaitingReductionGoesBeforeEveryRead() throws {
        var line = try line(3)
        var now = origin
        var asked: [UInt8] = []
        // Every register reads 0x0701 = 1793: a setpoint of 179.3 A, above anything allowed.
        answer(&line, &now, until: origin.advanced(by: .seconds(3)), asked: &asked) { _ in nil }
        for driver in 0..<3 { line.pollRequested(driver: driver, at: at(now)) }
        let target = ChargerTarget(
            limit: .zero, validUntil: now.advanced(by: .seconds(10)), revision: 1)
        _ = line.targetChanged(target, driver: 2, at: at(now))
        guard case .perform(let order) = line.next(at: at(now)) else {
            Issue.record("nothing is due")
            return
        }
        #expect(order.request.unit == 3)
        #expect(order.request.operation.isWrite)
    }

    /// Requirement R23: the type makes a second request impossible while one is out; the order of
    /// calls is the only way to get one.
    @Test func r23_afterEachResultComesAtMostOneRequest() throws {
        var line = try line(2)
        var now = origin
        var asked: [UInt8] = []
        answer(&line, &now, until: origin.advanced(by: .seconds(1)), asked: &asked) { _ in nil }
        #expect(line.statistics.transactions == asked.count)
    }
}
