import ChargeModel

/// The inputs of a while, oldest first: a few segments, each with the engines as they were when it
/// began. When the oldest is dropped the next one's engines are where a replay begins.
///
/// Bounds: ``RecorderLimits/bytes``, in which a checkpoint counts with ``checkpointCost`` for each
/// charger and an input that is kept as a value with ``valueCost``.
struct InputRing: Sendable {
    private let limits: RecorderLimits
    private let chargers: Int
    private var segments: [Segment] = []
    private var coding: InputCoding
    /// When the last segment has lasted long enough.
    private var segmentEnd = MonotonicInstant(nanoseconds: .min)

    private struct Segment: Sendable {
        let state: LineState
        /// Before the first input.
        let trace: DecisionTrace
        let from: TimePoint
        /// After the last input; set when the segment ends.
        var end: DecisionTrace?
        var count = 0
        var bytes: [UInt8] = []
        var values: [LineInput] = []
    }

    /// A span is kept in so many segments: what is kept beyond it is one of them at most.
    private static let segmentsOfASpan = 6
    /// Room is given up in such parts.
    private static let partsOfTheRoom = 16
    /// A copy of the engines shares what does not change with the living ones; what does is a few
    /// kilobytes.
    static let checkpointCost = 16 << 10
    static let valueCost = 1 << 10

    init(limits: RecorderLimits, chargers: Int) {
        self.limits = limits
        self.chargers = chargers
        coding = InputCoding(chargers: chargers)
    }

    var cost: Int { segments.reduce(0) { $0 + cost($1) } }

    private func cost(_ segment: Segment) -> Int {
        segment.bytes.count + segment.values.count * Self.valueCost
            + chargers * Self.checkpointCost
    }

    /// Whether the next input belongs into a new segment.
    func needsSegment(at now: TimePoint) -> Bool {
        // In place: a segment is large, and this is asked with every input.
        let last = segments.count - 1
        guard last >= 0 else { return true }
        return now.monotonic >= segmentEnd
            || segments[last].bytes.count + segments[last].values.count * Self.valueCost
                >= limits.bytes / Self.partsOfTheRoom
    }

    /// - Parameter state: The engines as they are before the next input.
    mutating func begin(_ state: LineState, trace: DecisionTrace, at now: TimePoint) {
        if let last = segments.indices.last {
            segments[last].end = trace
            // Gives back what it did not need.
            segments[last].bytes = segments[last].bytes.withUnsafeBufferPointer { Array($0) }
        }
        makeRoom(at: now)
        var segment = Segment(state: state, trace: trace, from: now)
        // Grows by no copies; what is not used costs no memory.
        segment.bytes.reserveCapacity(limits.bytes / Self.partsOfTheRoom + Self.valueCost)
        segments.append(segment)
        segmentEnd = now.monotonic.advanced(by: limits.span / Self.segmentsOfASpan)
        coding = InputCoding(chargers: chargers, from: now)
    }

    private mutating func makeRoom(at now: TimePoint) {
        let start = now.monotonic.advanced(by: .zero - limits.span)
        let segment = limits.bytes / Self.partsOfTheRoom + chargers * Self.checkpointCost
        while !segments.isEmpty {
            let isCovered = segments.count > 1 && segments[1].from.monotonic <= start
            guard isCovered || cost + segment > limits.bytes else { return }
            segments.removeFirst()
        }
    }

    mutating func add(_ input: LineInput, at now: TimePoint) {
        let last = segments.count - 1
        if coding.write(input, at: now, to: &segments[last].bytes) == .asValue {
            segments[last].values.append(input)
        }
        segments[last].count += 1
    }

    /// The input was carried out.
    mutating func close(check: UInt8) {
        segments[segments.count - 1].bytes.append(check)
    }

    /// - Parameter trace: After the last input.
    func recording(trace: DecisionTrace) -> LineRecording? {
        guard let first = segments.first else { return nil }
        return LineRecording(
            start: LineRecording.Start(state: first.state, trace: first.trace.value),
            segments: segments.map { segment in
                LineRecording.Segment(
                    from: segment.from, count: segment.count, values: segment.values,
                    trace: (segment.end ?? trace).value, bytes: segment.bytes)
            })
    }
}
