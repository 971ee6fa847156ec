import LibmodbusBus
import Modbus

/// Makes the bus at an address.
enum BusFactory {
    /// - Parameters:
    ///   - line: How a serial line is set.
    ///   - gap: The least time between two requests.
    ///   - reconnectFloor: Zero where the line engine keeps attempts to connect apart.
    static func bus(
        at address: BusAddress, line: LineSettings?, gap: Duration,
        reconnectFloor: Duration = .zero
    ) -> any ModbusBus {
        var timing = LibmodbusRTUBus.Timing()
        timing.requestGap = gap
        timing.reconnectFloor = reconnectFloor
        switch address {
        case .tcp(let address):
            return LibmodbusTCPBus(
                host: address.host, port: UInt16(address.port), reconnectFloor: reconnectFloor)
        case .gateway(let address):
            return LibmodbusRTUBus(
                .tcp(host: address.host, port: UInt16(address.port)), timing: timing)
        case .serial(let path):
            let port = SerialPort(
                path: path, settings: line?.serial ?? SerialSettings(),
                direction: line?.direction ?? .off)
            return LibmodbusRTUBus(.serial(port), timing: timing)
        }
    }
}
