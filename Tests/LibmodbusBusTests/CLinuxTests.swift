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

    @Test func codeThatIsNotInUseIsNotResident() throws {
        let before = try codePages()
        #expect(evse_unmap_unused_code() == 0)
        let after = try codePages()
        #expect(after < before, "KiB of this program's code: \(before) before, \(after) after")
    }

    /// KiB of the program's executable pages that are mapped, by /proc/self/smaps.
    private func codePages() throws -> Int {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let lines = try String(contentsOfFile: "/proc/self/smaps", encoding: .utf8)
            .split(separator: "\n")
        let code = try #require(
            lines.firstIndex { $0.contains(" r-xp ") && $0.hasSuffix(program) })
        let resident = try #require(lines[code...].first { $0.hasPrefix("Rss:") })
        return try #require(Int(resident.split(separator: " ")[1]))
    }
}
