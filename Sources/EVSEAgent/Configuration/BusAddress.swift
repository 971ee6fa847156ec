import LibmodbusBus
import Modbus

/// The bus that a wallbox is on; wallboxes with equal addresses share it.
enum BusAddress: Hashable, Sendable {
    case tcp(AgentConfiguration.SocketAddress)
    /// RTU frames over TCP, to a gateway.
    case gateway(AgentConfiguration.SocketAddress)
    case serial(path: String)
}

extension BusAddress {
    var isSerial: Bool {
        if case .serial = self { true } else { false }
    }
}

extension BusAddress: CustomStringConvertible {
    /// As the configuration writes it.
    var description: String {
        switch self {
        case .tcp(let address): "tcp://\(address)"
        case .gateway(let address): "rtu+tcp://\(address)"
        case .serial(let path): "serial://\(path)"
        }
    }
}

/// How a line is set that wallboxes share: the same for all of them.
struct LineSettings: Hashable, Sendable {
    var serial: SerialSettings
    var direction: SerialPort.Direction
}

extension LineSettings: CustomStringConvertible {
    /// Such as `9600 8N1, rs485=off`.
    var description: String { "\(serial), rs485=\(direction.rawValue)" }
}
