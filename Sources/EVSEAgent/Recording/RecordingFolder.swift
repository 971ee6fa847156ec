import AgentRuntime
import ChargeModel
import Foundation

/// The recordings in a state directory: at most ``capacity``, the newest.
struct RecordingFolder {
    let path: String

    /// How many are kept.
    static let capacity = 10
    private static let ending = ".recording"

    init(stateDirectory: String) {
        path = stateDirectory + "/recordings"
    }

    /// Why a recording is made; part of its name.
    enum Cause: String {
        case asked, fault
    }

    /// The names of the recordings that are there, oldest first.
    func names() -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: path)
                .filter { $0.hasSuffix(Self.ending) }
                .map { (written(of: $0), $0) }
                .sorted { $0 < $1 }.map(\.1)
        } catch {
            // Nothing was recorded yet.
            return []
        }
    }

    /// When a recording was written; one that has just been removed is old.
    private func written(of name: String) -> Date {
        do {
            let attributes = try FileManager.default.attributesOfItem(atPath: path(of: name))
            return attributes[.modificationDate] as? Date ?? .distantPast
        } catch {
            return .distantPast
        }
    }

    func path(of name: String) -> String { "\(path)/\(name)" }

    static func isFor(_ cause: Cause, _ name: String) -> Bool {
        name.hasSuffix("-\(cause.rawValue)\(ending)")
    }

    /// Writes a recording, all of it or nothing, for its owner alone, and removes the oldest beyond
    /// ``capacity``.
    ///
    /// - Returns: Its path.
    func write(_ recording: AgentRecording, because cause: Cause) throws -> String {
        let files = FileManager.default
        try files.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        let bytes = try RecordingFile.bytes(of: recording)
        let stamp = recording.madeAt.timestamp.filter { $0.isLetter || $0.isNumber }
        let target = path(of: "\(stamp)-\(cause.rawValue)\(Self.ending)")
        let draft = target + ".part"
        guard
            files.createFile(
                atPath: draft, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
        else {
            removeDraft(draft)
            throw CommandFailure("\(draft) cannot be written; is the disk full?")
        }
        guard rename(draft, target) == 0 else {
            removeDraft(draft)
            throw CommandFailure("\(target): \(String(cString: strerror(errno)))")
        }
        for name in names().dropLast(Self.capacity) { try files.removeItem(atPath: path(of: name)) }
        return target
    }

    private func removeDraft(_ draft: String) {
        // What is not there need not be removed.
        _ = unlink(draft)
    }
}
