import AgentTestSupport
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import WallboxModel

/// Profile files: a profile or diagnostics with a place, and of every profile that compiles a driver and
/// a simulated wallbox that understand each other without stopping the program.
enum Profiles {
    static func check(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        // The name that it gives itself, so that the files of devices/ are inputs, too.
        let name = text.prefix { $0 != "\n" }.split(separator: " ").last ?? ""
        let parents = try Self.parents.get()
        let compilation = DeviceProfile.compile(
            text, id: String(name.prefix(64)), parent: { parents[$0] ?? nil })
        let errors = compilation.diagnostics.filter { $0.severity == .error }
        try hold((compilation.profile == nil) == !errors.isEmpty, "\(errors.count) errors")
        for diagnostic in compilation.diagnostics {
            try hold(diagnostic.line > 0 && diagnostic.column > 0, "\(diagnostic) has no place")
        }
        guard let profile = compilation.profile else { return }
        for block in profile.readPlan {
            try hold(block.operation.isWithinLimits, "\(block.operation) is beyond the limits")
        }
        try checkLimits(profile)
        try drive(profile)
    }

    /// Read once.
    private static let parents = Result {
        Dictionary(
            uniqueKeysWithValues: try ProfileFolder.names().map { ($0, ProfileFolder.text($0)) })
    }

    /// Nothing that is written for a limit is more than the limit (requirement R1).
    private static func checkLimits(_ profile: DeviceProfile) throws {
        for limit in [0, 1, 5_999, 6_000, 6_050, 16_000, 80_000].map({ Milliamperes($0) }) {
            guard !profile.control.isSetInWatts else {
                for phases in 1...3 {
                    let watts = profile.power(for: limit, phases: phases) ?? .zero
                    let shared = profile.limit(of: watts, phases: phases)
                    try hold(shared <= limit, "\(limit) on \(phases) phases becomes \(shared)")
                }
                continue
            }
            let value = profile.canonicalLimit(limit, phases: 1)
            let register = profile[profile.control.setpoint]
            guard let words = register.encode(canonical: value, rounding: .down) else { continue }
            let written = register.decode(words[...]).canonical ?? 0
            try hold(written <= limit.rawValue || value == 0, "\(limit) becomes \(written) mA")
        }
    }

    /// Some seconds of a session.
    private static func drive(_ profile: DeviceProfile) throws {
        var now = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 1_000_000_000),
            wall: WallInstant(milliseconds: 0))
        var wallbox = SimulatedWallbox(profile: profile, at: now.monotonic)
        wallbox.plug(Vehicle(), at: now.monotonic)
        var driver = DriverEngine(
            profile: profile,
            configuration: DriverConfiguration(
                unit: profile.link.unit, installationMaximum: .amperes(16),
                safeCurrent: .amperes(6), phases: profile.electrical.phases, poll: .seconds(1)),
            at: now)
        driver.linkOpened(at: now)
        for round in 0..<60 {
            now = now.advanced(by: .milliseconds(250))
            let target = ChargerTarget(
                limit: [.amperes(16), .amperes(10), .zero][round / 20], allowsIncrease: true,
                validUntil: now.monotonic.advanced(by: .seconds(10)), revision: UInt64(round / 20))
            _ = driver.targetChanged(target, at: now)
            guard let order = driver.next(at: now) else { continue }
            try hold(order.request.operation.isWithinLimits, "\(order.request)")
            let reply = wallbox.respond(to: order.request, at: now.monotonic)
            switch reply {
            case .response(let response): _ = driver.completed(.success(response), at: now)
            case .exception(let exception):
                _ = driver.completed(.failure(.exception(exception)), at: now)
            case .silence:
                _ = driver.completed(.failure(.timeout), at: now)
                _ = driver.linkLost(reason: "silence", at: now)
                driver.linkOpened(at: now)
            }
        }
    }
}
