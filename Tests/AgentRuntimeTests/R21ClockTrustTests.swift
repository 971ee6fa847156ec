import AgentRuntime
import ChargeModel
import Foundation
import Testing

@Suite("R21: which clock is trusted")
struct R21ClockTrustTests {
    private let build = WallInstant(milliseconds: 1_780_000_000_000)
    private let lastUse = WallInstant(milliseconds: 1_790_000_000_000)

    @Test("R21: a synchronised clock is trusted, whatever it shows")
    func synchronised() {
        let trust = ClockTrust(
            batteryClocks: [], wall: lastUse, lastUse: lastUse, build: build)
        for milliseconds in [0, 1_785_000_000_000, 1_795_000_000_000, 4_000_000_000_000] {
            let wall = WallInstant(milliseconds: Int64(milliseconds))
            #expect(trust.trusts(wall, isSynchronised: true))
            #expect(!trust.trusts(wall, isSynchronised: false))
        }
    }

    @Test("R21: a battery clock is trusted from the last use and the build on")
    func batteryClock() {
        let now = lastUse.advanced(by: .seconds(3_600))
        let trust = ClockTrust(
            batteryClocks: [now], wall: now, lastUse: lastUse, build: build)
        #expect(trust.trusts(now, isSynchronised: false))
        #expect(trust.trusts(lastUse, isSynchronised: false))
        #expect(!trust.trusts(lastUse.advanced(by: .milliseconds(-1)), isSynchronised: false))

        let fresh = ClockTrust(batteryClocks: [now], wall: now, lastUse: nil, build: build)
        #expect(fresh.trusts(build, isSynchronised: false))
        #expect(!fresh.trusts(build.advanced(by: .milliseconds(-1)), isSynchronised: false))
    }

    @Test(
        "R21: a battery clock that shows another time has not kept it",
        arguments: [
            (-301, false), (-300, true), (0, true), (300, true), (301, false),
            (-1_790_003_600, false),
        ])
    func otherTime(seconds: Int64, isTrusted: Bool) {
        let now = lastUse.advanced(by: .seconds(3_600))
        let trust = ClockTrust(
            batteryClocks: [now.advanced(by: .seconds(seconds))], wall: now, lastUse: lastUse,
            build: build)
        #expect(trust.trusts(now, isSynchronised: false) == isTrusted)
    }

    @Test func oneGoodBatteryClockOfTwoIsEnough() {
        let now = lastUse.advanced(by: .seconds(3_600))
        let trust = ClockTrust(
            batteryClocks: [WallInstant(milliseconds: 0), now], wall: now, lastUse: lastUse,
            build: build)
        #expect(trust.trusts(now, isSynchronised: false))
    }

    @Test func batteryClocksAreReadFromTheKernel() throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "rtc-\(UUID().uuidString)")
        defer {
            do {
                try FileManager.default.removeItem(at: directory)
            } catch {
                Issue.record("\(error)")
            }
        }
        for (name, text) in [("rtc0", "1790000000\n"), ("rtc1", "broken"), ("other", "1")] {
            let clock = directory.appending(path: name)
            try FileManager.default.createDirectory(at: clock, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: clock.appending(path: "since_epoch"))
        }
        try FileManager.default.createDirectory(
            at: directory.appending(path: "rtc2"), withIntermediateDirectories: true)
        #expect(
            BatteryClock.readings(in: directory.path) == [
                WallInstant(milliseconds: 1_790_000_000_000)
            ])
        #expect(BatteryClock.readings(in: directory.path + "/none") == [])
    }

    @Test func aTrustedClockIsTrusted() {
        let clock = SystemClock(trust: .trusted)
        #expect(clock.now().isWallTrusted)
        #expect(clock.now().wall > build)
    }
}
