import Glibc
import Modbus

/// Modbus TCP through libmodbus: one link to one host, on one thread.
///
/// This target owns the libmodbus context and the bytes on the wire. It decides nothing: when to open,
/// what to ask, whether to try again is the driver's business. It never repeats a request and never
/// reconnects by itself.
///
/// Coils and discrete inputs take the same way as registers. `modbus_read_bits` and what else calls
/// `read_io_status` is never used: in libmodbus 3.1.6 a wrong byte count overflows the heap there.
///
/// An actor method here blocks its thread and has no suspension point, so that calls are carried out
/// one after the other, completely, in the order of their arrival (requirement R23). Cancelling a
/// task does not interrupt its transaction: the answer would stay on the wire for the next one.
///
/// | link   | `open`             | `perform`                                    | `close` |
/// |--------|--------------------|----------------------------------------------|---------|
/// | closed | open, or error     | `.connectionLost(ENOTCONN)`                  | closed  |
/// | open   | closed, then open  | answer or exception: open; other error: closed | closed  |
///
/// After `shutDown()` everything ends with `.busShutDown`.
///
/// Timeouts of 0.2 s to 10 s are meant for real devices; tests may use shorter ones.
package actor LibmodbusTCPBus: ModbusBus {
    private let reconnectFloor: Duration
    private let thread: BusThread
    private let taskExecutor: BusTaskExecutor
    private let gate = LinkGate()
    private let pulse = BusPulse()

    private var context: LibmodbusContext?
    private var dialer: TCPDialer
    private var nextConnect = Deadline(nanoseconds: 0)
    private var transactionID: UInt16 = 0
    private var buffer = [UInt8](repeating: 0, count: LibmodbusContext.receiveCapacity)

    /// Describes a bus; nothing is opened or started.
    ///
    /// - Parameters:
    ///   - host: A name, or a numeric IPv4 or IPv6 address.
    ///   - reconnectFloor: The shortest time between two connection attempts. There are wallboxes
    ///     whose TCP stack does not survive more than one a second.
    package init(host: String, port: UInt16, reconnectFloor: Duration = .seconds(1)) {
        dialer = TCPDialer(host: host, port: port)
        self.reconnectFloor = reconnectFloor
        thread = BusThread(name: "modbus:\(port)")
        taskExecutor = BusTaskExecutor(thread: thread)
    }

    deinit { thread.end() }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    package nonisolated var preferredExecutor: (any TaskExecutor)? { taskExecutor }

    /// Whether the bus thread is idle or has not passed its deadline by more than `grace`.
    ///
    /// A silent wallbox leaves this true; it turns false when the thread itself hangs.
    package nonisolated func isResponsive(grace: Duration = .milliseconds(500)) -> Bool {
        pulse.isBeating(grace: grace)
    }

    // MARK: - The port

    /// Opens the link, closing an open one first.
    ///
    /// An attempt within the reconnect floor first waits until the floor has passed; the timeout
    /// counts from there.
    ///
    /// - Parameter timeout: Bounds name resolution and connecting together.
    /// - Throws: `.timeout`; `.busShutDown`; or `.connectionLost`, where `ENXIO` says that the name
    ///   is not known and `EMFILE` that the process has too many files open.
    package func open(timeout: Duration) async throws(ModbusError) {
        closeLink()
        guard !gate.isShutDown else { throw .busShutDown }
        pulse.begin(Deadline(after: reconnectFloor + timeout))
        defer { pulse.end() }
        do {
            try gate.pause(until: nextConnect)
        } catch {
            throw .connectionLost(errno: error.code)
        }
        let deadline = Deadline(after: timeout)
        let context = try makeContext()
        let addresses = try dialer.addresses(before: deadline, gate: gate)
        nextConnect = Deadline(after: reconnectFloor)
        context.adopt(
            try TCPConnector.connect(toFirstOf: addresses, before: deadline, gate: gate))
    }

    package func close() async {
        closeLink()
    }

    /// Sends one request and waits for the answer that provably belongs to it.
    ///
    /// A request that no unit may accept (0 registers or coils, or more than the specification allows) is
    /// not sent; it ends as a conforming unit would end it, with exception 3.
    package func perform(
        _ request: ModbusRequest, timeout: Duration
    ) async throws(ModbusError) -> ModbusResponse {
        guard !gate.isShutDown else { throw .busShutDown }
        guard request.operation.isWithinLimits else { throw .exception(.illegalDataValue) }
        guard let context, let descriptor = context.descriptor else {
            throw .connectionLost(errno: ENOTCONN)
        }
        let deadline = Deadline(after: timeout)
        pulse.begin(deadline)
        defer { pulse.end() }
        do {
            let socket = LinkSocket(descriptor: descriptor)
            return try transact(request, on: context, socket, before: deadline)
        } catch {
            if error.requiresReopening { closeLink() }
            throw gate.isShutDown ? .busShutDown : error
        }
    }

    // MARK: - Ending

    /// Ends the bus for good: interrupts what is under way, closes the link and ends the thread.
    ///
    /// Everything pending and everything later ends with `.busShutDown`. Shutting down twice does
    /// nothing more.
    package nonisolated func shutDown() async {
        gate.shutDown()
        await close()
        await thread.ended()
    }

    // MARK: - One transaction

    private func transact(
        _ request: ModbusRequest, on context: LibmodbusContext, _ socket: LinkSocket,
        before deadline: Deadline
    ) throws(ModbusError) -> ModbusResponse {
        try socket.expectSilence()
        transactionID &+= 1
        try socket.send(
            TCPFrame.encode(request, transactionID: transactionID), before: deadline)
        let length: Int
        do {
            length = try context.receive(into: &buffer, before: deadline)
        } catch {
            switch error {
            case .timeout: throw .timeout
            case .connectionLost(let errno): throw .connectionLost(errno: errno)
            case .checksum: throw .malformed(.checksum)
            case .tooLong:
                throw TCPFrame.fault(
                    inHead: buffer[...], to: request, transactionID: transactionID)
            }
        }
        return try TCPFrame.decode(
            buffer.prefix(length), to: request, transactionID: transactionID)
    }

    private func makeContext() throws(ModbusError) -> LibmodbusContext {
        if let context { return context }
        let made = try LibmodbusContext.tcp()
        context = made
        return made
    }

    private func closeLink() {
        gate.withdraw()
        context?.close()
    }
}
