import ChargeModel
import Testing

@testable import EVSEAgent

@Suite("Values of the configuration")
struct ConfigurationValuesTests {
    @Test(arguments: [
        ("16", 16_000), ("13.5", 13_500), ("6.075", 6_075), ("0", 0), ("0.5", 500),
        ("80.0", 80_000),
    ])
    func aCurrentIsReadInMilliamperes(_ text: String, _ expected: Int) throws {
        #expect(try ConfigurationValues.current(text) == Milliamperes(expected))
    }

    @Test(arguments: [
        "", "-6", "+6", "16A", "16,5", "1e1", "16.", ".5", "6.0001", "0x10", "99999", "nan", "inf",
        "1.2.3", "１６",
    ])
    func whatIsNoCurrentIsRefused(_ text: String) {
        #expect(throws: ConfigurationProblem.self) { try ConfigurationValues.current(text) }
    }

    @Test(arguments: [
        ("100ms", Duration.milliseconds(100)), ("500ms", .milliseconds(500)), ("1s", .seconds(1)),
        ("1m", .seconds(60)), ("60s", .seconds(60)),
    ])
    func aDurationHasItsUnit(_ text: String, _ expected: Duration) throws {
        #expect(try pollPeriod(text) == expected)
    }

    @Test(arguments: [
        "", "1", "s", "99ms", "61s", "2m", "0s", "-1s", "1.5s", "1 s", "1S", "9999999999s",
        "99999999999999999999m",
    ])
    func whatIsNoPollPeriodIsRefused(_ text: String) {
        #expect(throws: ConfigurationProblem.self) { try pollPeriod(text) }
    }

    private func pollPeriod(_ text: String) throws -> Duration {
        try ConfigurationValues.duration(
            text, in: .milliseconds(100) ... .seconds(60), "100ms to 60s")
    }

    @Test(arguments: ["yes", "on", "True", "1", "no", ""])
    func truthHasTwoWords(_ text: String) {
        #expect(throws: ConfigurationProblem.self) { try ConfigurationValues.truth(text) }
    }

    @Test(arguments: ["", "a b", "ä", "a/b", "..", String(repeating: "a", count: 65)])
    func whatIsNoChargerIDIsRefused(_ text: String) {
        #expect(throws: ConfigurationProblem.self) { try ConfigurationValues.chargerID(text) }
    }

    @Test func labelsAreShortAndPrintable() throws {
        #expect(try ConfigurationValues.label("Wallbox 7kW, Süd") == "Wallbox 7kW, Süd")
        for text in ["", "a\nb", "a\u{1B}[2J", String(repeating: "a", count: 65)] {
            #expect(throws: ConfigurationProblem.self) { try ConfigurationValues.label(text) }
        }
    }

    @Test func theNearestWordIsSuggested() {
        let words = ["max-current", "safe-current", "phases", "id"]
        #expect(SpellingSuggestion.nearest(to: "max-curent", among: words) == "max-current")
        #expect(SpellingSuggestion.nearest(to: "pahses", among: words) == "phases")
        #expect(SpellingSuggestion.nearest(to: "ID", among: words) == "id")
        #expect(SpellingSuggestion.nearest(to: "colour", among: words) == nil)
        #expect(SpellingSuggestion.nearest(to: "", among: words) == nil)
        #expect(SpellingSuggestion.distance("", "abc") == 3)
        #expect(SpellingSuggestion.distance("abcd", "acbd") == 1)
        #expect(SpellingSuggestion.distance("kitten", "sitting") == 3)
    }
}
