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
    static func tcp() throws(ModbusError) -> LibmodbusContext {
        try LibmodbusContext(modbus_new_tcp("127.0.0.1", MODBUS_TCP_DEFAULT_PORT))
    }

    /// A context for RTU frames on a serial port, which ``connect()`` opens and sets, or on a socket
    /// that it gets through ``adopt(_:)``.
    ///
    /// It is never told a unit: with one, libmodbus 3.1.6 looks at the unit of a frame before it
    /// looks at its checksum.
    static func rtu(
        device: String, _ settings: SerialSettings
    ) throws(ModbusError) -> LibmodbusContext {
        let parity: Character =
            switch settings.parity {
            case .none: "N"
            case .even: "E"
            case .odd: "O"
            }
        return try LibmodbusContext(
            modbus_new_rtu(
                device, Int32(settings.baud), CChar(bitPattern: parity.asciiValue ?? 0),
                Int32(settings.dataBits), Int32(settings.stopBits)))
    }

    private init(_ made: OpaquePointer?) throws(ModbusError) {
        guard let context = made else { throw .connectionLost(errno: errno) }
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

    /// Opens the serial port and sets it.
    func connect() throws(SystemError) {
        guard modbus_connect(context) == 0 else { throw SystemError(code: errno) }
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
        case checksum
    }

    /// Receives one frame into `buffer`, which holds at least ``receiveCapacity`` bytes.
    ///
    /// - Returns: The length of the frame; 0 for an RTU frame, whose length its head tells.
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
        case Self.badChecksum: throw .checksum
        case let code: throw .connectionLost(errno: code)
        }
    }

    /// `EMBBADCRC`, a macro that Swift does not import.
    private static let badChecksum =
        Int32(MODBUS_ENOBASE) + Int32(MODBUS_EXCEPTION_GATEWAY_TARGET) + 1

    /// `EMBBADDATA`, a macro that Swift does not import.
    private static let badData =
        Int32(MODBUS_ENOBASE) + Int32(MODBUS_EXCEPTION_GATEWAY_TARGET) + 2
}
