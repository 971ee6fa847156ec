import Modbus

/// What one unit of a serial line may still answer, and what to ask it so that its answer cannot be
/// mistaken for one of these (requirements R5 and R6).
///
/// An RTU frame carries neither an id nor, for a read, an address: the late answer to one read is the
/// right answer to every other read of the same length. So the ledger keeps every request that was
/// not answered, and lets a request out only when its answer is *distinct* from all of theirs. Where
/// it is not, a *marker* goes before it: a harmless read with a distinct answer. Once that is
/// answered, everything before it is settled, since a unit takes requests one after the other.
///
/// ```
/// unanswered                       next request          what goes out
/// nothing                          any                   it
/// something                        of another function   it
/// something of this function       any                   a read that this unit has answered before,
///                                                        of another function or else another length
///   no such read is known          distinct              it; refusals are dropped until it is answered
///   no such read is known          not distinct          a read of one register with another function
///                                                        at its address, else of another length
/// more than 32, or nothing left    any                   nothing, until some are forgotten
/// ```
/// Why this holds:
/// - A request of another function cannot be mistaken, not even in its refusal: an exception carries
///   its function. So a box with a single register is asked for it with the other read function, and
///   may refuse. A box that refuses other lengths refuses with the function of what is unanswered:
///   such a refusal could be a late one, and is dropped.
/// - The echo of a write carries its address, and its value or count: it is distinct from that of
///   every other write, not from that of the same one.
/// - Until the marker is answered, other frames of the unit are dropped. Whether the late frame comes
///   before the marker's answer, or never, makes no difference.
/// - A marker that is not answered is one more unanswered request, so the next one is another: boxes
///   that are silent to a function they do not have are tried with the next. At worst such a box is
///   left alone until all is forgotten: ``memory`` after the last request nothing comes any more.
/// - After bytes that nobody asked for, the last request counts as unanswered again: an answer may
///   have been doubled on its way, and its third copy may still come.
///
/// What no client can see: an answer that comes twice, the second time after the next request has
/// gone out, when that has the same function and length.
struct UnitLedger {
    /// How long after a request its answer may still come: three times what was ever seen.
    static let memory = Duration.seconds(10)
    private static let capacity = 32
    private static let markersKept = 8

    private struct Sent {
        var operation: ModbusOperation
        /// Nanoseconds of the monotonic clock.
        var at: Int64
    }

    /// Oldest first; the last one is the one under way, if any is.
    private var unanswered: [Sent] = []
    private var last: ModbusOperation?
    /// Reads that were answered, each distinct from the others, the newest first.
    private var markers: [ModbusOperation] = []

    enum Choice: Equatable {
        case ask
        case mark(ModbusOperation)
        /// Nothing may go out now.
        case wait
    }

    /// What a frame of this unit is to the request under way.
    enum Verdict: Equatable {
        case answer(ModbusResponse)
        case refusal(ModbusException)
        /// Perhaps the answer to an earlier request.
        case late
        /// No answer to anything that was asked.
        case wrong(ModbusError)
    }

    var isClear: Bool { unanswered.isEmpty }

    // MARK: - What happens

    /// Forgets what was sent before an instant.
    mutating func forget(before instant: Int64) {
        unanswered.removeAll { $0.at < instant }
    }

    mutating func sent(_ operation: ModbusOperation, at instant: Int64) {
        unanswered.append(Sent(operation: operation, at: instant))
        last = operation
    }

    /// The request under way was answered, or refused beyond doubt.
    mutating func answered() {
        guard let operation = unanswered.last?.operation else { return }
        unanswered.removeAll()
        guard !operation.isWrite else { return }
        markers.removeAll { !$0.isDistinct(from: operation) }
        markers.insert(operation, at: 0)
        if markers.count > Self.markersKept { markers.removeLast() }
    }

    /// Bytes arrived that may be another answer to the last request.
    mutating func strayed(at instant: Int64) {
        guard let last, unanswered.count <= Self.capacity else { return }
        unanswered.append(Sent(operation: last, at: instant))
    }

    // MARK: - What may go out

    func choice(for operation: ModbusOperation) -> Choice {
        guard !isClear else { return .ask }
        guard unanswered.count <= Self.capacity else { return .wait }
        if isUnmistakable(operation) { return .ask }
        if let marker = markers.first(where: isUnmistakable) { return .mark(marker) }
        if let marker = markers.first(where: isDistinct) { return .mark(marker) }
        if isDistinct(operation) { return .ask }
        return derivedMarker(at: operation.address).map { .mark($0) } ?? .wait
    }

    private func derivedMarker(at address: UInt16) -> ModbusOperation? {
        let others: [ModbusOperation] = [
            .readInputRegisters(address: address, count: 1),
            .readHoldingRegisters(address: address, count: 1),
        ]
        if let marker = others.first(where: isUnmistakable) { return marker }
        let room = min(0x1_0000 - Int(address), Self.capacity + 2)
        let longer = (1...max(1, room)).lazy.map { count in
            ModbusOperation.readHoldingRegisters(address: address, count: UInt16(count))
        }
        if let marker = longer.first(where: { isDistinct($0) }) { return marker }
        let bits: [ModbusOperation] = [
            .readCoils(address: address, count: 1),
            .readDiscreteInputs(address: address, count: 1),
        ]
        return bits.first(where: isUnmistakable)
    }

    /// Whether neither the answer nor the refusal can be an unanswered request's.
    private func isUnmistakable(_ operation: ModbusOperation) -> Bool {
        unanswered.allSatisfy { $0.operation.functionCode != operation.functionCode }
    }

    /// Whether the answer cannot be an unanswered request's.
    private func isDistinct(_ operation: ModbusOperation) -> Bool {
        unanswered.allSatisfy { operation.isDistinct(from: $0.operation) }
    }

    // MARK: - What came

    /// Judges the PDU of an intact frame of this unit.
    func verdict(on pdu: ArraySlice<UInt8>) -> Verdict {
        guard let current = unanswered.last?.operation else { return .late }
        let earlier = unanswered.dropLast()
        do {
            return .answer(try PDU.decodeResponse(pdu, to: current))
        } catch .exception(let exception) {
            let isCertain = earlier.allSatisfy {
                $0.operation.functionCode != current.functionCode
            }
            return isCertain ? .refusal(exception) : .late
        } catch {
            return earlier.isEmpty ? .wrong(error) : .late
        }
    }
}

extension ModbusOperation {
    /// Whether the normal answers of two requests to one unit always differ.
    fileprivate func isDistinct(from other: ModbusOperation) -> Bool {
        guard functionCode == other.functionCode else { return true }
        switch (self, other) {
        case (.writeSingleCoil, _), (.writeSingleRegister, _): return self != other
        case (.writeMultipleRegisters, _): return address != other.address || count != other.count
        default: return PDU.dataLength(of: self) != PDU.dataLength(of: other)
        }
    }
}
