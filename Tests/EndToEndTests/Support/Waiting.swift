/// What a test waited for in vain, and what there was instead.
struct WaitedInVain: Error, CustomStringConvertible {
    let description: String
}

/// Looks every few milliseconds until there is a value, and gives up when a look that begins after
/// `limit` shows none.
///
/// - Parameters:
///   - what: What is waited for, for the message of the failure.
///   - period: From one look to the next.
///   - evidence: What the failure shows beside it.
func wait<Value>(
    for what: String, within limit: Duration = .seconds(30),
    every period: Duration = .milliseconds(10), evidence: () -> String = { "" },
    _ look: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + limit
    var looks = 0
    while true {
        // A look that begins in time and ends late does not show how it is at the limit.
        let isLast = ContinuousClock.now >= end
        if let value = try await look() { return value }
        looks += 1
        guard !isLast else {
            throw WaitedInVain(
                description: "waited \(limit) for \(what), in \(looks) looks. \(evidence())")
        }
        try await Task.sleep(for: period)
    }
}

func wait(
    until what: String, within limit: Duration = .seconds(30),
    every period: Duration = .milliseconds(10), evidence: () -> String = { "" },
    _ holds: () async throws -> Bool
) async throws {
    _ = try await wait(for: what, within: limit, every: period, evidence: evidence) {
        try await holds() ? true : nil
    }
}
