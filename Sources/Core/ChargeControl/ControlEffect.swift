import ChargeModel

/// What the control engine orders. The order of effects in a list is meaning: they are carried out
/// one after the other.
package enum ControlEffect: Hashable, Sendable {
    /// Make a change durable, then tell the engine with ``ControlEngine/persisted(_:at:)`` or
    /// ``ControlEngine/persistFailed(_:error:at:)``.
    case persist(StoreChange, CommitID)
    /// What the driver is to do from now on; nil: write nothing that moves current.
    case setTarget(ChargerTarget?)
    /// The answer to the request that is waiting.
    case accept(RequestID, AcceptedRequest)
    case refuse(RequestID, RequestRefusal)
    case announce(AgentEvent.Payload)
    /// Draw a delay for the slot that opened at this instant, then tell the engine with
    /// ``ControlEngine/delayDrawn(_:slot:at:)``.
    case drawDelay(upTo: Duration, slot: WallInstant)
    /// An action's first write was confirmed this long after the action was accepted.
    case reachedWire(after: Duration)
}

/// Names one commit, so that its end can be told.
package struct CommitID: RawRepresentable, Hashable, Codable, Sendable {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Names one request, so that it can be answered.
package struct RequestID: RawRepresentable, Hashable, Codable, Sendable {
    package var rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

package enum AcceptedRequest: Hashable, Sendable {
    case action(Action)
    case settings
    /// What was set, or what was removed; nil when there was nothing to remove.
    case schedule(RecurringSchedule?)
}
