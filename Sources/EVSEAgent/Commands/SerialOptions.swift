import ArgumentParser
import DeviceProfiles
import Modbus
import WallboxServer

extension SimulatedWallboxServer.Framing: ExpressibleByArgument {}
extension SerialSettings.Parity: ExpressibleByArgument {}

/// On which serial line a simulated wallbox is, and how that is set.
struct SerialOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Serve RTU on this serial port instead of TCP; pty makes a pseudo-terminal.",
            valueName: "path"))
    var serial: String?

    @Option(help: "Bits a second; without it the profile's, else 9600.")
    var baud: Int?

    @Option(help: "none, even or odd; without it the profile's, else none.")
    var parity: SerialSettings.Parity?

    @Option(help: "Stop bits, 1 or 2; without it the profile's, else 1.")
    var stop: Int?

    func settings(for profile: DeviceProfile) -> SerialSettings {
        var settings = profile.link.serial ?? SerialSettings()
        settings.baud = baud ?? settings.baud
        settings.parity = parity ?? settings.parity
        settings.stopBits = stop ?? settings.stopBits
        return settings
    }

    func validate() throws {
        if let baud, !SerialSettings.bauds.contains(baud) {
            let known = SerialSettings.bauds.map(String.init).joined(separator: ", ")
            throw ValidationError("--baud is one of \(known)")
        }
        if let stop, !SerialSettings.stopBitCounts.contains(stop) {
            throw ValidationError("--stop is 1 or 2")
        }
    }
}
