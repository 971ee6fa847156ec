import ChargeControl
import Crypto
import Foundation
import Glibc

/// What a configuration says, as a hash for each of its keys: enough to tell which have changed since
/// the last start, and nothing of what they say (requirement R44).
package struct ConfigurationFingerprint: Hashable, Sendable {
    private var hashes: [String: String]

    /// - Parameter values: Each key once, such as `chargers[garage].max-current`.
    package init(_ values: [(key: String, value: String)]) {
        hashes = Dictionary(
            values.map { ($0.key, Self.hash("\($0.key)\n\($0.value)")) }, uniquingKeysWith: { $1 })
    }

    /// Of all of it.
    package var sha256: String {
        Self.hash(hashes.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined())
    }

    /// The keys that are new, gone or have another value, in their order.
    package func changedKeys(since before: ConfigurationFingerprint) -> [String] {
        Set(hashes.keys).union(before.hashes.keys)
            .filter { hashes[$0] != before.hashes[$0] }.sorted()
    }

    private static func hash(_ text: String) -> String {
        SHA256.hash(data: Array(text.utf8)).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }
}

// MARK: - In the state directory

extension ConfigurationFingerprint {
    /// What the last start left in a state directory; nil if it left nothing that can be read.
    package static func remembered(in directory: String) -> ConfigurationFingerprint? {
        do {
            let text = try Data(contentsOf: URL(fileURLWithPath: file(in: directory)))
            var fingerprint = ConfigurationFingerprint([])
            fingerprint.hashes = try JSONDecoder().decode([String: String].self, from: text)
            return fingerprint
        } catch {
            // Missing at the first start. Garbage is as good as nothing: all keys are told then.
            return nil
        }
    }

    /// Takes the place of what the last start left, in one step.
    package func remember(in directory: String) throws(StoreError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            let text = [UInt8](try encoder.encode(hashes))
            try StateDirectory.prepare(directory)
                .replace(Self.file(in: directory), with: text)
        } catch {
            throw StoreError(error)
        }
    }

    private static func file(in directory: String) -> String {
        directory + "/evse-agent-configuration.json"
    }
}

extension StateDirectory {
    /// Writes a file of this directory beside itself and gives it its name once it is durable.
    fileprivate func replace(_ file: String, with bytes: [UInt8]) throws {
        let new = file + ".new"
        let descriptor = try openPrivate(new)
        defer { close(descriptor) }
        guard ftruncate(descriptor, 0) == 0,
            Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
            rename(new, file) == 0
        else {
            throw StateDirectoryError.system(path: file, operation: "write", errno: errno)
        }
    }
}
