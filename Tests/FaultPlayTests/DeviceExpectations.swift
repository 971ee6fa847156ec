import ChargeModel
import WallboxModel

/// What the driver makes of a wallbox that is broken behind its wire, in words for the page, and the
/// proof of them.
struct DeviceExpectation: Sendable {
    let name: String
    let words: String
    var device = "reference-7kw"
    /// Whether answers do not come.
    var isSilent = false
    let order: @Sendable (inout FaultOrder) -> Void
    let holds: @Sendable (inout DeviceSession) async throws -> Bool

    init(
        _ name: String, _ words: String, device: String = "reference-7kw", isSilent: Bool = false,
        order: @escaping @Sendable (inout FaultOrder) -> Void = { _ in },
        holds: @escaping @Sendable (inout DeviceSession) async throws -> Bool
    ) {
        (self.name, self.words, self.device, self.isSilent) = (name, words, device, isSilent)
        (self.order, self.holds) = (order, holds)
    }

    /// Every fault of the wallbox, in the order of the catalogue.
    static let table: [DeviceExpectation] = [
        DeviceExpectation("ignore-writes", "`WRITES_NOT_APPLIED` after three writes") { session in
            session.aim(.amperes(10))
            try await session.run(for: .seconds(12))
            return session.snapshot.conditions == [.writesNotApplied]
        },
        DeviceExpectation(
            "delay-writes", "waits for the settle time, and verifies",
            order: { $0.milliseconds = 1500 }
        ) { session in
            session.aim(.amperes(10))
            try await session.run(for: .seconds(20))
            return session.verified == .amperes(10) && session.snapshot.conditions.isEmpty
        },
        DeviceExpectation(
            "cable-limit", "takes the clamped limit for what is offered; writes no more",
            order: { $0.amperes = 10 }
        ) { session in
            session.aim(.amperes(32))
            try await session.run(for: .seconds(60))
            return session.verified == .amperes(10) && session.snapshot.conditions.isEmpty
        },
        DeviceExpectation(
            "foreign-controller", "`COMPETING_CONTROLLER` after three changes; only reduces",
            order: { ($0.amperes, $0.milliseconds) = (8, 20_000) }
        ) { session in
            try await session.run(for: .seconds(70))
            return session.snapshot.conditions == [.competingController]
        },
        DeviceExpectation(
            "defect", "shows state E and the error code", order: { $0.code = 7 }
        ) { session in
            try await session.run(for: .seconds(5))
            return session.snapshot.pilot.value == .e && session.snapshot.errorCode.value == 7
        },
        DeviceExpectation("unavailable", "shows state F") { session in
            try await session.run(for: .seconds(5))
            return session.snapshot.pilot.value == .f
        },
        DeviceExpectation(
            "welded-contactor", "shows the power that flows although 0 A is set"
        ) { session in
            session.makeVehicle(.stuck)
            session.aim(.zero)
            try await session.run(for: .seconds(20))
            return session.snapshot.setpoint.value == .zero
                && session.snapshot.power.value ?? .zero > .zero
        },
        DeviceExpectation("busy", "every value is absent; the link stays", order: { $0.code = 6 }) {
            session in
            try await session.run(for: .seconds(30))
            let values = (session.snapshot.pilot, session.snapshot.power)
            return values == (.absent(.refused), .absent(.refused)) && session.snapshot.link == .up
        },
        DeviceExpectation("dead", "opens the link again and again; values grow old", isSilent: true)
        { session in
            try await session.run(for: .seconds(30))
            return session.freshness == .fallback
        },
        DeviceExpectation(
            "stuck-register", "of the setpoint: `WRITES_NOT_APPLIED`, whatever the wallbox does",
            order: { $0.register = "setpoint" }
        ) { session in
            session.aim(.amperes(10))
            try await session.run(for: .seconds(12))
            return session.snapshot.conditions == [.writesNotApplied]
        },
        DeviceExpectation(
            "nan-register", "the value is absent", device: "reference-22kw",
            order: { $0.register = "power" }
        ) { session in
            try await session.run(for: .seconds(5))
            return session.snapshot.power == .absent(.notAvailable)
        },
        DeviceExpectation(
            "swapped-register", "of the limit: it is absent, and currents tell what is in force",
            device: "reference-22kw", order: { $0.register = "limit-in-force" }
        ) { session in
            try await session.run(for: .seconds(12))
            guard session.snapshot.setpoint == .absent(.implausible) else { return false }
            session.aim(.amperes(10))
            try await session.run(for: .seconds(20))
            return session.verified == .amperes(10) && session.truth.limit == .amperes(10)
        },
        DeviceExpectation(
            "register-words", "a state that there is not is absent",
            order: { ($0.register, $0.words) = ("pilot", [99]) }
        ) { session in
            try await session.run(for: .seconds(5))
            return session.snapshot.pilot == .absent(.implausible)
        },
        DeviceExpectation(
            "refused-register", "its value is absent, the others are read",
            order: { ($0.register, $0.code) = ("power", 2) }
        ) { session in
            try await session.run(for: .seconds(30))
            return session.snapshot.power == .absent(.refused) && session.freshness == .live
        },
        DeviceExpectation(
            "silent-register", "what is read together with it grows old", isSilent: true,
            order: { $0.register = "power" }
        ) { session in
            try await session.run(for: .seconds(30))
            return session.freshness == .fallback
        },
    ]
}
