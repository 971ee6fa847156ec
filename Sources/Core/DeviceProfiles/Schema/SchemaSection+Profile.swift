import ChargeModel
import Modbus

// What stands around the registers.
extension SchemaSection {
    /// Every section, in the order in which they are read best.
    package static let all: [SchemaSection] = [
        profile, source, link, serial, block,
        electrical, connectors, register, formula, condition,
        control, range, band, enabled, phaseSwitch,
        until, when, heartbeat, heartbeatTimeout, failsafe,
        failsafeCurrent, failsafeTimeout, identityText, identityNumber, deny,
        manners,
    ]

    static let profile = SchemaSection(
        "The profile",
        [
            SchemaKey(
                "profile", .written("lower-case letters, digits, hyphens"), .required,
                "the name of its file; never inherited"),
            SchemaKey(
                "extends", .written("the name of a profile"), .depends("none"),
                "the profile that this one builds on: mappings are merged key by key, "
                    + "the rest replaced, `~` removes a key"),
            SchemaKey(
                "address-shift", .written("-65535 to 65535"), .value("0"),
                "how far the registers of that profile move"),
            SchemaKey(
                "title", .written("a text"), .required,
                "the name of the wallbox for people; never inherited"),
            SchemaKey(
                "vendor", .written("a text"), .required,
                "who makes it; never inherited"),
            SchemaKey(
                "model", .written("a text"), .required,
                "what they call it; never inherited"),
            SchemaKey(
                "source", .written("a mapping"), .required,
                "where the facts are from; never inherited"),
            SchemaKey(
                "link", .written("a mapping"), .required,
                "how it is talked to"),
            SchemaKey(
                "electrical", .written("a mapping"), .required,
                "what it can do"),
            SchemaKey(
                "connectors", .written("a mapping"), .depends("one connector"),
                "of a station with several"),
            SchemaKey(
                "registers", .written("a mapping, a line for each"), .required,
                "what is read and written"),
            SchemaKey(
                "derived", .written("a mapping of quantities to formulas, or lists of them"),
                .depends("none"),
                "what no register tells; the first formula that has its values counts"),
            SchemaKey(
                "state", .written("rules `{ register: condition, is: STATE }`"), .required,
                "what the pilot state follows from: A, B1, B2, C1, C2, D1, D2, E, F "
                    + "(IEC 61851-1); the first rule whose conditions all hold counts"),
            SchemaKey(
                "control", .written("a mapping"), .required,
                "how a limit is set"),
            SchemaKey(
                "heartbeat", .written("a mapping"), .required,
                "what keeps it from taking the agent for dead"),
            SchemaKey(
                "failsafe", .written("a mapping, or `none`"), .required,
                "what it does when nobody talks to it"),
            SchemaKey(
                "identity", .written("a mapping of registers to what they hold"),
                .depends("nothing tells"),
                "how it is told from others, at contact and by `evse-agent probe`: a "
                    + "value, a list, or a mapping as below; an optional register that is not"
                    + " there tells nothing"),
            SchemaKey(
                "deny", .written("a list of 1 to 64 mappings"), .depends("nothing"),
                "what is never written"),
            SchemaKey(
                "manners", .written("a mapping"), .depends("as below"),
                "how it behaves beside its map; for the simulator"),
        ])

    static let source = SchemaSection(
        "`source`",
        [
            SchemaKey(
                "document", .written("a text"), .required,
                "document with revision and pages"),
            SchemaKey(
                "confidence", .words(ProfileSource.Confidence.self), .required,
                "how far to believe it"),
            SchemaKey(
                "verified-on-hardware", .truth, .required,
                "whether it was run on the real box"),
        ])

    static let link = SchemaSection(
        "`link`",
        [
            SchemaKey(
                "port", .whole(1...65535), .value("502"),
                "TCP port"),
            SchemaKey(
                "unit-id", .whole(0...255), .required,
                "unit id of the charger"),
            SchemaKey(
                "serial", .written("a mapping"), .depends("no serial line"),
                "line settings as delivered"),
            SchemaKey(
                "single-connection", .truth, .value("no"),
                "it bears one TCP connection at a time"),
            SchemaKey(
                "delay-after-connect", .duration(.zero ... .seconds(30)), .value("0s"),
                "how long it is left alone then"),
            SchemaKey(
                "minimum-poll", .duration(.milliseconds(5) ... .seconds(300)), .value("500ms"),
                "the shortest poll period"),
            SchemaKey(
                "request-gap", .duration(.zero ... .seconds(10)), .value("0s"),
                "the pause between requests"),
            SchemaKey(
                "response-timeout", .duration(.milliseconds(200) ... .seconds(10)), .value("1s"),
                "how long an answer may take"),
            SchemaKey(
                "block", .written("`single`: one value for each request; or a mapping"), .required,
                "what one read may cover"),
        ])

    static let serial = SchemaSection(
        "`serial` of `link`",
        [
            SchemaKey(
                "baud", .whole(300...1_000_000), .required,
                "bits in a second"),
            SchemaKey(
                "parity", .words(SerialSettings.Parity.self), .required,
                "the parity bit"),
            SchemaKey(
                "stop-bits", .whole(1...2), .required,
                "how many stop bits"),
        ])

    static let block = SchemaSection(
        "`block` of `link`",
        [
            SchemaKey(
                "registers", .whole(1...ModbusOperation.maximumReadCount), .value("125"),
                "the longest read"),
            SchemaKey(
                "gap", .whole(0...ModbusOperation.maximumReadCount), .value("0"),
                "the most unused registers in it"),
            SchemaKey(
                "barriers", .written("addresses"), .depends("none"),
                "addresses that no read begins below and reaches"),
        ])

    static let electrical = SchemaSection(
        "`electrical`",
        [
            SchemaKey(
                "phases", .written("1 or 3"), .required,
                "those of the model"),
            SchemaKey(
                "rated-power", .written("1kW to 1MW"), .depends("not known"),
                "what the type plate says"),
            SchemaKey(
                "measures", .written("`nothing`"), .depends("something"),
                "that there is no meter at all"),
        ])

    static let connectors = SchemaSection(
        "`connectors`",
        [
            SchemaKey(
                "count", .whole(2...32), .required,
                "how many there are"),
            SchemaKey(
                "ports", .written("a TCP port for each"), .depends("the same"),
                "where they differ"),
            SchemaKey(
                "unit-ids", .written("a unit id for each"), .depends("the same"),
                "where they differ"),
            SchemaKey(
                "stride", .whole(1...65535), .depends("0"),
                "how far registers move from one to the next, unless they say it "
                    + "themselves or have a unit id of their own"),
        ])

    static let identityText = SchemaSection(
        "A text of `identity`",
        [
            SchemaKey(
                "begins", .written("a text, or a list of them"), .required,
                "what it begins with, in capitals or not")
        ])

    static let identityNumber = SchemaSection(
        "A number of `identity`",
        [
            SchemaKey(
                "from", .written("a value, or a version"), .depends("no bound"),
                "the least"),
            SchemaKey(
                "to", .written("a value, or a version"), .depends("no bound"),
                "the most"),
        ])

    static let deny = SchemaSection(
        "A place of `deny`",
        [
            SchemaKey(
                "at", .whole(0...65535), .depends("`from` and `to`"),
                "one address"),
            SchemaKey(
                "from", .whole(0...65535), .depends("required without `at`"),
                "the first of several"),
            SchemaKey(
                "to", .whole(0...65535), .depends("required without `at`"),
                "the last of them"),
            SchemaKey(
                "value", .whole(0...65535), .depends("any"),
                "only this value is denied"),
            SchemaKey(
                "space", .words(RegisterSpace.self), .value("holding"),
                "`holding` or `coil`"),
        ])

    static let manners = SchemaSection(
        "`manners`",
        [
            SchemaKey(
                "unknown-register", .written("`exception-1`, `exception-2`, `silence`"),
                .depends("`exception-2`"),
                "what a read of one is answered with"),
            SchemaKey(
                "ignores-unchanged-writes", .truth, .value("no"),
                "writing the same value does nothing"),
            SchemaKey(
                "reads-zero-as-minimum", .truth, .value("no"),
                "a limit of 0 reads as the minimum"),
        ])
}
