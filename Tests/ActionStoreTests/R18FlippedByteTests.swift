import ChargeControl
import ChargeModel
import Foundation
import Testing

@testable import ActionStore

/// One bit of the database is another than it was.
@Suite("R18: flipped bytes")
struct R18FlippedByteTests {
    /// The first page, in parts that run side by side.
    private static let parts = 16

    @Test(
        "R18: whatever byte of the first page is flipped, the store comes up as it was, or anew",
        arguments: 0..<parts)
    func r18_everyByteOfTheFirstPage(part: Int) async throws {
        // One bit of each byte, and all of those of the head; with `FLIP_ALL=1` all of all.
        let isAll = ProcessInfo.processInfo.environment["FLIP_ALL"] == "1"
        let directory = try await DamagedState.make(inMemory: true)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: directory.database))
        for place in stride(from: part, to: 4096, by: Self.parts) {
            let isWhole = isAll || place < DatabaseHead.size
            for bit in isWhole ? Array(0..<8) : [place * 5 % 8] {
                var damaged = bytes
                damaged[place] ^= 1 << UInt8(bit)
                do {
                    try await open(damaged, "byte \(place), bit \(bit)")
                } catch {
                    Issue.record("byte \(place), bit \(bit): \(error)")
                }
            }
        }
    }

    private func open(_ database: Data, _ place: Comment) async throws {
        let copy = try TemporaryDirectory(inMemory: true)
        try FileManager.default.createDirectory(
            atPath: copy.state, withIntermediateDirectories: false)
        try database.write(to: URL(fileURLWithPath: copy.database))
        let lock = try StateDirectoryLock.acquire(directory: copy.state)
        let (store, setAside) = try ActionStore.openOrSetAside(
            directory: copy.state, holding: lock)
        let restored = try await store.restore([.first]).first
        let keys = try await store.keys()
        try store.close()
        #expect(restored?.intent == (setAside == nil ? .charge : nil), place)
        #expect(!keys.contains { $0.id == "key_revoked" && $0.revokedAt == nil }, place)
    }

    @Test("R18: whatever byte is flipped, the store comes up and no revoked key is valid")
    func r18_anyFlippedByte() async throws {
        let directory = try await DamagedState.make()
        let bytes = try Data(contentsOf: URL(fileURLWithPath: directory.database))
        // One seed, the same everywhere; others by `FLIP_SEED`.
        let seed = ProcessInfo.processInfo.environment["FLIP_SEED"].flatMap { UInt64($0) } ?? 1
        var random = SeededRandom(seed: seed)
        let first = Int.random(in: 0..<3001, using: &random)
        for place in stride(from: first, to: bytes.count, by: 3001) {
            let copy = try TemporaryDirectory()
            try FileManager.default.createDirectory(
                atPath: copy.state, withIntermediateDirectories: false)
            var damaged = bytes
            damaged[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try damaged.write(to: URL(fileURLWithPath: copy.database))
            do {
                let (_, keys, _) = try await DamagedState.comeUp(copy)
                #expect(
                    !keys.contains { $0.id == "key_revoked" && $0.revokedAt == nil },
                    "first \(first), byte \(place)")
            } catch {
                Issue.record("first \(first), byte \(place): \(error)")
            }
        }
    }
}
