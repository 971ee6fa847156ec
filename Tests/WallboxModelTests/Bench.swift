import ChargeModel
import DeviceProfiles
import Modbus
import WallboxModel

/// A simulated wallbox on the test bench, its time in seconds since it was switched on.
struct Bench {
    var wallbox: SimulatedWallbox
    /// When it was switched on: not 0, so that nothing depends on it.
    static let start = MonotonicInstant(nanoseconds: 1_000_000_000_000)

    init(_ profile: DeviceProfile, options: WallboxOptions = WallboxOptions()) {
        wallbox = SimulatedWallbox(profile: profile, options: options, at: Self.start)
    }

    static func instant(_ seconds: Double) -> MonotonicInstant {
        start.advanced(by: .nanoseconds(Int64(seconds * 1_000_000_000)))
    }

    /// What is, so many seconds after the start.
    mutating func truth(at seconds: Double) -> WallboxTruth {
        wallbox.advance(to: Self.instant(seconds))
        return wallbox.truth
    }

    mutating func plug(_ vehicle: Vehicle = Vehicle(), at seconds: Double) {
        wallbox.plug(vehicle, at: Self.instant(seconds))
    }

    mutating func setFaults(at seconds: Double, _ change: (inout WallboxFaults) -> Void) {
        var faults = wallbox.faults
        change(&faults)
        wallbox.setFaults(faults, at: Self.instant(seconds))
    }

    // MARK: - As its controller

    mutating func respond(
        _ operation: ModbusOperation, unit: UInt8? = nil, at seconds: Double
    ) -> WallboxReply {
        wallbox.respond(
            to: ModbusRequest(unit: unit ?? wallbox.unit, operation: operation),
            at: Self.instant(seconds))
    }

    /// Carries a command out, without its pauses.
    mutating func command(_ operations: [CommandOperation], at seconds: Double) -> [WallboxReply] {
        operations.compactMap { operation in
            guard case .write(let unit, let write) = operation else { return nil }
            return respond(write, unit: unit.resolved(charger: wallbox.unit), at: seconds)
        }
    }

    /// Charges at so many amperes, or pauses at 0.
    mutating func limit(_ amperes: Int, at seconds: Double) -> [WallboxReply] {
        let control = wallbox.profile.control
        return command(
            wallbox.profile.operations(
                for: amperes == 0 ? control.idle : control.charge, limit: .amperes(amperes)),
            at: seconds)
    }

    mutating func armFailsafe(_ current: Milliamperes, at seconds: Double) -> [WallboxReply] {
        command(wallbox.profile.failsafeOperations(current: current), at: seconds)
    }

    /// What the wallbox takes for a sign of life.
    mutating func heartbeat(_ limit: Milliamperes, at seconds: Double) -> [WallboxReply] {
        if wallbox.profile.heartbeat.kind == .anyRead {
            return [respond(wallbox.profile.readPlan[0].operation, at: seconds)]
        }
        return command(wallbox.profile.heartbeatOperations(limit: limit), at: seconds)
    }

    /// Everything that can be read, read block by block.
    mutating func values(at seconds: Double) -> RegisterValues {
        let profile = wallbox.profile
        var values = RegisterValues(profile)
        for block in profile.readPlan {
            let reply = respond(
                block.operation, unit: block.unit.resolved(charger: wallbox.unit), at: seconds)
            guard case .response(.registers(let words)) = reply else { continue }
            profile.decode(words, of: block, into: &values)
        }
        return values
    }
}

extension RegisterValues {
    func canonical(_ name: String, _ element: Int = 0, of profile: DeviceProfile) -> Int? {
        profile.register(named: name).flatMap { self[$0, element]?.canonical }
    }
}

let done = WallboxReply.response(.written)
