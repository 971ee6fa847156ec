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
        let directory = try await DamagedState.make()
        try apply(damage, to: directory.database)
        let damaged = try Data(contentsOf: URL(fileURLWithPath: directory.database))
        #expect(throws: StoreError.self) { try ActionStore.open(directory: directory.state) }
        let (setAside, keys, restored) = try await DamagedState.comeUp(directory)
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
        let again = try await DamagedState.comeUp(directory)
        #expect(again.setAside == nil)
        #expect(again.keys == keys)
    }

    @Test func keysAndSettingsAreTakenOverWhereTheirTablesAreSound() async throws {
        let directory = try await DamagedState.make()
        let before = try ActionStore.open(directory: directory.state)
        let original = try await before.keys()
        try before.close()
        let twin = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: directory.database, toPath: twin.state)
        try zeroRoot(of: "actions", in: directory.database, as: twin.state)
        let (setAside, keys, restored) = try await DamagedState.comeUp(directory)
        #expect(setAside?.contains("2 API keys and 1 setting were taken over") == true)
        #expect(keys == original)
        #expect(keys.map(\.revokedAt) == [nil, .at(1)])
        #expect(restored.maxChargeRate == Watts(3700))
    }

    @Test func noKeyIsTakenOverIfARevocationMayBeMissing() async throws {
        let directory = try await DamagedState.make()
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
        let (setAside, keys, restored) = try await DamagedState.comeUp(copy)
        #expect(setAside?.contains("no API keys (the log is damaged") == true)
        #expect(keys == [])
        #expect(restored.maxChargeRate == Watts(3700))
    }

    @Test("R12: commits that the log has lost do not bring an older intent back")
    func r12_lostCommitsAreDamage() async throws {
        let directory = try await DamagedState.make()
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
            let (setAside, keys, restored) = try await DamagedState.comeUp(damaged)
            #expect((setAside != nil) == isSetAside)
            // A last commit that is not whole looks like one that a power cut has stopped, and such a
            // one was never acknowledged.
            #expect(restored.intent == (isSetAside ? nil : .idle))
            #expect(keys.isEmpty == isSetAside)
        }
        let (setAside, _, restored) = try await DamagedState.comeUp(copy)
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
        let directory = try await DamagedState.make()
        try Data(repeating: 0x37, count: 100_000).write(
            to: URL(fileURLWithPath: directory.database + "-wal"))
        let (_, keys, restored) = try await DamagedState.comeUp(directory)
        #expect(keys.map(\.revokedAt) == [nil, .at(1)])
        #expect(restored.intent == .charge)
    }

    @Test(
        "R18: a database that was emptied or removed is no new one in silence",
        arguments: [false, true])
    func r18_anEmptiedDatabaseIsTold(isRemoved: Bool) async throws {
        let directory = try await DamagedState.make()
        let log = try SecurityLog.open(directory: directory.state)
        await log.record(
            SecurityEvent(
                .started(version: "1.0"),
                at: TimePoint(monotonic: MonotonicInstant(nanoseconds: 0), wall: .at(0))))
        if isRemoved {
            try FileManager.default.removeItem(atPath: directory.database)
        } else {
            try Data().write(to: URL(fileURLWithPath: directory.database))
            // A command of keys must not make it a new one either.
            let error = #expect(throws: StoreError.self) {
                try ActionStore.open(directory: directory.state)
            }
            #expect(error?.logReason.contains("it is empty") == true)
        }
        let (setAside, keys, restored) = try await DamagedState.comeUp(directory)
        #expect(setAside?.contains(isRemoved ? "is missing" : "it is empty") == true)
        #expect(setAside?.contains("evse-agent keys create") == true)
        #expect(keys == [] && restored.intent == nil)
        #expect(try await DamagedState.comeUp(directory).setAside == nil, "only once")
    }

    @Test func aLogWithoutItsDatabaseIsDamage() async throws {
        let directory = try await DamagedState.make()
        try Data().write(to: URL(fileURLWithPath: directory.database))
        try Data(repeating: 1, count: 5_000).write(
            to: URL(fileURLWithPath: directory.database + "-wal"))
        #expect(try await DamagedState.comeUp(directory).setAside?.contains("it is empty") == true)
    }

    @Test func aVeryFirstStartSaysNothing() async throws {
        let directory = try TemporaryDirectory()
        #expect(try await DamagedState.comeUp(directory).setAside == nil)
        // Nor one that was stopped when it had just made the file.
        let stopped = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: stopped.state, withIntermediateDirectories: false)
        try Data().write(to: URL(fileURLWithPath: stopped.database))
        #expect(try await DamagedState.comeUp(stopped).setAside == nil)
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
        let newer = try await DamagedState.make()
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

        let held = try await DamagedState.make()
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
        let directory = try await DamagedState.make()
        let store = try ActionStore.open(directory: directory.state)
        func setPages(_ count: Int) async throws {
            try await store.pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA max_page_count = \(count)")
            }
        }
        var schedule = RecurringSchedule.example()
        schedule.slots = (0..<48).map {
            ScheduleSlot(startMinute: $0 * 30, durationMinutes: 29, command: .charge)
        }
        // So that the next schedule needs a page of its own.
        for number in 2...3 {
            var other = RecurringSchedule.example("sched_\(number)", of: ChargerID("\(number)"))
            other.slots = schedule.slots
            try await store.commit(other.change)
        }
        // Fills what is left of pages that are begun.
        try await setPages(1)
        let long = String(repeating: "x", count: 50_000)
        var action = Action.example("long", .charge, .completed)
        action.message = long
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
