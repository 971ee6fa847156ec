import ChargerDriver
import LibmodbusBus
import Modbus

/// Carries out the reads of a probe, one after the other, and takes their time. It never writes.
struct ProbeSession {
    private let bus: any ModbusBus
    private let timeout: Duration
    private let clock = ContinuousClock()
    private var isOpen = false

    /// What a transaction came to, and how long it took.
    typealias Outcome = (result: Result<ModbusResponse, ModbusError>, took: Duration)

    /// - Parameter timeout: For each answer, and for connecting.
    init(_ bus: any ModbusBus, timeout: Duration) {
        self.bus = bus
        self.timeout = timeout
    }

    /// - Returns: How long connecting took.
    mutating func connect() async throws(ModbusError) -> Duration {
        let start = clock.now
        try await bus.open(timeout: timeout)
        isOpen = true
        return start.duration(to: clock.now)
    }

    /// Reads, on a new connection where the last one had to be given up.
    mutating func read(_ request: ModbusRequest) async -> Outcome {
        precondition(!request.operation.isWrite, "a probe writes nothing: \(request)")
        var start = clock.now
        do throws(ModbusError) {
            if !isOpen { _ = try await connect() }
            start = clock.now
            let response = try await bus.perform(request, timeout: timeout)
            return (.success(response), start.duration(to: clock.now))
        } catch {
            if error.requiresReopening { isOpen = false }
            return (.failure(error), start.duration(to: clock.now))
        }
    }

    func end() async {
        await bus.shutDown()
    }
}
