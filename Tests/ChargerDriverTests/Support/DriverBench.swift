import AgentTestSupport
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Foundation
import Modbus
import Testing
import WallboxModel

/// A driver with a simulated wallbox at the other end of the wire, in virtual time.
struct DriverBench {
    let profile: DeviceProfile
    var driver: DriverEngine
    var box: SimulatedWallbox
    var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    /// What was written, in the words of the profile, with the time since the start.
    var writes: [(at: Duration, what: String, request: ModbusRequest)] = []
    var reads = 0
    var target: ChargerTarget?
    /// Whether somebody renews the lease of the target.
    var isControlled = true
    /// What the wire does instead of answering; nil: it answers.
    var answer: (@Sendable (ModbusRequest) -> Result<ModbusResponse, ModbusError>?)?
    var delay = Duration.milliseconds(5)
    private var revision: UInt64 = 0

    init(
        _ profile: DeviceProfile, options: WallboxOptions = WallboxOptions(),
        installation: Milliamperes = .amperes(32), safe: Milliamperes = .amperes(6),
        poll: Duration = .seconds(1), isReadOnly: Bool = false, vehiclePhases: Int? = nil,
        switchesPhases: Bool = false
    ) {
        self.profile = profile
        box = SimulatedWallbox(profile: profile, options: options, at: start)
        var configuration = DriverConfiguration(
            unit: profile.link.unit, installationMaximum: installation, safeCurrent: safe,
            phases: profile.electrical.phases, poll: poll, isReadOnly: isReadOnly)
        configuration.vehiclePhases = vehiclePhases
        configuration.switchesPhases = switchesPhases
        driver = DriverEngine(
            profile: profile, configuration: configuration,
            at: TimePoint(monotonic: start, wall: WallInstant(milliseconds: 0)))
    }

    init(device id: String, safe: Milliamperes = .amperes(6), poll: Duration = .seconds(1)) throws {
        self.init(try Self.profile(id), safe: safe, poll: poll)
    }

    static func profile(_ id: String) throws -> DeviceProfile {
        try ProfileFolder.profile(id)
    }

    var time: TimePoint {
        TimePoint(
            monotonic: now,
            wall: WallInstant(milliseconds: start.duration(to: now).milliseconds))
    }

    var elapsed: Duration { start.duration(to: now) }
    var application: TargetApplication { driver.snapshot.application }
    var truth: WallboxTruth { box.truth }

    // MARK: - Deeds

    mutating func open() {
        driver.linkOpened(at: time)
    }

    mutating func lose() {
        _ = driver.linkLost(reason: "cut", at: time)
    }

    mutating func aim(
        _ limit: Milliamperes, allowsIncrease: Bool = true, isRequested: Bool = true,
        phases: PhaseWish? = nil
    ) {
        revision += 1
        target = ChargerTarget(
            limit: limit, allowsIncrease: allowsIncrease,
            validUntil: now.advanced(by: .seconds(10)),
            revision: revision, isRequested: isRequested, phases: phases)
        _ = driver.targetChanged(target, at: time)
    }

    /// Lets the driver and the wallbox run. A link that has to be reopened is reopened at once.
    mutating func run(for duration: Duration) {
        let end = now.advanced(by: duration)
        while now < end {
            renew()
            if !step() { now = min(end, max(driver.wake(at: time), now.advanced(by: delay))) }
        }
        box.advance(to: now)
    }

    /// One transaction, if one is due.
    @discardableResult
    mutating func step() -> Bool {
        guard driver.urgency(at: time) != nil, let order = driver.next(at: time) else {
            return false
        }
        carryOut(order)
        return true
    }

    /// Carries out what the driver asked for.
    mutating func carryOut(_ order: DriverRequest) {
        now = now.advanced(by: delay)
        let result = answer?(order.request) ?? boxAnswer(order.request)
        if order.request.operation.isWrite, case .success = result {
            record(order.request)
        } else if !order.request.operation.isWrite {
            reads += 1
        }
        if case .failure(let error) = result, error.requiresReopening {
            _ = driver.completed(result, at: time)
            _ = driver.linkLost(reason: error.description, at: time)
            driver.linkOpened(at: time)
        } else {
            _ = driver.completed(result, at: time)
        }
    }

    private mutating func boxAnswer(
        _ request: ModbusRequest
    ) -> Result<ModbusResponse, ModbusError> {
        switch box.respond(to: request, at: now) {
        case .response(let response): return .success(response)
        case .exception(let exception): return .failure(.exception(exception))
        case .silence: return .failure(.timeout)
        }
    }

    private mutating func renew() {
        guard isControlled, var target, target.validUntil < now.advanced(by: .seconds(9)) else {
            return
        }
        target.validUntil = now.advanced(by: .seconds(10))
        self.target = target
        _ = driver.targetChanged(target, at: time)
    }

    private mutating func record(_ request: ModbusRequest) {
        for access in box.accesses(request, answered: .response(.written), at: now) {
            let value = access.value?.canonical.map { "\($0)" } ?? "?"
            writes.append((elapsed, "\(access.name ?? "?") \(value)", request))
        }
    }

    // MARK: - What was seen

    /// The writes of one register since a moment.
    func written(_ register: String, since: Duration = .zero) -> [(at: Duration, value: Int)] {
        writes.filter { $0.at >= since && $0.what.hasPrefix("\(register) ") }.map {
            ($0.at, Int($0.what.dropFirst(register.count + 1)) ?? -1)
        }
    }
}

extension DriverBench: CustomTestStringConvertible {
    /// Failures show this instead of everything that a bench holds.
    var testDescription: String { "\(profile.id) after \(elapsed)" }
}
