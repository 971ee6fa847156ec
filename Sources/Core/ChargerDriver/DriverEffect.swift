import ChargeModel
import Modbus

/// What the driver tells.
package enum DriverEffect: Hashable, Codable, Sendable {
    /// A poll has ended, or the link or the application of the target has changed. Indirect, as it is
    /// handed on several times and large.
    indirect case snapshot(ChargerSnapshot)
    /// A write was confirmed or refused; for the log.
    case wrote(WriteReport)
}

extension DriverEffect {
    var isSnapshot: Bool {
        if case .snapshot = self { true } else { false }
    }
}

/// One write in model terms, for people.
package struct WriteReport: Hashable, Codable, Sendable {
    /// What was written and why, such as `setpoint 10 A`.
    package var what: String
    package var request: ModbusRequest
    /// nil when it was confirmed.
    package var refusal: String?

    package init(what: String, request: ModbusRequest, refusal: String?) {
        self.what = what
        self.request = request
        self.refusal = refusal
    }
}

/// One transaction that the driver asks for.
package struct DriverRequest: Hashable, Sendable {
    package var request: ModbusRequest
    /// An absolute bound.
    package var timeout: Duration
}

/// How pressing the next transaction of a driver is; the most pressing of a line goes first.
package enum Urgency: Int, Hashable, Comparable, Sendable {
    case read, write, reduction

    package static func < (left: Urgency, right: Urgency) -> Bool {
        left.rawValue < right.rawValue
    }
}
