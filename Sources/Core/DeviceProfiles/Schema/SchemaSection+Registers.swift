import ChargeModel

// Registers, what is computed from them, and what is asked of them.
extension SchemaSection {
    static let register = SchemaSection(
        "A register",
        [
            SchemaKey(
                "at", .whole(0...65535), .required,
                "wire address, counted from 0, decimal or `0x`"),
            SchemaKey(
                "type", .written("`u16`, `s16`, `u32`, `s32`, `u64`, `s64`, `f32`, `f64`, `text`"),
                .depends("required, but for bits"),
                "what its words are"),
            SchemaKey(
                "registers", .whole(1...64), .depends("required for a text"),
                "length of a text"),
            SchemaKey(
                "encoding", .words(TextEncoding.self), .value("ascii"),
                "of a text; `utf16` has a register for each character, `hex` shows the "
                    + "digits"),
            SchemaKey(
                "space", .words(RegisterSpace.self), .value("holding"),
                "`holding` (function 3), `input` (4), `coil` (bits, 1 and 5), "
                    + "`discrete` (bits, 2)"),
            SchemaKey(
                "unit-id", .whole(0...255), .depends("the charger's"),
                "for a station's common registers"),
            SchemaKey(
                "unit", .written("a unit such as `A` or `kW`"), .depends("none"),
                "value = raw x scale + offset, in this unit"),
            SchemaKey(
                "scale", .written("a factor such as `0.1` or `1/256`"), .value("1"),
                "exact"),
            SchemaKey(
                "offset", .written("a number"), .value("0"),
                "added after the scale"),
            SchemaKey(
                "order", .words(WordOrder.self), .value("high-first"),
                "which word of a longer value comes first"),
            SchemaKey(
                "byte-order", .words(ByteOrder.self), .value("high-first"),
                "which byte of each register comes first"),
            SchemaKey(
                "count", .whole(1...3), .value("1"),
                "one value for each phase"),
            SchemaKey(
                "stride", .written("the width to 1000"), .depends("the width"),
                "registers from one of them to the next"),
            SchemaKey(
                "phases", .written("such as `[3, 2, 1]`"), .depends("in order"),
                "their order on the wire"),
            SchemaKey(
                "bits", .written("`8..15`, or `3`"), .depends("all"),
                "the part of the number that counts; 0 is the least"),
            SchemaKey(
                "invalid", .written("raw values"), .depends("none"),
                "those that mean \"no value now\"; NaN always does"),
            SchemaKey(
                "values", .written("a mapping of raw values to names"), .depends("none"),
                "names for raw values"),
            SchemaKey(
                "table", .written("`{ 2: 2s, 3: 5s }`, `{ 5: 1, 1: 3 }`"), .depends("the scale"),
                "what single raw values stand for; others are implausible"),
            SchemaKey(
                "version", .words(VersionEncoding.self), .depends("no version"),
                "the number is a version (`decimal`: 10201 is 1.2.1); conditions write "
                    + "it `v1.2.1`"),
            SchemaKey(
                "is", .written("a quantity, see below"), .depends("its name"),
                "what it measures, when its name does not say it"),
            SchemaKey(
                "poll", .words(PollClass.self), .depends("`fast`; `never` if it cannot be read"),
                "`fast`: every poll; `slow`: every tenth; `once`: after contact"),
            SchemaKey(
                "if", .written("conditions on registers of `poll: once`"), .depends("always"),
                "when it is there; what takes or shows the limit or tells whether it is"
                    + " on must be on every unit, and so must something that `idle` writes"),
            SchemaKey(
                "optional", .truth, .value("no"),
                "not every unit has it; as for `if`"),
            SchemaKey(
                "outside-charging", .words(OutsideCharging.self), .value("as-read"),
                "what it means while no energy flows"),
            SchemaKey(
                "read", .truth, .value("yes"),
                "`no`: it can only be written"),
            SchemaKey(
                "write", .words(WriteFunction.self), .depends("cannot be written"),
                "function 6 (of a coil 5), or 16"),
            SchemaKey(
                "persistence", .words(Persistence.self), .value("unknown"),
                "`retentive`: in flash memory, never in a heartbeat"),
            SchemaKey(
                "writes-per-day", .whole(1...100_000), .depends("100 if retentive"),
                "how often it may be written beside stops and reductions"),
            SchemaKey(
                "connector", .written("`shared`"), .depends("the charger's"),
                "it belongs to the station"),
            SchemaKey(
                "connector-stride", .whole(-65535...65535), .depends("that of `connectors`"),
                "registers from one connector to the next"),
            SchemaKey(
                "connector-shift", .whole(1...63), .depends("none"),
                "bits from one connector to the next"),
        ])

    static let formula = SchemaSection(
        "A formula of `derived`",
        [
            SchemaKey(
                "sum", .written("a register"), .depends("one of both"),
                "the sum of its values, of power and energy"),
            SchemaKey(
                "product", .written("`[currents, voltages]`, `[currents, 230V]`"),
                .depends("one of both"),
                "for power: of each phase, added up"),
        ])

    static let condition = SchemaSection(
        "A condition on a number (also a value, a list of them, or a text)",
        [
            SchemaKey(
                "has", .written("a bit mask"), .depends("any"),
                "bits that are all set"),
            SchemaKey(
                "lacks", .written("a bit mask"), .depends("any"),
                "bits of which none is set"),
            SchemaKey(
                "from", .written("a value with its unit, or a version"), .depends("no bound"),
                "the least, scaled"),
            SchemaKey(
                "to", .written("a value with its unit, or a version"), .depends("no bound"),
                "the most, scaled"),
        ])
}
