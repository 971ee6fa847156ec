import ArgumentParser
import ChargerDriver
import DeviceProfiles
import Foundation
import LibmodbusBus
import Modbus

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Finds out which wallbox is at an address, and reads every value of it.",
        discussion: """
            It reads and never writes. Without --profile it asks for what tells the known wallboxes \
            apart, each under its own unit id unless ?unit=N is given; that may take a minute where \
            unit ids do not answer. Stop a running agent first: many wallboxes serve one client.

            Exit code 0: identified and read. 1: not; what is wrong is said in words.
            """)

    @Argument(
        help: "tcp://host[:port][?unit=N], rtu+tcp://host:port or serial:///dev/...?baud=N&parity=P"
    )
    var connect: String

    @Option(help: "Read by this profile, whatever identifies the wallbox.")
    var profile: String?

    @Option(help: ArgumentHelp("Milliseconds to wait for an answer, 200 to 10000."))
    var timeout = 1_000

    @Flag(help: "Print one JSON object instead of text.")
    var json = false

    @OptionGroup var deviceOptions: DeviceOptions

    func validate() throws {
        guard 200...10_000 ~= timeout else {
            throw ValidationError("--timeout is 200 to 10000 ms, not \(timeout)")
        }
    }

    func run() async throws {
        let catalog = try deviceOptions.catalog()
        let chosen = try profile.map { try catalog.profile(named: $0) }
        let connection: WallboxConnection
        do throws(ConfigurationProblem) {
            connection = try WallboxConnection(connect)
        } catch {
            throw CommandFailure("\(error.message). \(error.remedy)")
        }
        let probe = Probe(
            address: Self.address(connection, chosen), line: try Self.line(connection, chosen),
            unit: connection.unit.map { UInt8($0) }, timeout: .milliseconds(timeout),
            tell: { if !json { tell($0) } })
        let report = await probe.run(catalog.profiles, chosen: chosen)
        print(json ? try Self.encode(report) : report.text)
        guard report.problems.isEmpty else { throw ExitCode(1) }
    }

    private static func address(
        _ connection: WallboxConnection, _ profile: DeviceProfile?
    ) -> BusAddress {
        switch connection.medium {
        case .tcp(let host, let port):
            .tcp(.init(host: host, port: port ?? Int(profile?.link.port ?? Probe.standardPort)))
        case .gateway(let host, let port): .gateway(.init(host: host, port: port))
        case .serial(let path): .serial(path: path)
        }
    }

    /// How a serial line is set; nil where there is none.
    private static func line(
        _ connection: WallboxConnection, _ profile: DeviceProfile?
    ) throws -> LineSettings? {
        guard case .serial = connection.medium else { return nil }
        guard let serial = connection.settings(delivered: profile?.link.serial) else {
            throw CommandFailure(
                """
                a serial line has to be set as the wallbox is: add \
                ?baud=9600&parity=none&stop=1, or name a profile that says it: --profile NAME
                """)
        }
        return LineSettings(serial: serial, direction: connection.direction ?? .off)
    }

    private static func encode(_ report: ProbeReport) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(report), as: UTF8.self)
    }
}
