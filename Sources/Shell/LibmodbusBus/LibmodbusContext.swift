import CLibmodbus
import Glibc
import Modbus

/// A libmodbus context in its proper settings: no recovery of its own, one absolute deadline.
///
/// Not safe to share; it belongs to one bus actor. Frames arrive through
/// `modbus_receive_confirmation`, which finds their end; whether they are the right ones is judged
/// by the frame's own checks.
final class LibmodbusContext {
    /// Larger than any frame that libmodbus takes in (260 bytes over TCP, 256 on a serial line).
    static let receiveCapacity = Int(MODBUS_TCP_MAX_ADU_LENGTH)

    private let context: OpaquePointer

    /// A context for Modbus TCP. It gets its socket through ``adopt(_:)``; libmodbus never
    /// connects by itself, so the address given to it is of no consequence.
    ///
    /// - Throws: `.connectionLost` with `ENOMEM`.
    init() throws(ModbusError) {
        guard let context = modbus_new_tcp("127.0.0.1", MODBUS_TCP_DEFAULT_PORT) else {
            throw .connectionLost(errno: errno)
        }
        self.context = context
        modbus_set_error_recovery(context, MODBUS_ERROR_RECOVERY_NONE)
        // Without a timeout between bytes, the response timeout bounds the whole frame.
        modbus_set_byte_timeout(context, 0, 0)
    }

    deinit {
        close()
        modbus_free(context)
    }

    /// The descriptor of the open link, nil when there is none.
    var descriptor: Int32? {
        let descriptor = modbus_get_socket(context)
        return descriptor < 0 ? nil : descriptor
    }

    /// Takes over an open descriptor; the context closes it from now on.
    func adopt(_ descriptor: Int32) {
        modbus_set_socket(context, descriptor)
    }

    func close() {
        guard descriptor != nil else { return }
        modbus_close(context)
        modbus_set_socket(context, -1)
    }

    /// Why a frame could not be received.
    enum ReceiveError: Error {
        case timeout
        case connectionLost(errno: Int32)
        /// The frame announces more bytes than a frame may have; its head is in the buffer.
        case tooLong
    }

    /// Receives one frame into `buffer`, which holds at least ``receiveCapacity`` bytes.
    ///
    /// - Returns: The length of the frame.
    func receive(
        into buffer: inout [UInt8], before deadline: Deadline
    ) throws(ReceiveError) -> Int {
        let microseconds = deadline.remaining / 1_000
        guard microseconds > 0 else { throw .timeout }
        modbus_set_response_timeout(
            context, UInt32(microseconds / 1_000_000), UInt32(microseconds % 1_000_000))
        let length = modbus_receive_confirmation(context, &buffer)
        if length >= 0 { return Int(length) }
        switch errno {
        case ETIMEDOUT: throw .timeout
        case Self.badData: throw .tooLong
        case let code: throw .connectionLost(errno: code)
        }
    }

    /// `EMBBADDATA`, a macro that Swift does not import.
    private static let badData =
        Int32(MODBUS_ENOBASE) + Int32(MODBUS_EXCEPTION_GATEWAY_TARGET) + 2
}
