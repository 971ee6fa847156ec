extension Schema {
    /// Migration 3: what randomised delays need, and what a repeated request about a schedule is
    /// answered with.
    static let delays = [actionDelay, slotDelay, answeredSchedule]

    private static let actionDelay = """
        ALTER TABLE actions ADD COLUMN start_delay_ms INTEGER
            CHECK (start_delay_ms BETWEEN 0 AND 1800000);
        """

    /// Of the last slot of the schedule that opened: when that was, and what was drawn for it.
    private static let slotDelay = """
        ALTER TABLE schedules ADD COLUMN delayed_slot_ms INTEGER;
        ALTER TABLE schedules ADD COLUMN slot_delay_ms INTEGER CHECK (
            (slot_delay_ms IS NULL) = (delayed_slot_ms IS NULL)
            AND slot_delay_ms BETWEEN 0 AND 1800000);
        """

    /// The schedule that was set or removed, as ``ScheduleText`` has it.
    private static let answeredSchedule = """
        ALTER TABLE idempotency ADD COLUMN schedule TEXT;
        """
}
