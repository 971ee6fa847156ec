import ChargeControl
import ChargeModel
import DeviceProfiles
import FlightRecorder
import Foundation

/// The bytes of a file with one ``AgentRecording``.
///
/// ```
/// magic       "evse-agent recording\n"
/// format      4 bytes, the high ones first: ``format``
/// length      4 bytes, the high ones first: of the head
/// head        JSON: who made it and why, and of each line its engines at the beginning and what is
///             said of each segment
/// inputs      the bytes of each segment, one after the other, as long as the head says
/// checksum    8 bytes, the high ones first: FNV-1a of all before
/// ```
package enum RecordingFile {
    /// Rises when inputs or the parts of a file become others. Engines that keep other state are
    /// noticed by that.
    static let format: UInt32 = 1

    private static let magic = Array("evse-agent recording\n".utf8)
    private static let checksumLength = 8

    private struct Head: Codable {
        var release: String
        var madeAt: WallInstant
        var reason: String
        var lines: [Line]

        struct Line: Codable {
            var address: String
            var profiles: [ProfileText]
            var start: LineRecording.Start
            var segments: [LineRecording.Segment]
            /// Of the segments.
            var lengths: [Int]
        }
    }

    /// What can be read of every file of this format.
    private struct Title: Codable {
        var release: String
    }

    // MARK: - Writing

    package static func bytes(of recording: AgentRecording) throws -> [UInt8] {
        let head = Head(
            release: recording.release, madeAt: recording.madeAt, reason: recording.reason,
            lines: recording.lines.map { line in
                Head.Line(
                    address: line.address, profiles: line.profiles, start: line.recording.start,
                    segments: line.recording.segments,
                    lengths: line.recording.segments.map(\.bytes.count))
            })
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let json = try encoder.encode(head)
        var bytes = magic
        bytes.append(bigEndian: format)
        bytes.append(bigEndian: UInt32(json.count))
        bytes += json
        for segment in recording.lines.flatMap(\.recording.segments) { bytes += segment.bytes }
        bytes.append(bigEndian: checksum(of: bytes[...]))
        return bytes
    }

    // MARK: - Reading

    /// - Parameter zones: Of this machine, for the schedules in it.
    package static func recording(
        from bytes: [UInt8], zones: any ZoneDirectory
    ) throws(RecordingFileError) -> AgentRecording {
        guard bytes.starts(with: magic) else { throw .notARecording }
        let fixed = magic.count + 8
        guard bytes.count >= fixed + checksumLength else { throw .damaged }
        let found = UInt32(bigEndian: bytes[magic.count...])
        guard found == format else { throw .otherFormat(found, known: format) }
        let end = bytes.count - checksumLength
        guard UInt64(bigEndian: bytes[end...]) == checksum(of: bytes[..<end]) else {
            throw .damaged
        }
        let length = Int(UInt32(bigEndian: bytes[(magic.count + 4)...]))
        guard length <= end - fixed else { throw .damaged }
        let (head, isUpgraded) = try head(Data(bytes[fixed..<(fixed + length)]), zones: zones)
        var recording = AgentRecording(
            release: head.release, madeAt: head.madeAt, reason: head.reason,
            lines: try lines(head, inputs: bytes[(fixed + length)..<end]))
        recording.isUpgraded = isUpgraded
        return recording
    }

    private static func head(
        _ json: Data, zones: any ZoneDirectory
    ) throws(RecordingFileError) -> (Head, isUpgraded: Bool) {
        let decoder = JSONDecoder()
        if let key = CodingUserInfoKey.zones { decoder.userInfo[key] = zones }
        let title: Title
        do {
            title = try decoder.decode(Title.self, from: json)
        } catch {
            throw .damaged
        }
        do {
            return (try decoder.decode(Head.self, from: json), false)
        } catch {
            // Engines that keep more than these did, or others.
        }
        do {
            let upgraded = try RecordingUpgrade(zones: zones, decoder: decoder).upgraded(json)
            return (try decoder.decode(Head.self, from: upgraded), true)
        } catch {
            let difference = (error as? DecodingError)?.inWords ?? "\(error)"
            throw .otherEngines(release: title.release, difference: difference)
        }
    }

    private static func lines(
        _ head: Head, inputs: ArraySlice<UInt8>
    ) throws(RecordingFileError) -> [AgentRecording.Line] {
        var rest = inputs
        var lines: [AgentRecording.Line] = []
        for line in head.lines {
            guard line.lengths.count == line.segments.count else { throw .damaged }
            var segments = line.segments
            for (index, length) in line.lengths.enumerated() {
                guard 0...rest.count ~= length else { throw .damaged }
                segments[index].bytes = Array(rest.prefix(length))
                rest = rest.dropFirst(length)
            }
            lines.append(
                AgentRecording.Line(
                    address: line.address, profiles: line.profiles,
                    recording: LineRecording(start: line.start, segments: segments)))
        }
        guard rest.isEmpty else { throw .damaged }
        return lines
    }

    private static func checksum(of bytes: ArraySlice<UInt8>) -> UInt64 {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return value
    }
}

/// Why a file cannot be replayed, and what to do.
package enum RecordingFileError: Error, Hashable, Sendable, CustomStringConvertible {
    case notARecording
    case otherFormat(UInt32, known: UInt32)
    case damaged
    case otherEngines(release: String, difference: String)

    package var description: String {
        switch self {
        case .notARecording: "this is no recording of evse-agent"
        case .otherFormat(let found, let known):
            """
            the recording has the format \(found), and this evse-agent replays format \(known): \
            replay it with the release that made it
            """
        case .damaged: "the recording is not as it was written: bytes of it are others, or missing"
        case .otherEngines(let release, let difference):
            """
            the recording was made by evse-agent \(release), whose engines keep other state than \
            this one's (\(difference)): replay it with the build that made it
            """
        }
    }
}

extension DecodingError {
    fileprivate var inWords: String {
        switch self {
        case .keyNotFound(let key, let context):
            "nothing for \(Self.path(context.codingPath + [key]))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context),
            .dataCorrupted(let context):
            "at \(Self.path(context.codingPath)): \(context.debugDescription)"
        @unknown default: "\(self)"
        }
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        keys.map { $0.intValue.map { "\($0)" } ?? $0.stringValue }.joined(separator: ".")
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian number: some FixedWidthInteger) {
        append(contentsOf: Swift.withUnsafeBytes(of: number.bigEndian) { Array($0) })
    }
}

extension FixedWidthInteger {
    fileprivate init(bigEndian bytes: ArraySlice<UInt8>) {
        self = bytes.prefix(Self.bitWidth / 8).reduce(0) { $0 << 8 | Self($1) }
    }
}
