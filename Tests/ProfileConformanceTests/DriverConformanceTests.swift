import ChargeModel
import DeviceProfiles
import Testing
import WallboxModel

/// Every profile, the driver against the simulator: what one side encodes the other must understand.
@Suite struct DriverConformanceTests {
    /// From unplugged through charging at 10 A, limited to 6 A, idle, loss of the link with the
    /// failsafe, recovery, to a restart of the wallbox.
    @Test(arguments: try ConformanceCase.all())
    func r03_theDriverLeadsTheWallboxThroughASession(_ test: ConformanceCase) throws {
        var session = try ConformanceSession(test)

        // Unplugged, and nobody wants anything: read, armed, and otherwise left alone.
        session.connect()
        session.run(for: .seconds(30))
        #expect(session.snapshot.link == .up)
        if session.profile.exactFace(of: .a) != nil {
            #expect(session.snapshot.pilot.value == .a)
        }
        #expect(session.box.truth.contactorCycles == 0)
        session.expectWarnings()

        // A vehicle comes and charges at 10 A.
        session.aim(.amperes(10))
        session.run(for: .seconds(20))
        session.plug()
        session.run(for: .seconds(60))
        session.expectCharging(at: .amperes(10))
        session.expectPower()

        // Limited to the least that it does.
        session.aim(session.least)
        session.run(for: .seconds(60))
        session.expectCharging(at: session.least)

        // Idle.
        session.aim(.zero)
        session.run(for: .seconds(60))
        #expect(session.box.truth.limit == .zero)
        #expect(session.box.truth.power == .zero)
        #expect(session.isApplied)

        // Charging again, all the way; then the agent is gone.
        session.aim(.amperes(16))
        session.run(for: .seconds(90))
        session.expectCharging(at: .amperes(16))
        session.disconnect()
        session.expectFailsafe()

        // And back.
        session.connect()
        session.run(for: .seconds(90))
        session.expectCharging(at: .amperes(16))
        #expect(!session.box.truth.failsafe.isActive)

        // The supply fails for a moment.
        session.box.reboot(at: session.now)
        session.run(for: .seconds(120))
        session.expectCharging(at: .amperes(16))
        session.disconnect()
        session.expectFailsafe()
        session.expectManners()
    }

    /// A vehicle on one phase after one on three, and back: what was right for one is never too much
    /// for the other.
    @Test(arguments: try ConformanceCase.all().filter { $0.vehiclePhases == 3 })
    func r01_anotherVehicleNeverGetsMoreThanTheLimit(_ test: ConformanceCase) throws {
        var session = try ConformanceSession(test, isStated: false)
        session.connect()
        session.aim(.amperes(10))
        session.run(for: .seconds(30))
        for phases in [3, 1, 3, 2] {
            session.plug(phases: phases)
            session.run(for: .seconds(90))
            #expect(session.box.truth.limit <= .amperes(10))
            // What 10 A are on one phase starts no vehicle on three: told in words, and no risk taken.
            let isTold = session.snapshot.conditions.contains { $0.code == "PHASES_NOT_KNOWN" }
            #expect(session.box.truth.power > .zero || isTold, "\(phases) phases")
            session.box.unplug(at: session.now)
            session.run(for: .seconds(10))
        }
        session.expectManners()
    }

    /// A wallbox without everything that not every unit has.
    @Test(arguments: try ConformanceCase.all().filter { $0.hasOptionalRegisters })
    func whatNotEveryUnitHasIsNotNeeded(_ test: ConformanceCase) throws {
        var session = try ConformanceSession(test, isBare: true)
        session.connect()
        session.aim(.amperes(10))
        session.run(for: .seconds(60))
        session.plug()
        session.run(for: .seconds(60))
        session.expectCharging(at: .amperes(10))
        session.aim(.zero)
        session.run(for: .seconds(60))
        #expect(session.box.truth.limit == .zero)
        session.expectManners()
    }
}

/// A profile, a connector of its station and the vehicle that comes.
struct ConformanceCase: Hashable, Sendable, CustomTestStringConvertible {
    var file: ProfileFile
    var connector: Int
    var vehiclePhases: Int
    var hasOptionalRegisters: Bool

    var testDescription: String {
        "\(file)\(connector > 1 ? ", connector \(connector)" : ""), \(vehiclePhases) phases"
    }

    /// Wallboxes in watts with a vehicle on one phase too, stations also by their last connector.
    static func all() throws -> [ConformanceCase] {
        try ProfileFile.all().flatMap { file -> [ConformanceCase] in
            let profile = try file.profile()
            let phases = profile.electrical.phases
            var vehicles = [phases]
            if case .power = profile.control.domain, phases > 1 { vehicles.append(1) }
            let connectors = profile.connectorCount > 1 ? [1, profile.connectorCount] : [1]
            return connectors.flatMap { connector in
                vehicles.map {
                    ConformanceCase(
                        file: file, connector: connector, vehiclePhases: $0,
                        hasOptionalRegisters: profile.registers.contains(where: \.isOptional))
                }
            }
        }
    }
}
