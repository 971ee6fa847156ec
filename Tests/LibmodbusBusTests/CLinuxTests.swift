import CLinux
import Foundation
import Testing

struct CLinuxTests {
    @Test func bootTimeIsWhatTheKernelPublishes() throws {
        let before = evse_boottime_ns()
        let text = try String(contentsOfFile: "/proc/uptime", encoding: .utf8)
        let after = evse_boottime_ns()
        let uptime = try #require(text.split(separator: " ").first.flatMap { Double($0) })
        // The file counts in hundredths of a second.
        #expect(Double(before) / 1e9 - 0.02 <= uptime)
        #expect(uptime <= Double(after) / 1e9 + 0.02)
    }

    @Test func theKernelSaysWhetherItsClockIsSynchronised() {
        #expect([0, 1].contains(evse_kernel_clock_synchronised()))
    }
}
