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
    /// Of the last segment, in a place of their own: every input is added to them.
    private var inputs = Inputs()
    private var coding: InputCoding
    /// When the last segment has lasted long enough; at once where there is none.
    private var segmentEnd = MonotonicInstant(nanoseconds: .min)

    private struct Segment: Sendable {
        let state: LineState
        /// Before the first input.
        let trace: DecisionTrace
        let from: TimePoint
        /// Set when the segment ends, as its inputs are.
        var end: DecisionTrace?
        var inputs = Inputs()
    }

    private struct Inputs: Sendable {
        var count = 0
        var bytes: [UInt8] = []
        var values: [LineInput] = []

        var cost: Int { bytes.count + values.count * InputRing.valueCost }
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

    var cost: Int {
        segments.reduce(inputs.cost) { $0 + $1.inputs.cost + chargers * Self.checkpointCost }
    }

    private var roomOfASegment: Int { limits.bytes / Self.partsOfTheRoom }

    /// Whether the next input belongs into a new segment.
    func needsSegment(at now: TimePoint) -> Bool {
        now.monotonic >= segmentEnd || inputs.cost >= roomOfASegment
    }

    /// - Parameter state: The engines as they are before the next input.
    mutating func begin(_ state: LineState, trace: DecisionTrace, at now: TimePoint) {
        if let last = segments.indices.last {
            segments[last].end = trace
            segments[last].inputs = inputs
            // Gives back what it did not need.
            segments[last].inputs.bytes = inputs.bytes.withUnsafeBufferPointer { Array($0) }
        }
        inputs = Inputs()
        makeRoom(at: now)
        segments.append(Segment(state: state, trace: trace, from: now))
        // Grows by no copies; what is not used costs no memory.
        inputs.bytes.reserveCapacity(roomOfASegment + Self.valueCost)
        segmentEnd = now.monotonic.advanced(by: limits.span / Self.segmentsOfASpan)
        coding = InputCoding(chargers: chargers, from: now)
    }

    private mutating func makeRoom(at now: TimePoint) {
        let start = now.monotonic.advanced(by: .zero - limits.span)
        let segment = roomOfASegment + chargers * Self.checkpointCost
        while !segments.isEmpty {
            let isCovered = segments.count > 1 && segments[1].from.monotonic <= start
            guard isCovered || cost + segment > limits.bytes else { return }
            segments.removeFirst()
        }
    }

    mutating func addNext(at now: TimePoint) {
        coding.writeNext(at: now, to: &inputs.bytes)
        inputs.count += 1
    }

    mutating func add(_ wire: borrowing LineInput.Wire, at now: TimePoint) {
        if coding.write(wire, at: now, to: &inputs.bytes) == .asValue {
            inputs.values.append(.wire(copy wire))
        }
        inputs.count += 1
    }

    mutating func add(_ control: borrowing LineInput.Control, of charger: Int, at now: TimePoint) {
        if coding.write(control, of: charger, at: now, to: &inputs.bytes) == .asValue {
            inputs.values.append(.control(copy control, of: charger))
        }
        inputs.count += 1
    }

    /// The input was carried out.
    mutating func close(check: UInt8) {
        inputs.bytes.append(check)
    }

    /// - Parameter trace: After the last input.
    func recording(trace: DecisionTrace) -> LineRecording? {
        guard let first = segments.first else { return nil }
        return LineRecording(
            start: LineRecording.Start(state: first.state, trace: first.trace.value),
            segments: segments.map { segment in
                let inputs = segment.end == nil ? inputs : segment.inputs
                return LineRecording.Segment(
                    from: segment.from, count: inputs.count, values: inputs.values,
                    trace: (segment.end ?? trace).value, bytes: inputs.bytes)
            })
    }
}
