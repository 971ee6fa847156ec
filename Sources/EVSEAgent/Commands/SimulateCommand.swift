import AgentRuntime
import ArgumentParser
import ChargeModel
import DeviceProfiles
import Logging
import Modbus
import WallboxModel
import WallboxServer

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs one simulated wallbox as a Modbus server, over TCP or on a serial line.",
        discussion: """
            DEVICE is a profile, see evse-agent devices. With --control the vehicle can be plugged \
            and unplugged and the truth be read over HTTP: GET /, GET /writes, POST /plug, \
            POST /unplug, POST /vehicle, POST /reboot, POST /fault. With --serial pty it makes a \
            pseudo-terminal and prints its path, which evse-agent run opens like a serial port. With \
            --fault it is broken from the start: --fault delay:milliseconds=1500,share=10,seed=7
            """)

    @Argument(help: "The device profile to behave like.")
    var device: String?

    @Option(help: "Where to serve Modbus TCP; port 0 lets the system choose.")
    var listen = ListenAddress(host: "127.0.0.1", port: 1502)

    @Option(help: "How frames look over TCP: tcp, or rtu as some gateways pass them on.")
    var framing = SimulatedWallboxServer.Framing.tcp

    @Flag(help: "Refuse a second TCP client as long as the first is connected.")
    var singleClient = false

    @OptionGroup(title: "Serial line") var serialOptions: SerialOptions

    @Option(help: "Where to serve the control endpoint: 127.0.0.1:PORT.")
    var control: ListenAddress?

    @Option(help: "The unit id to answer as; without it the profile's.")
    var unit: UInt8?

    @Option(help: "Which connector of a station with several to be.")
    var connector = 1

    @Option(help: "The serial number to show.")
    var serialNumber = "10000001"

    @OptionGroup(title: "Map") var mapOptions: MapOptions
    @OptionGroup(title: "Faults") var faultOptions: FaultOptions
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
        guard device != nil || faultOptions.listFaults else {
            throw ValidationError("name a device profile; evse-agent devices lists them")
        }
        _ = try faultOptions.orders()
        if let control, !control.isLoopback {
            throw ValidationError(
                "the control endpoint asks for no key: it listens on loopback only")
        }
    }

    func run() async throws {
        guard let device, !faultOptions.listFaults else { return print(FaultOptions.list) }
        let log = logOptions.logger("wallbox")
        let profile = try selected(deviceOptions.catalog().profile(named: device))
        var options = try mapOptions.wallboxOptions(profile)
        options.serial = serialNumber
        options.energyScale = timeOptions.timeScale
        let clock: any AgentClock =
            timeOptions.isGiven
            ? try timeOptions.clock(in: nil) : SystemClock(trust: .trusted)
        if let name = serialOptions.serial {
            let wallbox = SimulatedWallbox(
                profile: profile, options: options, unit: unit, at: clock.now().monotonic)
            return try await runOnLine(named: name, wallbox, clock: clock, log: log)
        }
        let simulation = try await Simulation(
            profile, options: options, unit: unit, listen: listen,
            manner: Simulation.Manner(framing: framing, isSingleClient: singleClient),
            controlPort: control?.port,
            vehicle: vehicleOptions.plugged ? vehicleOptions.vehicle : nil,
            clock: clock, log: log
        ) { port in
            tell("control endpoint at http://127.0.0.1:\(port)")
        }
        try await faultOptions.apply(to: simulation.server)
        let unit = unit ?? profile.link.unit
        let scheme = framing == .tcp ? "tcp" : "rtu+tcp"
        let address = "\(scheme)://\(listen.host):\(simulation.server.port)"
        tell("simulated \(profile.title) at \(address)?unit=\(unit)")
        try await ServiceRunner.run(simulation.services, log: log)
    }

    private func runOnLine(
        named name: String, _ wallbox: SimulatedWallbox, clock: any AgentClock, log: Logger
    ) async throws {
        var wallbox = wallbox
        if vehicleOptions.plugged {
            wallbox.plug(vehicleOptions.vehicle, at: clock.now().monotonic)
        }
        let settings = serialOptions.settings(for: wallbox.profile)
        let simulation = try await SerialSimulation(
            wallbox, on: name == "pty" ? .pseudoTerminal : .device(name, settings),
            controlPort: control?.port, clock: clock, log: log
        ) { port in
            tell("control endpoint at http://127.0.0.1:\(port)")
        }
        try await faultOptions.apply(to: simulation.front)
        let query =
            "unit=\(wallbox.unit)&baud=\(settings.baud)&parity=\(settings.parity.rawValue)&stop=\(settings.stopBits)"
        tell("simulated \(wallbox.profile.title) at serial://\(simulation.line.path)?\(query)")
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
