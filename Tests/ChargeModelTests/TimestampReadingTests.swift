import ChargeModel
import Testing

@Suite("Instants as text")
struct TimestampReadingTests {
    @Test(arguments: [
        ("2026-06-02T12:00:00Z", 1_780_401_600_000), ("2026-06-02T12:00:00.25Z", 1_780_401_600_250),
        ("2026-06-02T12:00:00.001-00:30", 1_780_403_400_001),
        ("2026-06-02T12:00:00+05:30", 1_780_381_800_000),
    ])
    func instantsAreRead(text: String, milliseconds: Int64) {
        #expect(WallInstant(timestamp: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "2026-06-02T12:00:00", "2026-06-02T12:00:00z", "2026-06-02T12:00:00.Z",
        "2026-06-02T12:00:00+0530", "2026-06-02T12:00:00+24:00",
        "2026-06-02T12:00:00+05:60", "2026-06-02T12:00:00+5:30", "2026-06-02T12:00:00 Z",
        "2026-06-02T12:00:00+-5:30", "2026-06-02T12:00:00ZZ", "٢026-06-02T12:00:00Z",
    ])
    func whatIsNoInstantIsNotRead(text: String) {
        #expect(WallInstant(timestamp: text) == nil)
    }
}
