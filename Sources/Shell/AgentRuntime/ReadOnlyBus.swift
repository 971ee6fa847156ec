import Logging
import Modbus

/// A bus that no write passes. The driver of a read-only agent plans none; this is for the case that
/// it is wrong.
struct ReadOnlyBus: ModbusBus {
    let bus: any ModbusBus
    let log: Logger

    func open(timeout: Duration) async throws(ModbusError) {
        try await bus.open(timeout: timeout)
    }

    func close() async {
        await bus.close()
    }

    func perform(
        _ request: ModbusRequest, timeout: Duration
    ) async throws(ModbusError) -> ModbusResponse {
        guard !request.operation.isWrite else {
            log.critical("read-only: \(request) was stopped; this is a mistake in the agent")
            throw .exception(.illegalFunction)
        }
        return try await bus.perform(request, timeout: timeout)
    }

    func shutDown() async {
        await bus.shutDown()
    }

    var preferredExecutor: (any TaskExecutor)? { bus.preferredExecutor }
}
