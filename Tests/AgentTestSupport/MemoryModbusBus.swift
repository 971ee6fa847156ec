import Modbus

/// A ``ModbusBus`` without a wire: the unit behind it does what it is told, at once.
///
/// Passes ``ModbusBusContract`` like the real adapter. A timeout takes no time.
package actor MemoryModbusBus: ModbusBus {
    private var situation = ModbusBusContract.Situation.answering
    private var isOpen = false
    private var isShutDown = false
    /// What was asked so far while the link was open.
    package private(set) var requests: [ModbusRequest] = []
    /// How often the link was opened.
    package private(set) var openings = 0

    package init() {}

    package func behave(_ situation: ModbusBusContract.Situation) {
        self.situation = situation
    }

    package func open(timeout: Duration) async throws(ModbusError) {
        isOpen = false
        guard !isShutDown else { throw .busShutDown }
        guard situation != .absent else { throw .timeout }
        isOpen = true
        openings += 1
    }

    package func close() async {
        isOpen = false
    }

    package func shutDown() async {
        isOpen = false
        isShutDown = true
    }

    package func perform(
        _ request: ModbusRequest, timeout: Duration
    ) async throws(ModbusError) -> ModbusResponse {
        guard !isShutDown else { throw .busShutDown }
        // The number that Linux gives to ENOTCONN.
        guard isOpen else { throw .connectionLost(errno: 107) }
        guard case .success = PDU.decodeRequest(PDU.encode(request.operation)) else {
            throw .exception(.illegalDataValue)
        }
        requests.append(request)
        switch situation {
        case .answering: return RegisterPattern.response(to: request)
        case .refusing(let exception): throw .exception(exception)
        case .silent, .absent:
            isOpen = false
            throw .timeout
        }
    }
}
