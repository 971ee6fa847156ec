/// Something that happened to a charger, as the event stream tells it.
package struct AgentEvent: Hashable, Sendable {
    /// Rises by one with each event of this process.
    package var sequence: UInt64
    package var at: WallInstant
    package var charger: ChargerID
    package var payload: Payload

    package init(sequence: UInt64, at: WallInstant, charger: ChargerID, payload: Payload) {
        self.sequence = sequence
        self.at = at
        self.charger = charger
        self.payload = payload
    }

    /// Indirect, because hundreds of events are kept and each reader has a queue of them: they share
    /// one copy of a view.
    package indirect enum Payload: Hashable, Sendable {
        /// What the charger does or what is known of it changed.
        case state(ChargerView)
        /// An action was accepted or changed its state.
        case action(Action)
        case decision(Decision)
        /// A standing condition came or went.
        case fault(ChargerCondition, isActive: Bool)
    }
}
