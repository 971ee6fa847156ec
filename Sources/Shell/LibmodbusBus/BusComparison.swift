import CLibmodbus
import Glibc
import Modbus

/// What a bus on its own thread costs: the same read through ``LibmodbusTCPBus`` and through plain
/// libmodbus on the calling thread, turn and turn about in one run.
package enum BusComparison {
    /// The times of one side, in nanoseconds.
    package struct Figures: Hashable, Sendable {
        package let medianNanoseconds: Int64
        package let p99Nanoseconds: Int64

        init(_ samples: [Int64]) {
            let sorted = samples.sorted()
            medianNanoseconds = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
            p99Nanoseconds = sorted.isEmpty ? 0 : sorted[sorted.count * 99 / 100]
        }
    }

    package struct Result: Hashable, Sendable {
        package let plain: Figures
        package let bus: Figures

        /// What the bus adds in the middle.
        package var addedMedianNanoseconds: Int64 {
            bus.medianNanoseconds - plain.medianNanoseconds
        }
    }

    /// Reads one holding register `rounds` times each way.
    ///
    /// Both sides read on the bus thread, which is where the agent's own loop runs.
    ///
    /// - Parameter host: A numeric IPv4 address; the server must accept two connections at once.
    /// - Throws: ``ModbusError`` of the first read that fails.
    package static func run(
        host: String, port: UInt16, unit: UInt8, address: UInt16, rounds: Int
    ) async throws -> Result {
        let bus = LibmodbusTCPBus(host: host, port: port, reconnectFloor: .zero)
        let outcome: Swift.Result<Result, any Error>
        do {
            let plain = try PlainReader(host: host, port: port, unit: unit, address: address)
            try await bus.open(timeout: .seconds(1))
            let request = ModbusRequest(
                unit: unit, operation: .readHoldingRegisters(address: address, count: 1))
            outcome = .success(
                try await withTaskExecutorPreference(bus.preferredExecutor) {
                    try await measure(plain, bus, request, rounds: rounds)
                })
        } catch {
            outcome = .failure(error)
        }
        await bus.shutDown()
        return try outcome.get()
    }

    private static func measure(
        _ plain: PlainReader, _ bus: LibmodbusTCPBus, _ request: ModbusRequest, rounds: Int
    ) async throws -> Result {
        let warmUp = min(rounds, 100)
        var plainTimes: [Int64] = []
        var busTimes: [Int64] = []
        for round in 0..<(warmUp + rounds) {
            let start = Deadline.now
            try plain.read()
            let middle = Deadline.now
            _ = try await bus.perform(request, timeout: .seconds(1))
            let end = Deadline.now
            guard round >= warmUp else { continue }
            plainTimes.append(middle - start)
            busTimes.append(end - middle)
        }
        return Result(plain: Figures(plainTimes), bus: Figures(busTimes))
    }
}

/// `modbus_read_registers` as a C program would call it.
private final class PlainReader {
    private let context: OpaquePointer
    private let address: Int32

    init(host: String, port: UInt16, unit: UInt8, address: UInt16) throws(ModbusError) {
        guard let context = modbus_new_tcp(host, Int32(port)) else {
            throw .connectionLost(errno: errno)
        }
        self.context = context
        self.address = Int32(address)
        modbus_set_slave(context, Int32(unit))
        guard modbus_connect(context) == 0 else { throw .connectionLost(errno: errno) }
    }

    deinit {
        modbus_close(context)
        modbus_free(context)
    }

    func read() throws(ModbusError) {
        var word: UInt16 = 0
        guard modbus_read_registers(context, address, 1, &word) == 1 else {
            throw .connectionLost(errno: errno)
        }
    }
}
