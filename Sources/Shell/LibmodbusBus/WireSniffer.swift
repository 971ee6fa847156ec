import Glibc
import Modbus

/// Looks at what a TCP port says when it is asked something in Modbus TCP and does not answer so: for
/// telling an installer what is there instead.
package enum WireSniffer {
    /// Connects, sends one read, and takes the first bytes of whatever comes.
    ///
    /// Blocks its thread; meant for a command that does nothing else.
    ///
    /// - Parameter timeout: For connecting, and again for the answer.
    /// - Throws: Why there is no connection.
    package static func ask(
        _ request: ModbusRequest, host: String, port: UInt16, timeout: Duration
    ) throws(ModbusError) -> WireDialect {
        let frame = TCPFrame.encode(request, transactionID: 1)
        let dialect = try ask(frame, request, host, port, timeout)
        guard dialect == .silent else { return dialect }
        // A web server waits for the end of a line. Its first bytes are no protocol id of Modbus and no
        // RTU frame with a right checksum: nothing can take them for a request.
        let isWeb = try ask(Array("HEAD / HTTP/1.0\r\n\r\n".utf8), request, host, port, timeout)
        return isWeb == .http ? .http : .silent
    }

    private static func ask(
        _ frame: [UInt8], _ request: ModbusRequest, _ host: String, _ port: UInt16,
        _ timeout: Duration
    ) throws(ModbusError) -> WireDialect {
        let gate = LinkGate()
        let deadline = Deadline(after: timeout)
        let addresses = try addresses(host, port, before: deadline, gate: gate)
        let descriptor = try TCPConnector.connect(
            toFirstOf: addresses, before: deadline, gate: gate)
        defer { close(descriptor) }
        do {
            try LinkSocket(descriptor: descriptor).send(frame, before: deadline)
        } catch .connectionLost {
            return .closes
        }
        return receive(from: descriptor, asked: request, before: Deadline(after: timeout))
    }

    private static func addresses(
        _ host: String, _ port: UInt16, before deadline: Deadline, gate: LinkGate
    ) throws(ModbusError) -> [SocketAddress] {
        if let address = SocketAddress.numeric(host: host, port: port) { return [address] }
        do {
            return try NameLookup(host: host, port: port).addresses(before: deadline, gate: gate)
        } catch let error as ModbusError {
            throw error
        } catch {
            throw .connectionLost(errno: ENXIO)
        }
    }

    /// What tells a dialect stands in its first bytes.
    private static let enough = 64

    private static func receive(
        from descriptor: Int32, asked request: ModbusRequest, before deadline: Deadline
    ) -> WireDialect {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: enough)
        while bytes.count < enough {
            do {
                guard try deadline.wait(for: Int32(POLLIN), on: descriptor) != nil else { break }
            } catch {
                break
            }
            let count = recv(descriptor, &buffer, enough - bytes.count, 0)
            guard count > 0 else { return bytes.isEmpty ? .closes : .judge(bytes, asked: request) }
            bytes += buffer.prefix(count)
            if case .unknown = WireDialect.judge(bytes, asked: request) { continue }
            break
        }
        return bytes.isEmpty ? .silent : .judge(bytes, asked: request)
    }
}

/// What somebody speaks at the other end of a TCP connection.
package enum WireDialect: Hashable, Sendable {
    case modbusTCP
    /// Modbus RTU frames, as a gateway in transparent mode passes them on.
    case modbusRTU
    case http
    case tls
    case ssh
    /// The connection is closed without a word.
    case closes
    /// Nothing came.
    case silent
    case unknown(firstBytes: [UInt8])

    /// - Parameter bytes: At least one.
    static func judge(_ bytes: [UInt8], asked request: ModbusRequest) -> WireDialect {
        let text = String(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("HTTP/") || text.hasPrefix("<") { return .http }
        if text.hasPrefix("SSH-") { return .ssh }
        // A TLS record: alert or handshake, version 3.x (RFC 8446, 5.1).
        if bytes.count >= 3, bytes[0] == 0x15 || bytes[0] == 0x16, bytes[1] == 3 { return .tls }
        if bytes.count >= 8, bytes[2] == 0, bytes[3] == 0 { return .modbusTCP }
        // An answer or an exception without a header, from this unit or another.
        let function = request.operation.functionCode
        if bytes.count >= 5, bytes[1] == function || bytes[1] == function | 0x80 {
            return .modbusRTU
        }
        return .unknown(firstBytes: Array(bytes.prefix(16)))
    }
}
