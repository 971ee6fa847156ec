import WallboxModel

/// What libmodbus alone makes of a fault.
enum StockVerdict: String, Hashable, Sendable {
    /// Every value is right, and the fault not noticed.
    case unharmed
    /// It takes an answer for its own that is another's, or says something else.
    case deceived
    /// It takes a value that is another register's.
    case wrongValue
    /// Requests fail, later ones do not.
    case recovers
    /// Every request fails until somebody connects anew.
    case lostForGood

    /// - Parameter isFalse: Whether the answer that the fault strikes must not be believed.
    init(_ endings: [Ending], isFalse: Bool) {
        if endings.contains(.wrong) {
            self = .wrongValue
        } else if endings.allSatisfy({ $0 == .right }) {
            self = isFalse ? .deceived : .unharmed
        } else {
            self = endings.suffix(2).contains(.right) ? .recovers : .lostForGood
        }
    }
}

/// What is expected of both on one wire: how the first two requests of the agent's bus end (all later
/// ones are right), and what libmodbus alone makes of it.
struct WireExpectation: Hashable, Sendable {
    let first: Ending
    let second: Ending
    let stock: StockVerdict

    init(_ first: Ending, _ second: Ending = .right, stock: StockVerdict) {
        (self.first, self.second, self.stock) = (first, second, stock)
    }

    var isLate: Bool { first == .timeout || second == .timeout }

    /// Every fault of the wire, over TCP and with RTU frames; nil where it is not played.
    static let table: [(name: String, tcp: WireExpectation?, rtu: WireExpectation?)] = [
        ("delay", .init(.timeout, stock: .lostForGood), .init(.timeout, stock: .wrongValue)),
        (
            "drip", .init(.timeout, stock: .unharmed),
            .init(.timeout, .malformed, stock: .unharmed)
        ),
        ("drop", .init(.timeout, stock: .recovers), .init(.timeout, stock: .recovers)),
        (
            "duplicate", .init(.right, .malformed, stock: .lostForGood),
            .init(.right, stock: .wrongValue)
        ),
        ("reorder", .init(.timeout, stock: .lostForGood), .init(.timeout, stock: .wrongValue)),
        ("exception", .init(.exception, stock: .recovers), .init(.exception, stock: .recovers)),
        ("wrong-transaction-id", .init(.malformed, stock: .recovers), nil),
        ("wrong-protocol-id", .init(.malformed, stock: .deceived), nil),
        ("wrong-length", .init(.malformed, stock: .deceived), nil),
        ("wrong-checksum", nil, .init(.malformed, stock: .recovers)),
        ("wrong-unit", .init(.malformed, stock: .deceived), .init(.timeout, stock: .recovers)),
        (
            "wrong-function-code", .init(.malformed, stock: .recovers),
            .init(.malformed, stock: .recovers)
        ),
        ("wrong-byte-count", .init(.timeout, stock: .recovers), .init(.timeout, stock: .recovers)),
        (
            "wrong-register-count", .init(.malformed, stock: .recovers),
            .init(.malformed, stock: .recovers)
        ),
        ("wrong-echo", .init(.malformed, stock: .deceived), .init(.malformed, stock: .deceived)),
        ("truncate", .init(.timeout, stock: .recovers), .init(.timeout, stock: .recovers)),
        (
            "garbage-before", .init(.malformed, stock: .lostForGood),
            .init(.malformed, stock: .wrongValue)
        ),
        (
            "garbage-after", .init(.right, .malformed, stock: .lostForGood),
            .init(.right, stock: .wrongValue)
        ),
        ("close", .init(.lost, stock: .lostForGood), .init(.lost, stock: .lostForGood)),
        ("reset", .init(.lost, stock: .lostForGood), .init(.lost, stock: .lostForGood)),
        (
            "half-open", .init(.timeout, stock: .lostForGood),
            .init(.timeout, .timeout, stock: .lostForGood)
        ),
        (
            "reboot", .init(.lost, .timeout, stock: .lostForGood),
            .init(.timeout, .timeout, stock: .recovers)
        ),
        (
            "silence", .init(.timeout, .timeout, stock: .recovers),
            .init(.timeout, .timeout, stock: .recovers)
        ),
        (
            "hang-on-accept", .init(.timeout, .timeout, stock: .lostForGood),
            .init(.timeout, .timeout, stock: .lostForGood)
        ),
        (
            "refuse", .init(.lost, .lost, stock: .lostForGood),
            .init(.lost, .lost, stock: .lostForGood)
        ),
        (
            "single-client", .init(.lost, .lost, stock: .lostForGood),
            .init(.lost, .lost, stock: .lostForGood)
        ),
        (
            "slow-start", .init(.timeout, .timeout, stock: .recovers),
            .init(.timeout, .timeout, stock: .recovers)
        ),
    ]
}
