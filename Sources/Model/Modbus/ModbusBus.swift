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
    /// After an error that ``ModbusError/closesLink(_:)`` with this bus's ``recovery`` the link is
    /// closed.
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

    /// How it makes sure that no late frame is taken for a later answer (requirement R6).
    var recovery: LinkRecovery { get }

    /// Where a task that calls the bus all the time runs best: it then changes threads neither to
    /// begin a transaction nor to go on after it. Nil when it makes no difference.
    ///
    /// While a transaction is under way, nothing else runs there.
    var preferredExecutor: (any TaskExecutor)? { get }
}

/// What becomes of a link after an answer that did not come, or was not the right one.
package enum LinkRecovery: Hashable, Codable, Sendable {
    /// It is closed: a late frame dies with the connection.
    case reopen
    /// It stays open for the other units: the adapter itself tells late frames from answers.
    case resume
}

extension ModbusBus {
    package var recovery: LinkRecovery { .reopen }
    package var preferredExecutor: (any TaskExecutor)? { nil }
}
