import ChargeModel

// What is written: commands, signs of life, the failsafe.
extension SchemaSection {
    static let control = SchemaSection(
        "`control`",
        [
            SchemaKey(
                "setpoint", .written("a register"), .value("setpoint"),
                "the register that takes the limit; in W or kW the wallbox is set in "
                    + "watts"),
            SchemaKey(
                "read-back", .written("a register, or `none`"),
                .depends("the setpoint, if it can be read"),
                "where the limit in force is read"),
            SchemaKey(
                "range", .written("a mapping"), .required,
                "the limits that can be set"),
            SchemaKey(
                "nominal-voltage", .written("100V to 300V"), .depends("required for watts"),
                "at which the wallbox makes amperes of watts"),
            SchemaKey(
                "bands", .written("a list of 1 to 8 mappings"), .depends("none"),
                "for watts: which power means how many phases"),
            SchemaKey(
                "enabled", .written("`read-back`, `pilot`, `memory`, or a mapping"), .required,
                "how to tell that it is on"),
            SchemaKey(
                "off", .written("raw values"), .depends("none"),
                "those of the read-back that mean off"),
            SchemaKey(
                "charge", .written("steps, 1 to 16"), .required,
                "from paused to a limit"),
            SchemaKey(
                "limit", .written("steps, 1 to 16"), .required,
                "to another limit"),
            SchemaKey(
                "idle", .written("steps, 1 to 16"), .required,
                "to 0 A"),
            SchemaKey(
                "on-connect", .written("steps, 1 to 16"), .depends("none"),
                "after every contact"),
            SchemaKey(
                "on-disconnect", .written("steps, 1 to 16"), .depends("none"),
                "at the end of the agent"),
            SchemaKey(
                "wake-up", .written("steps, 1 to 16"), .depends("none"),
                "for a vehicle that does not resume 30 s after a pause, at most six times"),
            SchemaKey(
                "phase-switch", .written("a mapping"), .depends("phases stay"),
                "at 0 A, where the configuration allows it (`phase-switching`); the "
                    + "phases must be shown by `live-phases`, or by the registers that it "
                    + "writes"),
            SchemaKey(
                "settle", .duration(.zero ... .seconds(60)), .value("2s"),
                "how long a read-back may lag"),
            SchemaKey(
                "write-interval", .duration(.zero ... .seconds(300)), .value("5s"),
                "the least time between two raises"),
        ])

    static let range = SchemaSection(
        "`range` of `control`",
        [
            SchemaKey(
                "minimum", .written("6A to 80A"), .required,
                "the least limit above 0, per phase; a multiple of the step"),
            SchemaKey(
                "maximum", .written("6A to 80A"), .required,
                "the most that the model does"),
            SchemaKey(
                "step", .written("1mA to 80A"), .required,
                "limits are rounded down to multiples of it"),
        ])

    static let band = SchemaSection(
        "A band of `control`",
        [
            SchemaKey(
                "from", .written("a power"), .required,
                "the least of it"),
            SchemaKey(
                "to", .written("a power"), .required,
                "the most of it"),
            SchemaKey(
                "phases", .written("1 or 3"), .required,
                "the phases that it means"),
        ])

    static let enabled = SchemaSection(
        "`enabled` of `control`, as a mapping",
        [
            SchemaKey(
                "register", .written("a register"), .required,
                "where it is read"),
            SchemaKey(
                "on", .written("values"), .required,
                "those that mean on"),
            SchemaKey(
                "off", .written("values"), .required,
                "those that mean off; any other tells nothing"),
        ])

    static let phaseSwitch = SchemaSection(
        "`phase-switch` of `control`",
        [
            SchemaKey(
                "one", .written("steps, 1 to 16"), .required,
                "to one phase"),
            SchemaKey(
                "three", .written("steps, 1 to 16"), .required,
                "to three phases"),
        ])

    static let until = SchemaSection(
        "A step that waits",
        [
            SchemaKey(
                "until", .written("conditions"), .required,
                "polls until they hold"),
            SchemaKey(
                "within", .duration(.milliseconds(100) ... .seconds(120)), .required,
                "after which the command has failed"),
        ])

    static let when = SchemaSection(
        "A step that depends",
        [
            SchemaKey(
                "if", .written("conditions"), .required,
                "with the newest values"),
            SchemaKey(
                "do", .written("steps, 1 to 16"), .required,
                "what is done then; no other `if` in it"),
        ])

    static let heartbeat = SchemaSection(
        "`heartbeat`",
        [
            SchemaKey(
                "by",
                .written(
                    "`none`, `any-read`, `rewrite-setpoint`, `rewrite-failsafe-timeout`, a step such as `life-sign = 0x55AA`, or a list of up to 4"
                ), .required,
                "the signs of life that it wants"),
            SchemaKey(
                "timeout", .written("1s to 86400s, or a mapping"),
                .depends("required; that of the failsafe, or none, where `by` says so"),
                "how long it waits for one"),
            SchemaKey(
                "every", .duration(.milliseconds(300) ... .seconds(3_600)),
                .depends("a third of the timeout"),
                "the longest time between two"),
        ])

    static let heartbeatTimeout = SchemaSection(
        "`timeout` of `heartbeat`",
        [
            SchemaKey(
                "register", .written("a register"), .depends("one of both"),
                "it tells the timeout"),
            SchemaKey(
                "remaining", .written("a register"), .depends("one of both"),
                "it tells what is left"),
            SchemaKey(
                "otherwise", .duration(ProfileCompiler.timeoutRange), .required,
                "as long as it tells nothing"),
        ])

    static let failsafe = SchemaSection(
        "`failsafe`",
        [
            SchemaKey(
                "direction", .words(Failsafe.Direction.self), .required,
                "to the failsafe current, the last limit, above it, or to 0 A"),
            SchemaKey(
                "current", .written("a register, or a mapping"), .depends("set in the wallbox"),
                "what it falls to"),
            SchemaKey(
                "timeout", .written("1s to 86400s, or a mapping"), .required,
                "how long it waits"),
            SchemaKey(
                "arm", .written("steps, 1 to 16"), .depends("nothing"),
                "what switches it on"),
            SchemaKey(
                "armed", .written("conditions"), .depends("nothing tells"),
                "what shows that it is on"),
            SchemaKey(
                "accepts-zero", .truth, .value("no"),
                "whether the current may be 0"),
        ])

    static let failsafeCurrent = SchemaSection(
        "`current` of `failsafe`",
        [
            SchemaKey(
                "write", .written("a register"), .depends("not set"),
                "takes it"),
            SchemaKey(
                "read", .written("a register"), .depends("not shown"),
                "shows it"),
        ])

    static let failsafeTimeout = SchemaSection(
        "`timeout` of `failsafe`",
        [
            SchemaKey(
                "write", .written("a register"), .depends("not set"),
                "takes it"),
            SchemaKey(
                "read", .written("a register"), .depends("not shown"),
                "shows it"),
            SchemaKey(
                "value", .duration(ProfileCompiler.timeoutRange), .required,
                "what it is set to, or what it is"),
        ])
}
