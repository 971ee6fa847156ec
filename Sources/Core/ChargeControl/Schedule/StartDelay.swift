/// The randomised delay of changes that come at a time of day, so that not all wallboxes of a country
/// switch in the same second (requirement R45).
///
/// The Electric Vehicles (Smart Charge Points) Regulations 2021 of Great Britain, regulation 11, ask
/// for a delay drawn for each change, of up to 600 s, that can be raised to 1,800 s, and for a way to
/// override it.
package enum StartDelay {
    /// What the regulation asks for where the installer sets nothing.
    package static let regulated = Duration.seconds(600)
    /// The most that it allows.
    package static let limit = Duration.seconds(1_800)

    /// The most that is drawn for one start. A window or a slot loses no more than half of itself.
    ///
    /// - Parameter length: Of the window or slot; nil for a start without an end.
    package static func longest(_ maximum: Duration, within length: Duration?) -> Duration {
        let longest = min(max(maximum, .zero), limit)
        return length.map { min(longest, $0 / 2) } ?? longest
    }

    /// Draws the delay of one change: whole seconds from 0 to the maximum, both included, each as
    /// likely as the others.
    ///
    /// Draw once for each change and keep what was drawn with it, so that a restart neither draws
    /// again nor forgets it.
    ///
    /// - Parameters:
    ///   - maximum: 0 switches the delay off; more than ``limit`` counts as the limit. A part of a
    ///     second is cut off.
    ///   - random: The system's generator; a seeded one in tests.
    package static func draw(
        upTo maximum: Duration, using random: inout some RandomNumberGenerator
    ) -> Duration {
        let seconds = min(max(maximum, .zero), limit).components.seconds
        return .seconds(Int64.random(in: 0...seconds, using: &random))
    }
}
