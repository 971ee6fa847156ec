import ChargeModel

/// What is believed of a wallbox's setpoint: from the last reading, or from what was written and
/// confirmed where nothing can be read. nil is "unknown".
package struct SetpointBelief: Hashable, Codable, Sendable {
    package var isOn: Bool?
    /// The limit that applies while it is on.
    package var limit: Milliamperes?

    package init(isOn: Bool? = nil, limit: Milliamperes? = nil) {
        self.isOn = isOn
        self.limit = limit
    }

    /// Takes over what a reading tells; what it does not tell stays believed.
    package mutating func merge(_ found: SetpointBelief) {
        if let isOn = found.isOn { self.isOn = isOn }
        if let limit = found.limit { self.limit = limit }
    }
}
