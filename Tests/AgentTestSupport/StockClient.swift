import CLibmodbus
import Glibc
import Modbus

/// libmodbus as many programs use it: one context with the defaults of the library (0.5 s for the answer
/// and 0.5 s from byte to byte, no recovery), and no check beyond the library's own.
///
/// It never asks for coils: there version 3.1.6 overruns its buffer on a wrong byte count.
package final class StockClient: Sendable {
    package enum Outcome: Hashable, Sendable {
        case answered(ModbusResponse)
        case failed(errno: Int32)
    }

    private struct State: Sendable {
        /// The address of the context, which is used inside the lock alone.
        let address: UInt
        var isConnected = false

        var context: OpaquePointer {
            guard let context = OpaquePointer(bitPattern: address) else {
                preconditionFailure("a libmodbus context is never at 0")
            }
            return context
        }
    }

    private let state: Locked<State>

    /// A client of a server on 127.0.0.1.
    package convenience init(port: UInt16) {
        self.init(modbus_new_tcp("127.0.0.1", Int32(port)))
    }

    /// A client on a serial line.
    package convenience init(path: String) {
        self.init(modbus_new_rtu(path, 115_200, CChar(78), 8, 1))
    }

    private init(_ context: OpaquePointer?) {
        guard let context else { preconditionFailure("no libmodbus context (errno \(errno))") }
        state = Locked(State(address: UInt(bitPattern: context)))
    }

    deinit {
        state.withLock { state in
            modbus_close(state.context)
            modbus_free(state.context)
        }
    }

    /// Runs a body on a thread of its own: the library blocks.
    package static func onThread<Result: Sendable>(
        _ body: @escaping @Sendable () -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            TestThread.start { continuation.resume(returning: body()) }
        }
    }

    /// - Returns: False when it could not connect.
    @discardableResult
    package func connect() -> Bool {
        state.withLock { state in
            if state.isConnected { modbus_close(state.context) }
            state.isConnected = modbus_connect(state.context) == 0
            return state.isConnected
        }
    }

    package func perform(_ request: ModbusRequest) -> Outcome {
        state.withLock { Self.perform(request, on: $0.context) }
    }

    private static func perform(_ request: ModbusRequest, on context: OpaquePointer) -> Outcome {
        modbus_set_slave(context, Int32(request.unit))
        let address = Int32(request.operation.address)
        let count = Int32(request.operation.count)
        var words = [UInt16](repeating: 0, count: 256)
        let result: Int32
        switch request.operation {
        case .readHoldingRegisters: result = modbus_read_registers(context, address, count, &words)
        case .readInputRegisters:
            result = modbus_read_input_registers(context, address, count, &words)
        case .writeSingleRegister(_, let value):
            result = modbus_write_register(context, address, value)
        case .writeMultipleRegisters(_, let values):
            result = modbus_write_registers(context, address, count, values)
        case .readCoils, .readDiscreteInputs, .writeSingleCoil:
            preconditionFailure("the stock client is asked for registers only")
        }
        guard result >= 0 else { return .failed(errno: errno) }
        guard !request.operation.isWrite else { return .answered(.written) }
        return .answered(.registers(Array(words.prefix(Int(result)))))
    }
}

/// How the requests of a stock client ended.
package struct StockTally: Sendable, CustomStringConvertible {
    package var answered = 0
    package var wrong = 0
    package var failed = 0

    package init() {}

    package var total: Int { answered + wrong + failed }
    package var description: String { "\(answered) answered, \(wrong) wrong, \(failed) failed" }

    package static func += (left: inout StockTally, right: StockTally) {
        left.answered += right.answered
        left.wrong += right.wrong
        left.failed += right.failed
    }

    /// Asks so many requests of a peer that holds ``RegisterPattern``, as a plain program does it: an
    /// error is noted, and a connection that has ended is made again.
    package static func run(
        _ count: Int, on client: StockClient, next: () -> ModbusRequest
    ) -> StockTally {
        var tally = StockTally()
        client.connect()
        for _ in 0..<count {
            let request = next()
            switch client.perform(request) {
            case .answered(let response) where response == RegisterPattern.response(to: request):
                tally.answered += 1
            case .answered: tally.wrong += 1
            case .failed(let code):
                tally.failed += 1
                if [ECONNRESET, EPIPE, EBADF, ENOTCONN, ECONNREFUSED, EIO].contains(code) {
                    client.connect()
                }
            }
        }
        return tally
    }
}
