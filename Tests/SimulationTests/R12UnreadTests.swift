import ChargeModel
import DeviceProfiles
import Testing
import WallboxModel

@testable import AgentSimulation

/// Wallboxes whose limit cannot be read, at first contact, as the judge of the simulation sees them.
@Suite struct R12UnreadTests {
    static let profiles = ["keba-p30", "keba-p40", "raedian-ac"]

    struct Found: Sendable, CustomTestStringConvertible {
        var profile: String
        var amperes: Int
        var isPlugged: Bool
        var testDescription: String {
            "\(profile) at \(amperes) A, \(isPlugged ? "with" : "without") a vehicle"
        }
    }

    static let found = profiles.flatMap { profile in
        [0, 6, 32].flatMap { amperes in
            [false, true].map { Found(profile: profile, amperes: amperes, isPlugged: $0) }
        }
    }

    @Test(arguments: found)
    func r12_unknownNeverRisesAndNeverStaysAboveWhatIsAllowed(found: Found) throws {
        var plan = StationPlan(name: "box", profile: try Devices.profile(found.profile))
        plan.installationMaximum = .amperes(16)
        plan.options.factorySetpoint = .amperes(found.amperes)
        var simulation = Simulation(seed: 1, plans: [plan], isRecording: true)
        let vehicle = Vehicle(phases: 3, maximumCurrent: .amperes(32))
        if found.isPlugged {
            simulation.stations[0].box.plug(vehicle, at: simulation.now)
            simulation.run(for: .seconds(20))
        }
        simulation.startAgent()
        simulation.run(for: .seconds(10))
        #expect(simulation.stations[0].box.limit <= .amperes(min(found.amperes, 16)))
        // A vehicle that comes later gets no more either, before somebody asks.
        simulation.stations[0].box.plug(vehicle, at: simulation.now)
        simulation.run(for: .seconds(60))
        #expect(simulation.stations[0].box.limit <= .amperes(min(found.amperes, 16)))
        simulation.push(.charge, to: 0)
        simulation.run(for: .seconds(60))
        #expect(simulation.stations[0].box.limit == .amperes(16))
        let lines = (simulation.transcript ?? []).suffix(40).joined(separator: "\n")
        #expect(simulation.violations == [], "\(lines)")
    }

    /// The agent dies, the wallbox falls back, and nobody wants anything when the agent is there again.
    @Test(arguments: [
        "vestel-evc04", "webasto-unite", "webasto-next", "reference-22kw", "alfen-eve",
    ])
    func r12_aFailsafeDoesNotEndWithARiseThatNobodyWants(profile: String) throws {
        var plan = StationPlan(name: "box", profile: try Devices.profile(profile))
        plan.options.factorySetpoint = .amperes(10)
        var simulation = Simulation(seed: 1, plans: [plan], isRecording: true)
        simulation.startAgent()
        simulation.stations[0].box.plug(
            Vehicle(phases: 3, maximumCurrent: .amperes(32)), at: simulation.now)
        simulation.run(for: .seconds(60))
        simulation.killAgent()
        simulation.run(for: .seconds(120))
        simulation.startAgent()
        simulation.run(for: .seconds(60))
        let lines = (simulation.transcript ?? []).suffix(40).joined(separator: "\n")
        #expect(simulation.violations == [], "\(lines)")
    }
}
