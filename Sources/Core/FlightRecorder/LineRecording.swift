import ChargeModel

/// What the ring of one line held at one moment: the engines as they were at its beginning, and what
/// they were told from then on.
package struct LineRecording: Sendable {
    package var start: Start
    package var segments: [Segment]

    package init(start: Start, segments: [Segment]) {
        self.start = start
        self.segments = segments
    }

    package struct Start: Codable, Sendable {
        package var state: LineState
        /// The hash of what they had decided before.
        package var trace: UInt64
    }

    package struct Segment: Codable, Hashable, Sendable {
        /// Of the first input; the others count from it.
        package var from: TimePoint
        /// The number of inputs.
        package var count: Int
        /// Those that are kept as values, in their order.
        package var values: [LineInput]
        /// The hash of all decisions up to the end of the segment.
        package var trace: UInt64
        /// ``InputCoding``; kept beside the rest.
        package var bytes: [UInt8] = []

        private enum CodingKeys: CodingKey { case from, count, values, trace }
    }

    package var inputs: Int { segments.reduce(0) { $0 + $1.count } }
    package var byteCount: Int { segments.reduce(0) { $0 + $1.bytes.count } }
    package var from: TimePoint? { segments.first?.from }
}

/// Why a recording cannot be read or carried out.
package enum RecordingProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes end within an input, or have one of a kind that there is none of.
    case unreadable(input: Int)
    /// An input that nobody could have told engines in this state.
    case impossible(input: Int, LineInput)

    package var description: String {
        switch self {
        case .unreadable(let input): "input \(input) cannot be read: the recording is damaged"
        case .impossible(let input, let what):
            "input \(input) cannot have come then: \(what)"
        }
    }
}
