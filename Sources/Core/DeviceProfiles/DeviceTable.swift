import ChargeModel

/// The table of supported wallboxes, as the documentation shows it.
package enum DeviceTable {
    /// Markdown, a line for each profile in the order given.
    package static func markdown(_ profiles: [DeviceProfile]) -> String {
        let head = [
            "| profile | wallbox | phases | limit | heartbeat | failsafe | facts from | on hardware |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
        ]
        return (head + profiles.map(row)).joined(separator: "\n") + "\n"
    }

    private static func row(_ profile: DeviceProfile) -> String {
        let range = "\(profile.control.minimum) to \(profile.control.maximum)"
        let cells = [
            "[`\(profile.id)`](\(profile.id).yaml)", profile.title,
            "\(profile.electrical.phases)", range, heartbeat(profile.heartbeat),
            profile.failsafe.map(failsafe) ?? "none", profile.source.confidence.rawValue,
            profile.source.isVerifiedOnHardware ? "yes" : "not yet",
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    private static func heartbeat(_ heartbeat: Heartbeat) -> String {
        switch heartbeat.kind {
        case .none: "none"
        case .anyRead: "any read"
        case .rewriteSetpoint: "setpoint again"
        case .write: "life sign"
        case .rewriteFailsafeTimeout: "timeout again"
        }
    }

    private static func failsafe(_ failsafe: Failsafe) -> String {
        let direction =
            switch failsafe.direction {
            case .down: "falls"
            case .hold: "keeps its limit"
            case .up: "rises"
            case .stop: "stops"
            }
        let isArmed = failsafe.current != nil
        return "\(direction), \(isArmed ? "armed by the agent" : "set in the wallbox")"
    }
}
