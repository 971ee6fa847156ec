import AgentRuntime
import ChargeControl
import ChargeModel
import Logging
import ServiceLifecycle
import WallboxModel

/// The scene of the demo: a 7 kW wallbox on which a vehicle charges, and a free one of 22 kW.
enum DemoScene {
    static let first = ChargerID("device_ev_001")
    static let second = ChargerID("device_ev_002")

    struct Wallbox {
        var id: ChargerID
        var vendor: String
        var model: String
        var profile: String
        var phases: Int
        var vehicle: Vehicle?
        var serial: String
    }

    static let wallboxes = [
        Wallbox(
            id: first, vendor: "example_vendor_a", model: "Wallbox 7kW", profile: "reference-7kw",
            phases: 1,
            vehicle: Vehicle(
                phases: 1, maximumCurrent: .amperes(32), maximumPower: Watts(7_000)),
            serial: "DEMO0001"),
        Wallbox(
            id: second, vendor: "example_vendor_b", model: "Wallbox 22kW",
            profile: "reference-22kw", phases: 3, vehicle: nil, serial: "DEMO0002"),
    ]

    static let timeZone = "UTC"
    static let maxCurrent = Milliamperes.amperes(32)

    /// What a configuration file for the scene would say.
    static func configuration(
        stateDirectory: String, listen: AgentConfiguration.SocketAddress, ports: [Int],
        units: [Int]
    ) -> AgentConfiguration {
        AgentConfiguration(
            site: AgentConfiguration.Site(timeZone: timeZone, clock: .trusted),
            api: AgentConfiguration.API(listen: listen, isLAN: false),
            stateDirectory: stateDirectory, poll: .seconds(1),
            chargers: wallboxes.enumerated().map { index, wallbox in
                AgentConfiguration.Charger(
                    id: wallbox.id, profile: wallbox.profile,
                    address: .tcp(.init(host: "127.0.0.1", port: ports[index])),
                    unit: units[index], maxCurrent: maxCurrent, safeCurrent: .pilotMinimum,
                    phases: wallbox.phases, vendor: wallbox.vendor, model: wallbox.model,
                    user: nil, isSimulated: true)
            })
    }
}

/// Pushes the first `charge` of the demo, as a client would, once the wallbox answers.
struct DemoOpening: Service {
    let agent: Agent
    let log: Logger

    /// How often it looks whether the wallbox has answered, and how often at most.
    private static let look = Duration.milliseconds(50)
    private static let looks = 200

    func run() async throws {
        await cancelWhenGracefulShutdown { await open() }
        do {
            try await gracefulShutdown()
        } catch {
            // Cancelled instead: nothing to end.
        }
    }

    private func open() async {
        for _ in 0..<Self.looks {
            do {
                if agent.view[DemoScene.first]?.snapshot.lastPoll != nil {
                    _ = try await agent.push(
                        ActionRequest(
                            charger: DemoScene.first, command: .charge,
                            onConflict: .cancelAndReplace))
                    return
                }
                try await Task.sleep(for: Self.look)
            } catch is CancellationError {
                return
            } catch {
                log.warning("the demo's charge was not accepted: \(error)")
                return
            }
        }
        log.warning("the first wallbox does not answer; the demo's charge was not pushed")
    }
}
