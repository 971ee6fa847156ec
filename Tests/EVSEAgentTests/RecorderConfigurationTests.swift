import FlightRecorder
import Testing

@testable import EVSEAgent

@Suite("The recorder in the configuration")
struct RecorderConfigurationTests {
    private static func parse(_ recorder: String) -> ConfigurationParser.Result {
        ConfigurationParser.parse(
            """
            site: { timezone: Europe/Berlin }
            \(recorder)
            chargers:
              - { id: a, profile: keba-p30, connect: tcp://192.0.2.1, max-current: 16 }
            """, profiles: [.init(id: "keba-p30")])
    }

    @Test(
        arguments: [
            ("", RecorderLimits(span: .seconds(1_800), bytes: 8 << 20)),
            ("recorder: off", nil),
            ("recorder: { minutes: 5 }", RecorderLimits(span: .seconds(300), bytes: 8 << 20)),
            (
                "recorder: { minutes: 240, size: 64MiB }",
                RecorderLimits(span: .seconds(14_400), bytes: 64 << 20)
            ),
        ] as [(String, RecorderLimits?)])
    func whatIsKeptIsRead(_ text: String, _ expected: RecorderLimits?) throws {
        let result = Self.parse(text)
        #expect(result.diagnostics == [])
        #expect(try #require(result.configuration).recorder == expected)
    }

    @Test(arguments: [
        ("recorder: on", "recorder: 'on' is not known here", "Write off"),
        ("recorder: [1]", "'recorder' has to be a mapping", "Write 'key: value' lines"),
        ("recorder: { minutes: 0 }", "minutes: '0' is not a number of minutes", "from 1 to 240"),
        ("recorder: { size: 8MB }", "size: '8MB' is not a size", "such as 8MiB"),
        ("recorder: { size: 65MiB }", "size: 65MiB is out of range", "Write 1MiB to 64MiB"),
        ("recorder: { hours: 1 }", "'recorder' has no key 'hours'", ""),
    ])
    func mistakesAreTold(_ text: String, _ message: String, _ remedy: String) throws {
        let result = Self.parse(text)
        let diagnostic = try #require(result.diagnostics.first)
        #expect(result.diagnostics.count == 1)
        #expect(diagnostic.message == message)
        #expect(diagnostic.remedy.contains(remedy))
        #expect(diagnostic.place.line == 2)
        #expect(result.configuration == nil)
    }
}
