import AgentRuntime
import ArgumentParser
import ChargeModel
import DeviceProfiles
import WallboxModel
import WallboxServer

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs one simulated wallbox as a Modbus TCP server.",
        discussion: """
            DEVICE is a profile, see evse-agent devices. With --control the vehicle can be plugged \
            and unplugged and the truth be read over HTTP: GET /, GET /writes, POST /plug, \
            POST /unplug, POST /vehicle, POST /reboot, POST /fault.
            """)

    @Argument(help: "The device profile to behave like.")
    var device: String

    @Option(help: "Where to serve Modbus TCP; port 0 lets the system choose.")
    var listen = ListenAddress(host: "127.0.0.1", port: 1502)

    @Option(help: "Where to serve the control endpoint: 127.0.0.1:PORT.")
    var control: ListenAddress?

    @Option(help: "The unit id to answer as; without it the profile's.")
    var unit: UInt8?

    @Option(help: "Which connector of a station with several to be.")
    var connector = 1

    @Option(help: "The serial number to show.")
    var serial = "10000001"

    @OptionGroup(title: "Vehicle") var vehicleOptions: VehicleOptions
    @OptionGroup(title: "Simulated time") var timeOptions: TimeOptions
    @OptionGroup var deviceOptions: DeviceOptions
    @OptionGroup var logOptions: LogOptions

    struct VehicleOptions: ParsableArguments {
        @Flag(help: "Plug a vehicle in from the start.")
        var plugged = false

        @Option(help: "Phases of its on-board charger, 1 to 3.")
        var vehiclePhases = 3

        @Option(help: "The most that it draws from each phase, in amperes.")
        var vehicleCurrent = 16

        @Option(help: "The most that it draws in all, in watts.")
        var vehiclePower: Int?

        @Option(help: "Its battery, in watt-hours; without it, it is never full.")
        var batteryCapacity: Int?

        @Option(help: "What is in its battery, in watt-hours.")
        var batteryCharge = 0

        var vehicle: Vehicle {
            Vehicle(
                phases: vehiclePhases, maximumCurrent: .amperes(vehicleCurrent),
                maximumPower: vehiclePower.map { Watts($0) },
                battery: batteryCapacity.map {
                    Battery(capacity: WattHours($0), charge: WattHours(batteryCharge))
                })
        }

        func validate() throws {
            if let complaint = vehicle.complaint { throw ValidationError(complaint) }
        }
    }

    func validate() throws {
        if let control, !control.isLoopback {
            throw ValidationError(
                "the control endpoint asks for no key: it listens on loopback only")
        }
    }

    func run() async throws {
        let log = logOptions.logger("wallbox")
        let profile = try selected(deviceOptions.catalog().profile(named: device))
        var options = WallboxOptions()
        options.serial = serial
        options.energyScale = timeOptions.timeScale
        let clock: any AgentClock =
            timeOptions.isGiven
            ? try timeOptions.clock(in: nil) : SystemClock(trust: .trusted)
        let simulation = try await Simulation(
            profile, options: options, unit: unit, listen: listen, controlPort: control?.port,
            vehicle: vehicleOptions.plugged ? vehicleOptions.vehicle : nil,
            clock: clock, log: log
        ) { port in
            tell("control endpoint at http://127.0.0.1:\(port)")
        }
        let unit = unit ?? profile.link.unit
        tell(
            "simulated \(profile.title) at tcp://\(listen.host):\(simulation.server.port)?unit=\(unit)"
        )
        try await ServiceRunner.run(simulation.services, log: log)
    }

    private func selected(_ profile: DeviceProfile) throws -> DeviceProfile {
        guard 1...profile.connectorCount ~= connector else {
            throw CommandFailure(
                "there is no connector \(connector): \(profile.id) has \(profile.connectorCount)")
        }
        return profile.selecting(connector: connector)
    }
}
