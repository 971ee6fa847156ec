import ChargeModel
import Foundation

/// The clocks of a computer that run on a battery while it is switched off.
package enum BatteryClock {
    /// What they show; nothing where there are none, and nothing from one that has lost its time.
    ///
    /// - Parameter directory: The kernel's list of them (Documentation/ABI/testing/rtc-class).
    package static func readings(in directory: String = "/sys/class/rtc") -> [WallInstant] {
        names(in: directory).compactMap { name in
            do {
                let text = try String(
                    contentsOfFile: "\(directory)/\(name)/since_epoch", encoding: .utf8)
                return Int64(text.trimmingCharacters(in: .whitespacesAndNewlines))
                    .map { WallInstant(milliseconds: $0 * 1_000) }
            } catch {
                // EINVAL: it knows itself that it lost its time.
                return nil
            }
        }
    }

    private static func names(in directory: String) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
                .filter { $0.hasPrefix("rtc") }.sorted()
        } catch {
            // A computer without one has no such directory.
            return []
        }
    }
}
