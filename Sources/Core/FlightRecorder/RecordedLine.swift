import ChargeControl
import ChargeModel
import ChargerDriver

/// The flight recorder: keeps what the engines were told for a while, so that what they did can be
/// done again and looked at.
///
/// This target owns the engines of a line as one value (``LineState``), the way by which they are told
/// anything (``RecordedLine``), the ring that keeps it (``InputRing``), its bytes (``InputCoding``),
/// and the replay (``LineReplay``). It decides nothing and reads no files. What is kept are inputs
/// alone: of what the engines answered there is one running hash (``DecisionTrace``).

/// The engines of one line, and the only way to tell them anything: whatever they are told is kept in
/// the order in which they were told it.
package struct RecordedLine: Sendable {
    package private(set) var state: LineState
    private var trace = DecisionTrace()
    /// nil while nothing is recorded.
    private var ring: InputRing?

    package init(_ state: LineState, limits: RecorderLimits?) {
        self.state = state
        ring = limits.map { InputRing(limits: $0, chargers: state.controls.count) }
    }

    /// What to do next on the wire.
    package mutating func next(at now: TimePoint) -> LineEngine.Order {
        guard ring != nil else { return state.next(at: now) }
        beginSegment(at: now)
        ring?.addNext(at: now)
        let order = state.next(at: now)
        trace.add(order)
        ring?.close(check: trace.check)
        return order
    }

    package mutating func tell(
        _ input: LineInput.Wire, at now: TimePoint
    ) -> [LineEngine.Effect] {
        guard ring != nil else { return state.tell(input, at: now) }
        beginSegment(at: now)
        ring?.add(input, at: now)
        let effects = state.tell(input, at: now)
        trace.add(effects)
        ring?.close(check: trace.check)
        return effects
    }

    package mutating func tell(
        _ input: LineInput.Control, of index: Int, at now: TimePoint
    ) -> [ControlEffect] {
        guard ring != nil else { return state.tell(input, of: index, at: now) }
        beginSegment(at: now)
        ring?.add(input, of: index, at: now)
        let effects = state.tell(input, of: index, at: now)
        trace.add(effects)
        ring?.close(check: trace.check)
        return effects
    }

    /// Where the next input belongs into a new one.
    private mutating func beginSegment(at now: TimePoint) {
        guard ring?.needsSegment(at: now) == true else { return }
        ring?.begin(state, trace: trace, at: now)
    }

    /// What is kept now; nil while nothing is, or nothing has been told yet.
    package var recording: LineRecording? { ring?.recording(trace: trace) }

    /// How much memory the ring counts with.
    package var recordedBytes: Int { ring?.cost ?? 0 }
}

/// How much is kept.
package struct RecorderLimits: Hashable, Sendable {
    /// The time that is surely covered, as long as there is room.
    package var span: Duration
    /// The room, of all lines together: never more than this.
    package var bytes: Int

    package init(span: Duration = .seconds(30 * 60), bytes: Int = 8 << 20) {
        self.span = span
        self.bytes = bytes
    }

    /// The share of each of several lines.
    package func divided(among lines: Int) -> RecorderLimits {
        RecorderLimits(span: span, bytes: bytes / max(lines, 1))
    }
}
