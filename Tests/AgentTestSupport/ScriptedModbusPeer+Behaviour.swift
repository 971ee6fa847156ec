import Modbus

extension ScriptedModbusPeer {
    /// One request that has arrived.
    package struct Exchange: Sendable {
        /// Which connection it came through, counted from 0.
        package var link: Int
        /// How many requests came before it, over all connections.
        package var index: Int
        package var transactionID: UInt16
        package var request: ModbusRequest
    }

    /// What the peer does with one request.
    ///
    /// Where a field is falsified, the rest of the frame is as it should be.
    package enum Behaviour: Hashable, Sendable {
        case answer
        case exception(UInt8)
        /// The right answer after a while.
        case late(by: Duration)
        /// The right answer, twice.
        case duplicate
        /// The answer to the previous request of this connection in place of this one's.
        case previousAnswer
        /// The answer to the previous request, then this one's.
        case previousAnswerFirst
        /// The right answer, one byte at a time.
        case drip(every: Duration)
        /// The beginning of the right answer, then silence.
        case truncate(to: Int)
        /// The beginning of the right answer, then the end of the connection.
        case truncateAndClose(to: Int)
        /// The transaction id, off by this much.
        case transactionID(offset: UInt16)
        case protocolID(UInt16)
        /// The header's length field, off by this much.
        case length(offset: Int)
        /// What another unit answers to the same request.
        case unit(UInt8)
        case functionCode(UInt8)
        /// The byte count of a read, off by this much; the header's length unchanged.
        case byteCount(offset: Int)
        /// A well-formed answer with this many registers, or twice as many bytes of coils.
        case registerCount(Int)
        /// A write's echo, off by this much. A read is answered.
        case echo(addressOffset: UInt16, valueOffset: UInt16)
        case garbage([UInt8])
        case garbageBefore([UInt8])
        case garbageAfter([UInt8])
        /// An RTU checksum that is wrong; the answer of a TCP peer is right.
        case checksum
        /// Nothing; the connection stays open.
        case silence
        case close
        /// The end of the connection by RST.
        case reset

        /// Whether a client may take the answer for what it asked.
        package var isClean: Bool {
            switch self {
            case .answer, .exception: true
            default: false
            }
        }
    }

    /// What follows from a behaviour: bytes to send, at which pace, and how it ends.
    struct Reply {
        enum Ending {
            case open
            case close
            case reset
        }

        var delay = Duration.zero
        var bytes: [UInt8] = []
        /// The pause after each byte; nil sends everything at once.
        var pace: Duration?
        var ending = Ending.open
    }

    static func reply(
        to exchange: Exchange, as behaviour: Behaviour, previous: [UInt8],
        framing: ModbusFraming = .tcp
    ) -> Reply {
        let answer = framing.frame(answer(to: exchange), exchange.transactionID)
        switch behaviour {
        case .answer: return Reply(bytes: answer)
        case .late(let delay): return Reply(delay: delay, bytes: answer)
        case .duplicate: return Reply(bytes: answer + answer)
        case .previousAnswer: return Reply(bytes: previous)
        case .previousAnswerFirst: return Reply(bytes: previous + answer)
        case .drip(let pace): return Reply(bytes: answer, pace: pace)
        case .truncate(let count): return Reply(bytes: Array(answer.prefix(count)))
        case .truncateAndClose(let count):
            return Reply(bytes: Array(answer.prefix(count)), ending: .close)
        case .garbage(let bytes): return Reply(bytes: bytes)
        case .garbageBefore(let bytes): return Reply(bytes: bytes + answer)
        case .garbageAfter(let bytes): return Reply(bytes: answer + bytes)
        case .silence: return Reply()
        case .close: return Reply(ending: .close)
        case .reset: return Reply(ending: .reset)
        default: return Reply(bytes: falsified(exchange, as: behaviour, framing))
        }
    }

    /// The answer with one field changed; what guards the frame is right, unless it is that field.
    private static func falsified(
        _ exchange: Exchange, as behaviour: Behaviour, _ framing: ModbusFraming
    ) -> [UInt8] {
        var body = answer(to: exchange, as: behaviour)
        switch behaviour {
        case .functionCode(let code): body[1] = code
        case .byteCount(let offset): body[2] = UInt8(truncatingIfNeeded: Int(body[2]) + offset)
        case .echo(let addressOffset, let valueOffset):
            guard exchange.request.operation.isWrite else { break }
            body.change(at: 2) { $0 &+ addressOffset }
            body.change(at: 4) { $0 &+ valueOffset }
        default: break
        }
        var frame = framing.frame(body, exchange.transactionID)
        switch (behaviour, framing) {
        case (.transactionID(let offset), .tcp): frame.change(at: 0) { $0 &+ offset }
        case (.protocolID(let id), .tcp): frame.change(at: 2) { _ in id }
        case (.length(let offset), .tcp):
            frame.change(at: 4) { UInt16(truncatingIfNeeded: Int($0) + offset) }
        case (.checksum, .rtu): frame[frame.count - 1] ^= 0x10
        default: break
        }
        return frame
    }

    /// Unit and PDU of an answer.
    private static func answer(to exchange: Exchange, as behaviour: Behaviour = .answer) -> [UInt8]
    {
        var request = exchange.request
        if case .unit(let unit) = behaviour { request.unit = unit }
        let operation = request.operation
        let pdu =
            switch behaviour {
            case .exception(let code):
                PDU.encode(ModbusException(rawValue: code), functionCode: operation.functionCode)
            case .registerCount(let count):
                [operation.functionCode, UInt8(count * 2)] + [UInt8](repeating: 7, count: count * 2)
            default:
                PDU.encode(RegisterPattern.response(to: request), to: operation)
            }
        return [request.unit] + pdu
    }
}

extension [UInt8] {
    fileprivate mutating func change(at index: Int, _ change: (UInt16) -> UInt16) {
        let word = change(UInt16(self[index]) << 8 | UInt16(self[index + 1]))
        self[index] = UInt8(word >> 8)
        self[index + 1] = UInt8(word & 0xFF)
    }
}
