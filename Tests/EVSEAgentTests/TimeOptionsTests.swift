import AgentRuntime
import AgentTestSupport
import ArgumentParser
import ChargeModel
import Testing

@testable import EVSEAgent

@Suite("Simulated time on the command line")
struct TimeOptionsTests {
    private let now = WallInstant(milliseconds: 1_780_401_600_000)

    @Test func withoutOptionsTimeIsReal() throws {
        #expect(try !TimeOptions.parse([]).isGiven)
        #expect(try TimeOptions.parse(["--time-scale", "2"]).isGiven)
    }

    @Test func anOriginIsMeantInTheZoneOfTheSite() throws {
        let options = try TimeOptions.parse(["--time-origin", "2026-06-01T22:00:00"])
        let time = try options.simulatedTime(in: TestZones.berlin, now: now)
        #expect(
            time
                == SimulatedTime(
                    origin: WallInstant(milliseconds: 1_780_344_000_000), anchor: now, scale: 1))
        #expect(throws: (any Error).self) { try options.simulatedTime(in: nil, now: now) }
    }

    @Test func anOriginWithItsOffsetNeedsNoZone() throws {
        for text in ["2026-06-01T20:00:00Z", "2026-06-01T22:00:00+02:00"] {
            let options = try TimeOptions.parse(["--time-origin", text, "--time-scale", "480"])
            let time = try options.simulatedTime(in: nil, now: now)
            #expect(time.origin.milliseconds == 1_780_344_000_000)
            #expect(time.scale == 480)
        }
    }

    @Test func timeBeginsNowWhereNoOriginIsGiven() throws {
        let time = try TimeOptions.parse(["--time-scale", "60"]).simulatedTime(in: nil, now: now)
        #expect(time == SimulatedTime(origin: now, anchor: now, scale: 60))
    }

    @Test func anAnchorMakesTheMapTheSameWheneverItIsAsked() throws {
        let options = try TimeOptions.parse([
            "--time-origin", "2026-06-01T20:00:00Z", "--time-scale", "480", "--time-anchor",
            "2026-06-02T11:59:00.5Z",
        ])
        let first = try options.simulatedTime(in: nil, now: now)
        let later = try options.simulatedTime(in: nil, now: now.advanced(by: .seconds(7)))
        #expect(first == later)
        #expect(first.anchor == now.advanced(by: .milliseconds(-59_500)))
    }

    @Test(arguments: [
        ["--time-scale", "0"], ["--time-scale", "10001"], ["--time-scale", "-5"],
        ["--time-scale", "1.5"], ["--time-anchor", "2026-06-01T20:00:00Z"],
        ["--time-scale", "2", "--time-anchor", "2026-06-01T20:00:00"],
        ["--time-scale", "2", "--time-anchor", "yesterday"],
    ])
    func whatMakesNoSenseIsRefused(arguments: [String]) {
        #expect(throws: (any Error).self) { try TimeOptions.parse(arguments) }
    }

    @Test(arguments: ["tonight", "2026-02-30T22:00:00", "2026-06-01T22:00:00+2", ""])
    func anOriginThatIsNoTimeIsRefused(text: String) throws {
        let options = try TimeOptions.parse(["--time-origin", text])
        #expect(throws: (any Error).self) {
            try options.simulatedTime(in: TestZones.berlin, now: now)
        }
    }
}
