import Modbus

/// Where a bus connects to: finds the addresses of its host, with one lookup at a time.
struct TCPDialer {
    let host: String
    let port: UInt16
    private var lookup: NameLookup?

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// The addresses of the host. A lookup that outlived an earlier deadline is waited for again.
    mutating func addresses(
        before deadline: Deadline, gate: LinkGate
    ) throws(ModbusError) -> [SocketAddress] {
        if let address = SocketAddress.numeric(host: host, port: port) { return [address] }
        let lookup: NameLookup
        if let pending = self.lookup {
            lookup = pending
        } else {
            do {
                lookup = try NameLookup(host: host, port: port)
            } catch {
                throw .connectionLost(errno: error.code)
            }
        }
        self.lookup = lookup
        defer { if lookup.isFinished { self.lookup = nil } }
        return try lookup.addresses(before: deadline, gate: gate)
    }
}
