import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Modbus
import WallboxModel

@testable import LibmodbusBus

/// The simulator's role: streams cut into requests, wherever their segments end, and carried out by a
/// wallbox. What decodes encodes to the same; what is answered is an answer to the agent's decoder; and
/// whatever is written, no more is offered than the model can do.
enum ModbusRequests {
    static func check(_ bytes: [UInt8]) throws {
        var input = FuzzInput(bytes)
        let kind = input.byte()
        let segment = Int(kind >> 1) + 1
        let stream = Array(input.rest)
        let requests =
            kind & 1 == 0
            ? try tcpRequests(stream, segment) : try rtuRequests(stream, segment)
        var wallbox = try Self.wallbox.get()
        for (index, request) in requests.enumerated() {
            let now = Self.start.advanced(by: .milliseconds(700 * (index + 1)))
            let reply = wallbox.respond(to: request, at: now)
            try checkReply(reply, to: request.operation)
            let offered = wallbox.truth.offered
            try hold(
                Milliamperes.zero ... .amperes(32) ~= offered, "\(request): \(offered) is offered")
        }
    }

    private static let start = MonotonicInstant(nanoseconds: 1_000_000_000)
    private static let wallbox = Result {
        SimulatedWallbox(profile: try ProfileFolder.profile("reference-22kw"), at: start)
    }

    // MARK: - Streams

    private static func tcpRequests(_ stream: [UInt8], _ segment: Int) throws -> [ModbusRequest] {
        let units = tcpUnits(stream, segment)
        try hold(units == tcpUnits(stream, stream.count + 1), "segments of \(segment) change it")
        var taken = 0
        var requests: [ModbusRequest] = []
        for unit in units {
            switch unit {
            case .frame(let frame):
                let end = taken + frame.bytes.count
                try hold(
                    end <= stream.count && stream[taken..<end].elementsEqual(frame.bytes),
                    "\(frame.bytes) is not what came")
                taken = end
                if let operation = try operation(frame.pdu) {
                    requests.append(ModbusRequest(unit: frame.unit, operation: operation))
                }
            case .foreign:
                taken += 6 + Int(UInt16(stream[taken + 4]) << 8 | UInt16(stream[taken + 5]))
            case .unreadable: return requests
            }
        }
        return requests
    }

    private static func tcpUnits(_ stream: [UInt8], _ segment: Int) -> [ModbusTCPDecoder.Unit] {
        var decoder = ModbusTCPDecoder()
        var units: [ModbusTCPDecoder.Unit] = []
        for start in stride(from: 0, to: stream.count, by: segment) {
            decoder.append(stream[start..<min(start + segment, stream.count)])
            while let unit = decoder.next() {
                units.append(unit)
                if case .unreadable = unit { return units }
            }
        }
        return units
    }

    private static func rtuRequests(_ stream: [UInt8], _ segment: Int) throws -> [ModbusRequest] {
        var decoder = ModbusRTUDecoder()
        var requests: [ModbusRequest] = []
        func take(_ frame: ModbusRTUFrame) throws {
            try hold(
                frame.bytes.count < RTUFrame.minimumLength || RTUFrame.isIntact(frame.bytes[...]),
                "\(frame.bytes) is not intact")
            if let operation = try operation(frame.pdu) {
                requests.append(ModbusRequest(unit: frame.unit, operation: operation))
            }
        }
        // The line is silent after every other segment.
        for (index, start) in stride(from: 0, to: stream.count, by: segment).enumerated() {
            decoder.append(stream[start..<min(start + segment, stream.count)])
            while let frame = decoder.next() { try take(frame) }
            if index % 2 == 1, let frame = decoder.lineFellSilent() { try take(frame) }
        }
        if let frame = decoder.lineFellSilent() { try take(frame) }
        try hold(!decoder.isInFrame, "after a silence a frame goes on")
        return requests
    }

    private static func operation(_ pdu: [UInt8]) throws -> ModbusOperation? {
        switch PDU.decodeRequest(pdu) {
        case .success(let operation):
            try hold(operation.isWithinLimits, "\(operation) is beyond the specification")
            try hold(PDU.encode(operation) == pdu, "\(operation) is not \(pdu)")
            return operation
        case .failure(let exception):
            try hold(exception.handling == .permanent, "\(exception) for \(pdu)")
            return nil
        }
    }

    // MARK: - Answers

    private static func checkReply(
        _ reply: WallboxReply, to operation: ModbusOperation
    ) throws {
        switch reply {
        case .silence: break
        case .response(let response):
            let pdu = PDU.encode(response, to: operation)
            try hold(pdu.count <= PDU.maximumLength, "an answer of \(pdu.count) bytes")
            try hold(
                try PDU.decodeResponse(pdu, to: operation) == response,
                "\(operation): \(response) is not what the agent reads")
        case .exception(let exception):
            let pdu = PDU.encode(exception, functionCode: operation.functionCode)
            do {
                let response = try PDU.decodeResponse(pdu, to: operation)
                throw Unsound(description: "\(exception) is read as \(response)")
            } catch let error as ModbusError {
                try hold(error == .exception(exception), "\(exception) is read as \(error)")
            }
        }
    }
}
