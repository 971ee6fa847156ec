/// Keys that the language keeps for what some wallboxes need and the agent cannot do yet. Who
/// writes one learns that it is missing, not that it is misspelt.
enum ReservedKeys {
    static func remedy(for key: String) -> String? {
        all.first { $0.key == key }.map {
            "The name is reserved for \($0.purpose), which this version does not have"
        }
    }

    private static let all: [(key: String, purpose: String)] = [
        ("variants", "variants of one model"),
        ("transport", "links other than Modbus TCP"),
        ("phase-switching", "switching between 1 and 3 phases"),
    ]
}
