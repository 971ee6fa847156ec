/// The port to one bus: a TCP connection or a serial line, with one request outstanding at most.
///
/// The core decides when to open, close and ask; an adapter only does. An adapter never reconnects,
/// repeats or queues by itself.
package protocol ModbusBus: Sendable {
    /// Opens the link, closing an open one first.
    ///
    /// - Parameter timeout: An absolute bound on the attempt, 0.2 s to 10 s.
    func open(timeout: Duration) async throws(ModbusError)

    /// Closes the link; closing a closed link does nothing.
    func close() async

    /// Sends one request and waits for the answer that provably belongs to it.
    ///
    /// After an error whose ``ModbusError/requiresReopening`` is true the link is closed.
    ///
    /// - Parameter timeout: An absolute bound on the whole transaction, 0.2 s to 10 s.
    func perform(
        _ request: ModbusRequest, timeout: Duration
    ) async throws(ModbusError) -> ModbusResponse

    /// Ends the bus for good: interrupts what is under way.
    ///
    /// Everything pending and everything later ends with ``ModbusError/busShutDown``. Shutting down
    /// twice does nothing more.
    func shutDown() async

    /// Where a task that calls the bus all the time runs best: it then changes threads neither to
    /// begin a transaction nor to go on after it. Nil when it makes no difference.
    ///
    /// While a transaction is under way, nothing else runs there.
    var preferredExecutor: (any TaskExecutor)? { get }
}

extension ModbusBus {
    package var preferredExecutor: (any TaskExecutor)? { nil }
}
