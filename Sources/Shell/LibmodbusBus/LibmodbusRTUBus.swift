import Glibc
import Modbus

/// Modbus RTU through libmodbus, on a serial line or through a gateway that passes RTU frames on over
/// TCP: several units on one link, on one thread.
///
/// As ``LibmodbusTCPBus`` it decides nothing, repeats no request and never reconnects by itself. But
/// an RTU frame carries no id, and a closed port keeps no late frame away. So after anything but a
/// clean answer the link stays open, and ``UnitLedger`` sees to it that no late frame of that unit is
/// taken for an answer: where it must, it has another read go first, within the deadline of the
/// request. Other units are neither waited for nor disturbed. Closing and opening again forgets none
/// of it.
///
/// | link   | `open`             | `perform`                                       | `close` |
/// |--------|--------------------|-------------------------------------------------|---------|
/// | closed | open, or error     | `.connectionLost(ENOTCONN)`                     | closed  |
/// | open   | closed, then open  | `.connectionLost`: closed; anything else: open  | closed  |
///
/// After `shutDown()` everything ends with `.busShutDown`.
package actor LibmodbusRTUBus: ModbusBus {
    /// What carries the frames.
    package enum Medium: Hashable, Sendable {
        case serial(SerialPort)
        case tcp(host: String, port: UInt16)
    }

    /// Times that the line needs.
    package struct Timing: Hashable, Sendable {
        /// The least silence between two requests, beyond that of the specification.
        package var requestGap: Duration = .zero
        /// The shortest time between two attempts to open the link.
        package var reconnectFloor: Duration = .seconds(1)
        /// How long the line is listened to when it is opened first: who had it before may have asked
        /// something that is still to be answered.
        package var settling: Duration = .seconds(1)
        /// How long after a request its answer may still come.
        package var memory: Duration = UnitLedger.memory

        package init() {}
    }

    package nonisolated let recovery = LinkRecovery.resume

    private let medium: Medium
    private let timing: Timing
    private let frameGap: Duration
    private let thread: BusThread
    private let taskExecutor: BusTaskExecutor
    private let gate = LinkGate()
    private let pulse = BusPulse()

    private var link: RTULink?
    private var dialer: TCPDialer?
    private var nextConnect = Deadline(nanoseconds: 0)
    private var isSettled = false
    private var ledgers: [UInt8: UnitLedger] = [:]
    private var lastUnit: UInt8?

    /// Describes a bus; nothing is opened or started.
    package init(_ medium: Medium, timing: Timing = Timing()) {
        self.medium = medium
        self.timing = timing
        switch medium {
        case .serial(let port):
            frameGap = port.settings.frameGap
            thread = BusThread(name: "modbus-serial")
        case .tcp(let host, let port):
            dialer = TCPDialer(host: host, port: port)
            // The gateway keeps the gaps of its line; this is for frames that come in pieces.
            frameGap = .milliseconds(1)
            thread = BusThread(name: "modbus:\(port)")
        }
        taskExecutor = BusTaskExecutor(thread: thread)
    }

    deinit { thread.end() }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        thread.asUnownedSerialExecutor()
    }

    package nonisolated var preferredExecutor: (any TaskExecutor)? { taskExecutor }

    /// Whether the bus thread is idle or has not passed its deadline by more than `grace`.
    package nonisolated func isResponsive(grace: Duration = .milliseconds(500)) -> Bool {
        pulse.isBeating(grace: grace)
    }

    // MARK: - The port

    /// Opens the link, closing an open one first.
    ///
    /// An attempt within the reconnect floor first waits until the floor has passed, and the first
    /// one then listens to the line; the timeout does not count these.
    ///
    /// - Throws: `.portUnusable` with the reason and what to do; for a gateway what
    ///   ``LibmodbusTCPBus/open(timeout:)`` throws.
    package func open(timeout: Duration) async throws(ModbusError) {
        link = nil
        guard !gate.isShutDown else { throw .busShutDown }
        let settling = isSettled ? .zero : timing.settling
        pulse.begin(Deadline(after: timing.reconnectFloor + timeout + settling * 4))
        defer { pulse.end() }
        do {
            try gate.pause(until: nextConnect)
        } catch {
            throw .connectionLost(errno: error.code)
        }
        let opened = try openLink(before: Deadline(after: timeout))
        nextConnect = Deadline(after: timing.reconnectFloor)
        if !isSettled {
            do {
                _ = try opened.awaitSilence(for: settling, before: Deadline(after: settling * 4))
            } catch .malformed {
                // A line that is never silent is met again, and reported, by the first request.
            }
            isSettled = true
        }
        guard !gate.isShutDown else { throw .busShutDown }
        link = opened
    }

    package func close() async {
        link = nil
    }

    /// Sends one request and waits for the answer that provably belongs to it.
    ///
    /// A request that no unit may accept (0 registers or coils, or more than the specification
    /// allows), or that none may answer (unit 0, or above 247), is not sent; it ends with exception 3.
    package func perform(
        _ request: ModbusRequest, timeout: Duration
    ) async throws(ModbusError) -> ModbusResponse {
        guard !gate.isShutDown else { throw .busShutDown }
        guard request.operation.isWithinLimits, RTUFrame.units.contains(request.unit) else {
            throw .exception(.illegalDataValue)
        }
        guard let link else { throw .connectionLost(errno: ENOTCONN) }
        let deadline = Deadline(after: timeout)
        pulse.begin(deadline)
        defer { pulse.end() }
        do {
            return try converse(request, on: link, before: deadline)
        } catch {
            if error.closesLink(recovery) { self.link = nil }
            throw gate.isShutDown ? .busShutDown : error
        }
    }

    // MARK: - Ending

    /// Ends the bus for good: interrupts what is under way, closes the link and ends the thread. A
    /// frame that has begun to arrive is waited for until its deadline.
    package nonisolated func shutDown() async {
        gate.shutDown()
        await close()
        await thread.ended()
    }

    // MARK: - Transactions

    /// Asks, after markers as far as they are needed.
    private func converse(
        _ request: ModbusRequest, on link: RTULink, before deadline: Deadline
    ) throws(ModbusError) -> ModbusResponse {
        while true {
            try awaitTurn(on: link, before: deadline)
            ledgers[request.unit, default: UnitLedger()]
                .forget(before: Deadline(after: .zero - timing.memory).nanoseconds)
            switch ledgers[request.unit, default: UnitLedger()].choice(for: request.operation) {
            case .ask:
                return try exchange(request, on: link, before: deadline)
            case .mark(let operation):
                let marker = ModbusRequest(unit: request.unit, operation: operation)
                do {
                    _ = try exchange(marker, on: link, before: deadline)
                } catch .exception {
                    // A refusal is an answer, too.
                }
            case .wait:
                try link.ignoreEverything(until: deadline)
                throw .timeout
            }
        }
    }

    /// Waits for the silence before a request.
    private func awaitTurn(on link: RTULink, before deadline: Deadline) throws(ModbusError) {
        let strays: [UInt8]
        do {
            strays = try link.awaitSilence(
                for: max(frameGap, timing.requestGap), before: deadline)
        } catch {
            if case .malformed = error { note(strays: []) }
            throw error
        }
        if !strays.isEmpty { note(strays: strays) }
    }

    /// Bytes that nobody asked for may be another answer of the unit that a whole frame names, else
    /// of the one that was asked last.
    private func note(strays: [UInt8]) {
        var unit = lastUnit
        if RTUFrame.isIntact(strays[...]), let sender = strays.first, ledgers[sender] != nil {
            unit = sender
        }
        guard let unit else { return }
        ledgers[unit]?.strayed(at: Deadline.now)
    }

    /// Sends one request, and drops every frame that is another unit's or may be a late one.
    private func exchange(
        _ request: ModbusRequest, on link: RTULink, before deadline: Deadline
    ) throws(ModbusError) -> ModbusResponse {
        lastUnit = request.unit
        ledgers[request.unit, default: UnitLedger()].sent(request.operation, at: Deadline.now)
        try link.send(RTUFrame.encode(request), before: deadline)
        while true {
            let frame = try link.receive(resyncGap: frameGap, before: deadline)
            guard frame.first == request.unit else { continue }
            switch ledgers[request.unit]?.verdict(on: RTUFrame.pdu(frame)) {
            case .answer(let response):
                ledgers[request.unit]?.answered()
                return response
            case .refusal(let exception):
                ledgers[request.unit]?.answered()
                throw .exception(exception)
            case .wrong(let error):
                throw error
            case .late, nil:
                continue
            }
        }
    }

    private func openLink(before deadline: Deadline) throws(ModbusError) -> RTULink {
        switch medium {
        case .serial(let port):
            let claim = try port.claim()
            return try RTULink(claim.context, lock: claim.lock, gate: gate)
        case .tcp:
            guard var dialer else { preconditionFailure("a gateway without a dialer") }
            defer { self.dialer = dialer }
            let context = try LibmodbusContext.rtu(device: "gateway", SerialSettings())
            let addresses = try dialer.addresses(before: deadline, gate: gate)
            context.adopt(
                try TCPConnector.connect(toFirstOf: addresses, before: deadline, gate: gate))
            return try RTULink(context, lock: nil, gate: gate)
        }
    }
}
