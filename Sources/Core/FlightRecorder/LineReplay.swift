import ChargeControl
import ChargeModel
import ChargerDriver
import Modbus

/// Tells engines again what they were told, and compares what they decide with what they decided.
package struct LineReplay: Sendable {
    package private(set) var state: LineState
    private let segments: [LineRecording.Segment]
    private var trace: DecisionTrace
    private var segment = 0
    /// Inputs of the segment that are left.
    private var left: Int
    private var values: ArraySlice<LineInput>
    private var bytes: ByteReader
    private var coding: InputCoding
    /// What the last order awaits; nil where that is not known, as at the start.
    private var order: LineEngine.Order?
    /// Counted from 1.
    private var number = 0

    /// One input and what came of it.
    package struct Step: Sendable {
        /// Of the line's inputs, counted from 1.
        package var number: Int
        package var time: TimePoint
        package var input: LineInput
        package var output: Output
        /// Whether what was decided up to here is not what was decided then.
        package var differs: Bool
    }

    package enum Output: Hashable, Sendable {
        case order(LineEngine.Order)
        case drivers([LineEngine.Effect])
        case control([ControlEffect])
    }

    package init(_ recording: LineRecording) {
        state = recording.start.state
        trace = DecisionTrace(recording.start.trace)
        segments = recording.segments
        left = 0
        values = []
        bytes = ByteReader([])
        coding = InputCoding(chargers: 0)
        if let first = segments.first { enter(first) }
    }

    /// The hash of all that was decided so far.
    package var hash: UInt64 { trace.value }

    private mutating func enter(_ segment: LineRecording.Segment) {
        left = segment.count
        values = segment.values[...]
        bytes = ByteReader(segment.bytes)
        coding = InputCoding(chargers: state.controls.count, from: segment.from)
    }

    /// Carries out the next input; nil after the last. After a step that differs, what follows means
    /// nothing any more.
    package mutating func next() throws(RecordingProblem) -> Step? {
        while left == 0 {
            guard bytes.isAtEnd, values.isEmpty else {
                throw .unreadable(input: number + 1)
            }
            guard segment + 1 < segments.count else { return nil }
            segment += 1
            enter(segments[segment])
        }
        left -= 1
        number += 1
        let (input, time, check) = try read()
        guard canTake(input) else { throw .impossible(input: number, input) }
        let output = carryOut(input, at: time)
        var differs = trace.check != check
        if left == 0, trace.value != segments[segment].trace { differs = true }
        return Step(number: number, time: time, input: input, output: output, differs: differs)
    }

    private mutating func read() throws(RecordingProblem) -> (LineInput, TimePoint, UInt8) {
        var values = values
        let found = coding.read(&bytes) { values.popFirst() }
        self.values = values
        guard let found, let check = bytes.byte() else { throw .unreadable(input: number) }
        return (found.input, found.time, check)
    }

    private mutating func carryOut(_ input: LineInput, at time: TimePoint) -> Output {
        switch input {
        case .next:
            let order = state.next(at: time)
            trace.add(order)
            self.order = order
            return .order(order)
        case .wire(let wire):
            let effects = state.tell(wire, at: time)
            trace.add(effects)
            if wire.endsOrder { order = .sleep(until: time.monotonic) }
            return .drivers(effects)
        case .control(let control, let index):
            let effects = state.tell(control, of: index, at: time)
            trace.add(effects)
            return .control(effects)
        }
    }

    /// Whether it can be told to engines in this state: what does not fit would stop the program.
    private func canTake(_ input: LineInput) -> Bool {
        guard state.canTake(input) else { return false }
        guard let order else { return true }
        switch (input, order) {
        case (.next, .open), (.next, .close), (.next, .perform): return false
        case (.next, .sleep): return true
        case (.wire(let wire), _):
            switch (wire, order) {
            case (.opened, .open), (.openFailed, .open), (.closed, .close): return true
            case (.answered(let response), .perform(let request)):
                return response.fits(request.request.operation)
            case (.failed, .perform): return true
            default: return !wire.endsOrder
            }
        case (.control, _): return true
        }
    }
}

extension LineInput.Wire {
    /// Whether it is what comes of an order.
    fileprivate var endsOrder: Bool {
        switch self {
        case .opened, .openFailed, .closed, .answered, .failed: true
        case .targetChanged, .pollRequested, .endRequested: false
        }
    }
}

extension ModbusResponse {
    fileprivate func fits(_ operation: ModbusOperation) -> Bool {
        switch (self, operation) {
        case (.registers(let words), .readHoldingRegisters),
            (.registers(let words), .readInputRegisters):
            words.count == operation.count
        case (.bits(let bits), .readCoils), (.bits(let bits), .readDiscreteInputs):
            bits.count == operation.count
        case (.written, _): operation.isWrite
        case (.registers, _), (.bits, _): false
        }
    }
}
