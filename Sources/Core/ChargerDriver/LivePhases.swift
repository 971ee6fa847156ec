import ChargeModel

/// Counts the phases that a vehicle draws on, for a wallbox that is set in watts.
///
/// ```
/// what tells, best first                         counts
/// currents while energy flows                    phases with more than 1 A
/// the band of the power that is set, meanwhile   the phases of the band
/// nothing                                        what the configuration states, else one
/// ```
/// A register of the phases that are switched through only lowers the count: a vehicle on one phase
/// takes all of the power on that one, whatever is switched through.
///
/// Fewer phases count at once, more only when they were seen for a while: with too many each phase
/// would get more than the limit. What another vehicle did says nothing of the next one.
struct LivePhases: Hashable, Codable, Sendable {
    /// The phases of installation and model.
    let most: Int
    /// What is counted on before anything tells.
    let assumed: Int
    private let settle: Duration
    private(set) var counted: Int
    private var rise: Rise?

    private struct Rise: Hashable, Codable, Sendable {
        var count: Int
        var since: MonotonicInstant
    }

    struct Evidence: Hashable, Sendable {
        var isConnected: Bool?
        var isDrawing: Bool
        /// Phases that the wallbox has switched through.
        var switched: Int?
        /// Phases with more than 1 A; nil where not all are measured.
        var flowing: Int?
        /// Phases of the band that the power in force lies in.
        var banded: Int?
    }

    init(most: Int, stated: Int?, settle: Duration) {
        self.most = max(most, 1)
        assumed = min(max(stated ?? 1, 1), self.most)
        counted = assumed
        self.settle = settle
    }

    mutating func polled(_ evidence: Evidence, at now: MonotonicInstant) {
        guard evidence.isConnected != false else {
            counted = min(switched(evidence) ?? assumed, assumed)
            rise = nil
            return
        }
        guard let found = found(evidence).map({ min($0, most) }) else { return }
        guard found > counted else {
            counted = found
            rise = nil
            return
        }
        // The least that was seen all the time.
        let seen = Rise(count: min(rise?.count ?? found, found), since: rise?.since ?? now)
        rise = seen
        guard seen.since.duration(to: now) >= settle else { return }
        counted = seen.count
        rise = nil
    }

    /// The link was lost: what was counted may be another vehicle's.
    mutating func contactLost() {
        counted = assumed
        rise = nil
    }

    private func switched(_ evidence: Evidence) -> Int? {
        evidence.switched.flatMap { 1...3 ~= $0 ? $0 : nil }
    }

    private func found(_ evidence: Evidence) -> Int? {
        let flowing = evidence.isDrawing ? evidence.flowing.flatMap { $0 > 0 ? $0 : nil } : nil
        let seen = flowing ?? (evidence.isDrawing ? evidence.banded : nil)
        guard let switched = switched(evidence) else { return seen }
        return min(switched, seen ?? counted)
    }
}
