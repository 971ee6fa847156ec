import ChargeControl
import ChargeModel
import ChargerDriver
import Modbus

/// Everything that the engines of one line can be told: with the times at which they were, all that
/// their decisions depend on.
///
/// What is rare and large is indirect, so that what comes with every poll is small to hand on.
package enum LineInput: Hashable, Codable, Sendable {
    /// The wire is free.
    case next
    case wire(Wire)
    /// To the control engine of the charger at this place of the line.
    case control(Control, of: Int)

    /// To the line engine and its drivers.
    package enum Wire: Hashable, Codable, Sendable {
        case opened
        indirect case openFailed(ModbusError)
        case closed
        case answered(ModbusResponse)
        case failed(ModbusError)
        case targetChanged(ChargerTarget?, driver: Int)
        case pollRequested(driver: Int)
        case endRequested(driver: Int)
    }

    /// To one control engine.
    package enum Control: Hashable, Codable, Sendable {
        case tick
        /// The newest snapshot that its driver has told.
        case snapshotTaken
        indirect case shareGiven(GroupShare?)
        indirect case requested(ActionRequest, id: Action.ID, startDelay: Duration?, as: RequestID)
        indirect case cancelRequested(Action.ID, as: RequestID)
        indirect case settingsRequested(SettingsRequest, as: RequestID)
        indirect case scheduleRequested(ScheduleOrder, as: RequestID)
        case persisted(CommitID)
        indirect case persistFailed(CommitID, StoreError)
        case delayDrawn(Duration, slot: WallInstant)
    }

    /// A recurring schedule to be set, or removed with nil.
    package struct ScheduleOrder: Hashable, Codable, Sendable {
        package var schedule: RecurringSchedule?
        package var idempotency: IdempotencyKey?

        /// Nothing of the client's key is kept.
        private enum CodingKeys: CodingKey { case schedule }

        package init(_ schedule: RecurringSchedule?, idempotency: IdempotencyKey? = nil) {
            self.schedule = schedule
            self.idempotency = idempotency
        }
    }
}
