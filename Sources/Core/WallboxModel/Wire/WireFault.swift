import Modbus

/// What can go wrong between a wallbox that is sound and its client.
package enum WireFault: Hashable, Sendable {
    // One answer.
    /// The answer comes late.
    case delay(Duration)
    /// The answer comes byte by byte, this long apart.
    case drip(Duration)
    /// The request is carried out and not answered.
    case drop
    /// The answer comes twice.
    case duplicate
    /// The answer comes after the next one.
    case reorder
    case wrongTransactionID
    case wrongProtocolID
    /// The length field states this many bytes more than there are; RTU frames have none of these
    /// three fields.
    case wrongLength(excess: UInt16)
    /// The checksum of an RTU frame; TCP frames have none.
    case wrongChecksum
    case wrongUnit
    case wrongFunctionCode
    /// The byte count of a read is two more than there are bytes.
    case wrongByteCount
    /// A read is answered with one register, or eight coils, more than was asked for, and says so.
    case wrongRegisterCount
    /// The echo of a write names another value.
    case wrongEcho
    /// Only the first bytes of the frame come.
    case truncate(bytes: Int)
    /// Bytes that belong to nothing, before the answer.
    case garbageBefore(bytes: Int)
    /// Bytes that belong to nothing, after the answer.
    case garbageAfter(bytes: Int)
    /// The request is not carried out and refused.
    case exception(ModbusException)
    /// The request is carried out; then the connection is closed without an answer.
    case close
    /// As ``close``, with a reset.
    case reset
    /// The connection stays open, and from this request on nothing on it is read or answered.
    case halfOpen
    /// The wallbox restarts instead of carrying the request out; the connection is reset.
    case reboot

    // The whole wallbox.
    /// Nothing is read and nothing answered, on every connection: the connections stay open.
    case silence
    /// New connections are accepted and never answered; those before go on.
    case hangOnAccept
    /// The listener is closed and every connection is reset.
    case refuse
    /// One connection is served; further ones are reset as long as it is open.
    case singleClient
    /// Nothing is read and nothing answered until so long after the fault began: connections are
    /// accepted sooner than requests.
    case slowStart(Duration)

    /// Whether it concerns the wallbox as a whole, and not one answer.
    package var isStanding: Bool {
        switch self {
        case .silence, .hangOnAccept, .refuse, .singleClient, .slowStart: true
        default: false
        }
    }

    /// What is wrong with these figures, for a person; nil when nothing is.
    package var complaint: String? {
        switch self {
        case .delay(let time), .drip(let time), .slowStart(let time):
            time < .zero || time > .seconds(3600) ? "a delay is 0 s to 3600 s" : nil
        case .truncate(let bytes), .garbageBefore(let bytes), .garbageAfter(let bytes):
            1...1000 ~= bytes ? nil : "1 to 1000 bytes, not \(bytes)"
        default: nil
        }
    }
}

/// When a fault of the wire strikes.
package struct WireFaultRule: Hashable, Sendable {
    package var fault: WireFault
    /// How many of a million answers it strikes; all of them by default.
    package var perMillion: Int
    /// How often it strikes before it is over; nil for ever.
    package var count: Int?
    package var scope: Scope
    /// The first request within its scope that it may strike, counted from 1.
    package var start = 1
    /// Whether it also strikes requests to units that the wallbox is not.
    package var isForAnyUnit = false
    /// What decides which answers it strikes; nil for the seed of the plan.
    package var seed: UInt64?

    package enum Scope: String, Hashable, Sendable, CaseIterable {
        case all
        case reads
        case writes
    }

    package init(
        _ fault: WireFault, perMillion: Int = 1_000_000, count: Int? = nil, scope: Scope = .all
    ) {
        self.fault = fault
        self.perMillion = perMillion
        self.count = count
        self.scope = scope
    }
}
