import Modbus

/// Every fault that the simulator can play (requirement R41).
package enum FaultCatalog {
    package static let modes: [FaultMode] = answers + frames + connections + wallboxes + registers

    /// - Returns: nil for a name that there is not; see ``complaint(about:)``.
    package static func mode(named name: String) -> FaultMode? {
        modes.first { $0.name == name }
    }

    // MARK: - The wire

    /// What becomes of an answer as a whole.
    private static let answers: [FaultMode] = [
        wire("delay", "the answer comes late", .all, .milliseconds) { .delay($0.time) },
        wire("drip", "the answer comes byte by byte, this long apart", .all, .milliseconds) {
            .drip($0.time)
        },
        wire("drop", "the request is carried out and not answered") { _ in .drop },
        wire("duplicate", "the answer comes twice") { _ in .duplicate },
        wire("reorder", "the answer comes after the next one") { _ in .reorder },
        wire("exception", "the request is not carried out and refused", .all, .exception) {
            .exception($0.exception)
        },
    ]

    /// What becomes of the bytes of an answer.
    private static let frames: [FaultMode] = [
        wire("wrong-transaction-id", "the transaction id is one more", .tcp) { _ in
            .wrongTransactionID
        },
        wire("wrong-protocol-id", "the protocol id is 1", .tcp) { _ in .wrongProtocolID },
        wire(
            "wrong-length", "the length field states this many bytes more than there are", .tcp,
            .bytes
        ) { .wrongLength(excess: UInt16(clamping: $0.bytes)) },
        wire("wrong-checksum", "a bit of the checksum is flipped", .rtu) { _ in .wrongChecksum },
        wire("wrong-unit", "another unit answers") { _ in .wrongUnit },
        wire("wrong-function-code", "the answer is one to another function") { _ in
            .wrongFunctionCode
        },
        wire("wrong-byte-count", "a read states two bytes more than there are") { _ in
            .wrongByteCount
        },
        wire("wrong-register-count", "a read has one register more than was asked for") { _ in
            .wrongRegisterCount
        },
        wire("wrong-echo", "the echo of a write names another value") { _ in .wrongEcho },
        wire("truncate", "only the first bytes of the answer come", .all, .bytes) {
            .truncate(bytes: $0.bytes)
        },
        wire("garbage-before", "bytes that belong to nothing, before the answer", .all, .bytes) {
            .garbageBefore(bytes: $0.bytes)
        },
        wire("garbage-after", "bytes that belong to nothing, after the answer", .all, .bytes) {
            .garbageAfter(bytes: $0.bytes)
        },
    ]

    /// What becomes of connections, and of everything on the wire.
    private static let connections: [FaultMode] = [
        wire("close", "the request is carried out, then the connection closed", .connections) {
            _ in .close
        },
        wire("reset", "the request is carried out, then the connection reset", .connections) {
            _ in .reset
        },
        wire(
            "half-open", "the connection stays open and is dead from then on; others are not",
            .connections
        ) { _ in .halfOpen },
        wire("reboot", "the wallbox restarts instead of answering") { _ in .reboot },
        wire("silence", "nothing is read and nothing answered; connections stay open") { _ in
            .silence
        },
        wire(
            "hang-on-accept", "new connections are accepted and never answered", .connections
        ) { _ in .hangOnAccept },
        wire("refuse", "the listener is closed and every connection reset", .connections) { _ in
            .refuse
        },
        wire(
            "single-client", "one connection at a time: further ones are reset", .connections
        ) { _ in .singleClient },
        wire(
            "slow-start", "connections are accepted, but nothing is answered for this long", .all,
            .milliseconds
        ) { .slowStart($0.time) },
    ]

    private static func wire(
        _ name: String, _ summary: String, _ media: FaultMedia = .all, _ needs: FaultFigure...,
        fault: @escaping @Sendable (FaultFigures) -> WireFault
    ) -> FaultMode {
        FaultMode(name: name, summary: summary, media: media, needs: needs, effect: .wire(fault))
    }

    // MARK: - The wallbox

    private static let wallboxes: [FaultMode] = [
        wallbox("ignore-writes", "writes are acknowledged and ignored") { faults, _ in
            faults.writes = .ignored
        },
        wallbox(
            "delay-writes", "writes are acknowledged and take effect this much later",
            .milliseconds
        ) { $0.writes = .delayed(by: $1.time) },
        wallbox("cable-limit", "every limit is quietly clamped to this", .amperes) {
            $0.cableLimit = $1.current
        },
        wallbox(
            "foreign-controller", "somebody else keeps writing the setpoint, this long apart",
            .amperes, .milliseconds
        ) { $0.foreignController = .init(setpoint: $1.current, period: $1.time) },
        wallbox("defect", "the wallbox stops and shows state E", .errorCode) {
            $0.defect = WallboxFaults.Defect(code: $1.code)
        },
        wallbox("unavailable", "the wallbox stops and shows state F", .errorCode) {
            $0.defect = WallboxFaults.Defect(isUnavailable: true, code: $1.code)
        },
        wallbox("welded-contactor", "the contactor does not open once it has closed") {
            faults, _ in faults.isContactorWelded = true
        },
        wallbox("busy", "every request is refused", .exception) { $0.exception = $1.exception },
        wallbox("dead", "no request is answered") { faults, _ in faults.isSilent = true },
    ]

    private static func wallbox(
        _ name: String, _ summary: String, _ needs: FaultFigure...,
        change: @escaping @Sendable (inout WallboxFaults, FaultFigures) -> Void
    ) -> FaultMode {
        FaultMode(name: name, summary: summary, media: .all, needs: needs, effect: .wallbox(change))
    }

    private static let registers: [FaultMode] = [
        register("stuck-register", "the register keeps the value that it has now") { _ in .stuck },
        register("nan-register", "the register holds NaN, or all ones where it is no float") {
            _ in .notANumber
        },
        register("swapped-register", "the words of the register come in the wrong order") { _ in
            .wordsSwapped
        },
        register("register-words", "the register holds these words", .words) {
            .words($0.words)
        },
        register("refused-register", "a request that touches it is refused", .exception) {
            .exception($0.exception)
        },
        register("silent-register", "a request that touches it gets no answer") { _ in .silent },
    ]

    private static func register(
        _ name: String, _ summary: String, _ needs: FaultFigure...,
        kind: @escaping @Sendable (FaultFigures) -> WallboxFaults.RegisterFault.Kind
    ) -> FaultMode {
        FaultMode(name: name, summary: summary, media: .all, needs: needs, effect: .register(kind))
    }
}
