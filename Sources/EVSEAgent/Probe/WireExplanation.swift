import Glibc
import LibmodbusBus
import Modbus

/// What is wrong on the way to a wallbox, in words: what was seen, and what to do.
enum WireExplanation {
    /// Why no connection came about.
    static func ofConnecting(to address: String, _ error: ModbusError) -> String {
        switch error {
        case .timeout:
            """
            nothing answers at \(address): the address is wrong, the wallbox is off, or something \
            between drops the packets. Look the address up in your router, and ping it
            """
        case .connectionLost(errno: ECONNREFUSED):
            """
            \(address) refuses the connection: the computer is there and nothing listens on the port. \
            Switch Modbus TCP on in the wallbox (web page, app or DIP switch), or check the port
            """
        case .connectionLost(errno: EHOSTUNREACH), .connectionLost(errno: ENETUNREACH):
            """
            there is no way to \(address): it is not in this network, or off. Check the address and \
            the cable
            """
        case .connectionLost(errno: ENXIO):
            "the name in \(address) is not known. Use the wallbox's IP address"
        case .connectionLost(errno: EAGAIN):
            "no name server answers for \(address). Use the wallbox's IP address"
        case .connectionLost(errno: ECONNRESET), .connectionLost(errno: EPIPE):
            """
            \(address) resets the connection at once: many wallboxes serve one Modbus client, and \
            another has it. Stop the other (a second agent, an energy manager, an app), or wait for a \
            minute until the wallbox has let go of the old one
            """
        case .connectionLost(let errno):
            "no connection to \(address): \(String(cString: strerror(errno)))"
        case .portUnusable(let reason): reason
        case .exception, .malformed, .busShutDown:
            "no connection to \(address): \(error)"
        }
    }

    /// Why nobody answers on a line with RTU frames.
    static func ofSilence(on address: BusAddress, units: [UInt8]) -> String {
        let asked = units.map { "\($0)" }.joined(separator: ", ")
        let setting =
            address.isSerial ? "baud, parity and stop bits" : "how the gateway's line is set"
        return """
            unit \(asked) \(units.count == 1 ? "does" : "do") not answer on \(address). Check the unit \
            id (?unit=N), \(setting) against the wallbox's settings, that A and B are not swapped, and \
            that no other master is on the line
            """
    }

    /// Why a connection brings no answer.
    static func ofSilence(_ dialect: WireDialect, units: [UInt8], address: String) -> String {
        let asked = units.map { "\($0)" }.joined(separator: ", ")
        switch dialect {
        case .http:
            return """
                \(address) is a web page (HTTP), not Modbus. Modbus TCP has port 502 on most \
                wallboxes; it may have to be switched on first
                """
        case .tls:
            return "\(address) speaks TLS, not Modbus. Modbus TCP has port 502 on most wallboxes"
        case .ssh:
            return "\(address) is an SSH server, not Modbus. Check the address and the port"
        case .modbusRTU:
            return """
                \(address) answers with Modbus RTU frames inside TCP: a gateway in transparent mode. \
                Connect with rtu+tcp:// instead of tcp://, or switch the gateway to Modbus TCP
                """
        case .closes:
            return """
                \(address) accepts the connection and closes it: many wallboxes serve one Modbus \
                client, and another has it. Stop the other, or wait for a minute
                """
        case .silent, .modbusTCP:
            return """
                \(address) is connected and unit \(asked) \(units.count == 1 ? "does" : "do") not \
                answer. The unit id may be another (?unit=N; see the wallbox's settings), Modbus may \
                have to be permitted there, or another client keeps it busy
                """
        case .unknown(let bytes):
            let hex = bytes.map { String(Int($0) + 0x100, radix: 16).suffix(2) }
            return "\(address) answers, and not in Modbus. It begins: \(hex.joined(separator: " "))"
        }
    }
}
