import ChargeControl
import ChargeModel
import Foundation
import GRDB
import Testing

@testable import ActionStore

/// A damaged database, really damaged, and what becomes of it.
@Suite("R18: damaged databases")
struct R18SetAsideTests {
    enum Damage: String, CaseIterable {
        case garbage, header, identity, schemaName, migrationName, zeroedFirstPage, zeroedPages
        case truncated, truncatedInAPage, halfOverwritten
    }

    /// A state directory with actions, settings, a valid and a revoked key, as a clean end leaves it.
    private func makeState() async throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await fill(store)
        try store.close()
        return directory
    }

    private func fill(_ store: ActionStore) async throws {
        for (name, hash) in [("valid", UInt8(1)), ("revoked", 2)] {
            try await store.insert(
                APIKey(
                    id: "key_\(name)", name: name, environment: .live, user: nil,
                    isReadOnly: false, hash: [UInt8](repeating: hash, count: 32),
                    createdAt: .at(0)))
        }
        try await store.commit(
            StoreChange(
                intent: IntentChange(charger: .first, intent: .charge, at: .at(0)),
                settings: SettingsChange(charger: .first, maxChargeRate: Watts(3700), at: .at(0))))
        for number in 0..<60 {
            try await store.commit(
                StoreChange(actions: [.example("action_\(number)", .charge, .completed)]))
        }
        _ = try await store.revoke("revoked", at: .at(1))
    }

    /// Opens as the daemon does, and shows that the store works.
    @discardableResult
    private func comeUp(
        _ directory: TemporaryDirectory
    ) async throws -> (setAside: String?, keys: [APIKey], restored: RestoredCharger) {
        let lock = try StateDirectoryLock.acquire(directory: directory.state)
        let (store, setAside) = try ActionStore.openOrSetAside(
            directory: directory.state, holding: lock)
        let restored = try #require(try await store.restore([.first]).first)
        let keys = try await store.keys()
        try await store.commit(
            StoreChange(actions: [.example("after", .idle, of: .second, .completed)]))
        #expect(try await store.action(Action.ID("after")) != nil)
        try store.close()
        return (setAside, keys, restored)
    }

    private func apply(_ damage: Damage, to path: String) throws {
        let url = URL(fileURLWithPath: path)
        var bytes = try Data(contentsOf: url)
        func replace(_ text: String, _ other: String) throws {
            let range = try #require(bytes.range(of: Data(text.utf8)))
            bytes.replaceSubrange(range, with: Data(other.utf8))
        }
        switch damage {
        case .garbage: bytes = Data(repeating: 0x55, count: 5000)
        case .header: bytes[5] ^= 0x10
        case .identity: bytes[69] ^= 0x01
        case .schemaName: try replace("TABLE actions", "TABLE bctions")
        case .migrationName: try replace("2: deferred", "3: deferred")
        case .zeroedFirstPage: bytes.replaceSubrange(0..<4096, with: Data(count: 4096))
        case .zeroedPages:
            bytes.replaceSubrange(4096..<bytes.count, with: Data(count: bytes.count - 4096))
        case .truncated: bytes = bytes.prefix(bytes.count / 2 / 4096 * 4096)
        case .truncatedInAPage: bytes = bytes.prefix(bytes.count - 1000)
        case .halfOverwritten:
            bytes.replaceSubrange(
                bytes.count / 2..<bytes.count, with: Data(repeating: 0xA5, count: bytes.count / 2))
        }
        try bytes.write(to: url)
    }

    @Test("R18: a damaged database is set aside, and the store works", arguments: Damage.allCases)
    func r18_aDamagedDatabaseIsSetAside(_ damage: Damage) async throws {
        let directory = try await makeState()
        try apply(damage, to: directory.database)
        let damaged = try Data(contentsOf: URL(fileURLWithPath: directory.database))
        #expect(throws: StoreError.self) { try ActionStore.open(directory: directory.state) }
        let (setAside, keys, restored) = try await comeUp(directory)
        let message = try #require(setAside)
        let aside = try #require(
            try FileManager.default.contentsOfDirectory(atPath: directory.state)
                .first {
                    $0.contains(".corrupt-") && !$0.hasSuffix("-wal") && !$0.hasSuffix("-shm")
                })
        #expect(message.contains(aside))
        #expect(message.contains("API key"))
        // Nothing was written to what was set aside. (SQLite itself begins to, in those that open.)
        if ![.migrationName, .truncatedInAPage].contains(damage) {
            let kept = URL(fileURLWithPath: directory.state + "/" + aside)
            #expect(try Data(contentsOf: kept) == damaged)
        }
        // The first start, as far as what is wanted is concerned.
        #expect(restored.intent == nil && restored.lastAction == nil)
        #expect(!keys.contains { $0.id == "key_revoked" && $0.revokedAt == nil })
        // And only once.
        let again = try await comeUp(directory)
        #expect(again.setAside == nil)
        #expect(again.keys == keys)
    }

    @Test func keysAndSettingsAreTakenOverWhereTheirTablesAreSound() async throws {
        let directory = try await makeState()
        let before = try ActionStore.open(directory: directory.state)
        let original = try await before.keys()
        try before.close()
        let twin = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: directory.database, toPath: twin.state)
        try zeroRoot(of: "actions", in: directory.database, as: twin.state)
        let (setAside, keys, restored) = try await comeUp(directory)
        #expect(setAside?.contains("2 API keys and 1 setting were taken over") == true)
        #expect(keys == original)
        #expect(keys.map(\.revokedAt) == [nil, .at(1)])
        #expect(restored.maxChargeRate == Watts(3700))
    }

    @Test func noKeyIsTakenOverIfARevocationMayBeMissing() async throws {
        let directory = try await makeState()
        let store = try ActionStore.open(directory: directory.state)
        let valid = try #require(try await store.keys().first)
        _ = try await store.revoke(valid.id, at: .at(2))
        let copy = try TemporaryDirectory()
        try directory.copyDatabase(to: copy.state)
        try store.close()
        // A bit of the log, so that SQLite passes over the revocation; and a table, so that the
        // database is set aside.
        let log = URL(fileURLWithPath: copy.database + "-wal")
        var bytes = try Data(contentsOf: log)
        #expect(WriteAheadLogCheck.lostCommits(in: [UInt8](bytes)) == 0)
        bytes[100] ^= 1
        try bytes.write(to: log)
        #expect(WriteAheadLogCheck.lostCommits(in: [UInt8](bytes)) != 0)
        try zeroRoot(of: "actions", in: copy.database, as: directory.database)
        let (setAside, keys, restored) = try await comeUp(copy)
        #expect(setAside?.contains("no API keys (the log is damaged") == true)
        #expect(keys == [])
        #expect(restored.maxChargeRate == Watts(3700))
    }

    @Test("R12: commits that the log has lost do not bring an older intent back")
    func r12_lostCommitsAreDamage() async throws {
        let directory = try await makeState()
        let store = try ActionStore.open(directory: directory.state)
        for intent in [ChargeIntent.charge, .idle, .adopted(.zero)] {
            try await store.commit(
                StoreChange(
                    intent: IntentChange(charger: .first, intent: intent, at: .at(1))))
        }
        let copy = try TemporaryDirectory()
        try directory.copyDatabase(to: copy.state)
        try store.close()
        let log = URL(fileURLWithPath: copy.database + "-wal")
        let whole = try Data(contentsOf: log)
        for (place, isSetAside) in [(100, true), (whole.count - 100, false)] {
            let damaged = try TemporaryDirectory()
            try FileManager.default.copyItem(atPath: copy.state, toPath: damaged.state)
            var bytes = whole
            bytes[place] ^= 1
            try bytes.write(to: URL(fileURLWithPath: damaged.database + "-wal"))
            let (setAside, keys, restored) = try await comeUp(damaged)
            #expect((setAside != nil) == isSetAside)
            // A last commit that is not whole looks like one that a power cut has stopped, and such a
            // one was never acknowledged.
            #expect(restored.intent == (isSetAside ? nil : .idle))
            #expect(keys.isEmpty == isSetAside)
        }
        let (setAside, _, restored) = try await comeUp(copy)
        #expect(setAside == nil)
        #expect(restored.intent == .adopted(.zero))
    }

    /// Overwrites the first page of a table.
    ///
    /// - Parameter twin: A sound copy of the database, to look the page up in.
    private func zeroRoot(of table: String, in path: String, as twin: String) throws {
        let queue = try DatabaseQueue(path: twin)
        let root = try queue.read { database in
            try Int.fetchOne(
                database, sql: "SELECT rootpage FROM sqlite_schema WHERE name = ?",
                arguments: [table]) ?? 0
        }
        try queue.close()
        let url = URL(fileURLWithPath: path)
        var bytes = try Data(contentsOf: url)
        bytes.replaceSubrange((root - 1) * 4096..<root * 4096, with: Data(count: 4096))
        try bytes.write(to: url)
    }

    @Test func theCheckOfTheLogSeesEveryFlippedByteOfACommit() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        for number in 0..<4 {
            try await store.commit(StoreChange(actions: [.example("a", at: Int64(number))]))
        }
        let log = [UInt8](try Data(contentsOf: URL(fileURLWithPath: directory.database + "-wal")))
        #expect(WriteAheadLogCheck.lostCommits(in: log) == 0)
        // All but the last commit, whose frames end the log: from the middle backwards.
        for place in stride(from: 0, to: log.count / 2, by: 61) {
            var damaged = log
            damaged[place] ^= 0x40
            #expect(WriteAheadLogCheck.lostCommits(in: damaged) != 0, "byte \(place)")
        }
        // The rolled-back filling of the log is no lost commit.
        try await store.growLog()
        try await store.commit(StoreChange(actions: [.example("a", at: 9)]))
        #expect(try WriteAheadLogCheck.lostCommits(at: directory.database + "-wal") == 0)
        #expect(try WriteAheadLogCheck.lostCommits(at: directory.database + "-missing") == 0)
        #expect(try WriteAheadLogCheck.lostCommits(at: directory.database) == nil)
        try store.close()
    }

    @Test("R18: a log of garbage does not keep the agent down")
    func r18_aLogOfGarbageIsPassedOver() async throws {
        let directory = try await makeState()
        try Data(repeating: 0x37, count: 100_000).write(
            to: URL(fileURLWithPath: directory.database + "-wal"))
        let (_, keys, restored) = try await comeUp(directory)
        #expect(keys.map(\.revokedAt) == [nil, .at(1)])
        #expect(restored.intent == .charge)
    }

    @Test("R18: whatever byte is flipped, the store comes up and no revoked key is valid")
    func r18_anyFlippedByte() async throws {
        let directory = try await makeState()
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
                let (_, keys, _) = try await comeUp(copy)
                #expect(
                    !keys.contains { $0.id == "key_revoked" && $0.revokedAt == nil },
                    "first \(first), byte \(place)")
            } catch {
                Issue.record("first \(first), byte \(place): \(error)")
            }
        }
    }

    @Test func whatIsNotDamagedIsNotSetAside() async throws {
        func expectRefused(_ directory: TemporaryDirectory) throws {
            let lock = try StateDirectoryLock.acquire(directory: directory.state)
            #expect(throws: StoreError.self) {
                try ActionStore.openOrSetAside(directory: directory.state, holding: lock)
            }
            let files = try FileManager.default.contentsOfDirectory(atPath: directory.state)
            #expect(!files.contains { $0.contains(".corrupt-") })
        }
        let newer = try await makeState()
        let store = try ActionStore.open(directory: newer.state)
        try await store.pool.write { database in
            try database.execute(
                sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99: from the future')")
        }
        try store.close()
        try expectRefused(newer)

        let foreign = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: foreign.state, withIntermediateDirectories: false)
        let songs = try DatabaseQueue(path: foreign.database)
        try await songs.write { try $0.execute(sql: "CREATE TABLE songs (title TEXT)") }
        try songs.close()
        try expectRefused(foreign)

        let held = try await makeState()
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let holder = try DatabaseQueue(path: held.database, configuration: configuration)
        try await holder.writeWithoutTransaction {
            try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        }
        try expectRefused(held)
        try await holder.writeWithoutTransaction { try $0.rollback() }
        try holder.close()
    }

    @Test("R18: every kind of commit is refused as full, and works once there is room")
    func r18_aFullDiskRefusesEveryKindOfCommit() async throws {
        let directory = try await makeState()
        let store = try ActionStore.open(directory: directory.state)
        func setPages(_ count: Int) async throws {
            try await store.pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA max_page_count = \(count)")
            }
        }
        // Fills what is left of pages that are begun.
        try await setPages(1)
        let long = String(repeating: "x", count: 50_000)
        var action = Action.example("long", .charge, .completed)
        action.message = long
        var schedule = RecurringSchedule.example()
        schedule.slots = (0..<700).map {
            ScheduleSlot(startMinute: $0 * 2, durationMinutes: 1, command: .idle)
        }
        let changes = [
            StoreChange(actions: [action]), schedule.change,
            StoreChange(
                idempotency: .example("k", scope: String(repeating: "s", count: 50_000))),
        ]
        for change in changes {
            let error = await #expect(throws: StoreError.self) { try await store.commit(change) }
            #expect(error == .full)
        }
        #expect(try await store.action(action.id) == nil)
        try await setPages(1_000_000)
        for change in changes { try await store.commit(change) }
        #expect(try await store.restore([.first]).first?.schedule == schedule)
        try store.close()
    }
}
