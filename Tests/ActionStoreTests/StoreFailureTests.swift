import ChargeControl
import ChargeModel
import Foundation
import GRDB
import Testing

@testable import ActionStore

@Suite("Failures of the store")
struct StoreFailureTests {
    private let change = StoreChange(actions: [.example("action_1")])

    @Test("R18: a database that cannot be written is unavailable, and works again afterwards")
    func r18_aReadOnlyDatabaseIsUnavailable() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        func setReadOnly(_ isOn: Bool) async throws {
            try await store.pool.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA query_only = \(isOn)")
            }
        }
        try await setReadOnly(true)
        let error = await #expect(throws: StoreError.self) { try await store.commit(change) }
        #expect(error?.isUnavailable == true)
        #expect(try await store.action(Action.ID("action_1")) == nil)
        try await setReadOnly(false)
        try await store.commit(change)
        try store.close()
    }

    @Test("R18: a full disk is full, and what was refused is not there")
    func r18_aFullDiskIsFull() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await store.pool.writeWithoutTransaction { database in
            let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
            try database.execute(sql: "PRAGMA max_page_count = \(pages + 2)")
        }
        var accepted = 0
        var failure: StoreError?
        // 200 actions need more than two pages.
        for number in 0..<200 where failure == nil {
            do {
                try await store.commit(
                    StoreChange(actions: [.example("action_\(number)", .charge, .completed)]))
                accepted += 1
            } catch {
                failure = error
            }
        }
        #expect(failure == .full)
        #expect(try await store.actions(ActionQuery(chargers: [.first])).total == accepted)
        try store.close()
    }

    /// `scripts/check-durability` runs this test alone while a sync fails now and then: commits are
    /// refused, and killing the process right after must not bring them back from the log.
    @Test("R18: a refused commit does not come back")
    func r18_aRefusedCommitDoesNotComeBack() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        var accepted: [Action.ID] = []
        for number in 0..<40 {
            let action = Action.example("action_\(number)", .charge, .completed, at: Int64(number))
            do {
                try await store.commit(StoreChange(actions: [action]))
                accepted.insert(action.id, at: 0)
            } catch {
                #expect(error.isUnavailable)
            }
            let survivor = directory.path + "/survivor-\(number)"
            try directory.copyDatabase(to: survivor)
            // Read without the store, whose opening needs syncs that work.
            let found = try await DatabaseQueue(path: survivor + "/evse-agent.sqlite").read {
                try String.fetchAll($0, sql: "SELECT id FROM actions ORDER BY created_at_ms DESC")
            }
            #expect(found == accepted.map(\.rawValue))
        }
        #expect(!accepted.isEmpty)
        try store.close()
    }

    @Test("R18: a database that another process holds is unavailable after a bound")
    func r18_aHeldDatabaseIsUnavailable() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let other = try DatabaseQueue(path: directory.database, configuration: configuration)
        try await other.writeWithoutTransaction { try $0.beginTransaction(.immediate) }
        let error = await #expect(throws: StoreError.self) { try await store.commit(change) }
        #expect(error?.isUnavailable == true)
        try await other.writeWithoutTransaction { try $0.rollback() }
        try await store.commit(change)
        try other.close()
        try store.close()
    }

    @Test("R18: a file of garbage is corrupt, and the message says what to do")
    func r18_aFileOfGarbageIsCorrupt() throws {
        for size in [2, 100, 10_000] {
            let directory = try TemporaryDirectory()
            try FileManager.default.createDirectory(
                atPath: directory.state, withIntermediateDirectories: false)
            try Data(repeating: 0x55, count: size).write(
                to: URL(fileURLWithPath: directory.database))
            let error = #expect(throws: StoreError.self) {
                try ActionStore.open(directory: directory.state)
            }
            #expect(error?.isCorrupt == true, "\(size) bytes: \(String(describing: error))")
            #expect(error?.reason.contains(directory.database) == true)
            #expect(error?.reason.contains("Move it") == true)
        }
    }

    @Test("R18: flipped bytes in a page are found at the start")
    func r18_aDamagedDatabaseIsCorrupt() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        for number in 0..<100 {
            try await store.commit(
                StoreChange(actions: [.example("action_\(number)", .charge, .completed)]))
        }
        try store.close()
        let url = URL(fileURLWithPath: directory.database)
        var bytes = try Data(contentsOf: url)
        let pageSize = 4096
        // The head of every page but the first, which holds the schema.
        for page in stride(from: pageSize, to: bytes.count, by: pageSize) {
            bytes.replaceSubrange(page..<page + 16, with: Data(repeating: 0xA5, count: 16))
        }
        try bytes.write(to: url)
        let error = #expect(throws: StoreError.self) {
            try ActionStore.open(directory: directory.state)
        }
        #expect(error?.isCorrupt == true, "\(String(describing: error))")
    }

    @Test func aDatabaseOfAnotherProgramIsLeftAlone() async throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.state, withIntermediateDirectories: false)
        let other = try DatabaseQueue(path: directory.database)
        try await other.write { try $0.execute(sql: "CREATE TABLE songs (title TEXT)") }
        try other.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: directory.database))
        let error = #expect(throws: StoreError.self) {
            try ActionStore.open(directory: directory.state)
        }
        #expect(error?.isCorrupt == true)
        #expect(try Data(contentsOf: URL(fileURLWithPath: directory.database)) == before)
    }

    @Test func aDatabaseOfANewerReleaseIsNotCalledCorrupt() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await store.pool.write { database in
            try database.execute(
                sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99: from the future')")
        }
        try store.close()
        let error = #expect(throws: StoreError.self) {
            try ActionStore.open(directory: directory.state)
        }
        #expect(error?.isUnavailable == true)
        #expect(error?.reason.contains("newer release") == true)
    }

    @Test func anUnreadableRowIsCorruptAndNotACrash() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await store.commit(change)
        try await store.pool.write { database in
            try database.execute(
                sql: """
                    UPDATE actions SET state = 'failed', error_code = 'FROM_THE_FUTURE',
                    error_message = ''
                    """)
        }
        let error = await #expect(throws: StoreError.self) {
            try await store.action(Action.ID("action_1"))
        }
        #expect(error?.isCorrupt == true)
        try store.close()
    }

    @Test func everyCodeOfSQLiteMeansOneOfThreeThings() {
        let expected: [(ResultCode, (StoreError) -> Bool)] = [
            (.SQLITE_FULL, { $0 == .full }),
            (.SQLITE_IOERR, \.isUnavailable),
            (.SQLITE_IOERR_FSYNC, \.isUnavailable),
            (.SQLITE_READONLY, \.isUnavailable),
            (.SQLITE_READONLY_DBMOVED, \.isUnavailable),
            (.SQLITE_BUSY, \.isUnavailable),
            (.SQLITE_CANTOPEN, \.isUnavailable),
            (.SQLITE_CONSTRAINT_UNIQUE, \.isUnavailable),
            (.SQLITE_CORRUPT, \.isCorrupt),
            (.SQLITE_NOTADB, \.isCorrupt),
        ]
        for (code, isExpected) in expected {
            let error = StoreError(DatabaseError(resultCode: code))
            #expect(isExpected(error), "\(code): \(error)")
        }
    }

    @Test func aReasonHoldsNoArguments() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        let key = APIKeyMaker.make(name: "garage", environment: .live, at: .at(0)).key
        try await store.insert(key)
        let error = await #expect(throws: StoreError.self) { try await store.insert(key) }
        #expect(error?.reason.contains("api_keys") == true)
        #expect(error?.reason.contains(key.id) == false)
        #expect(error?.reason.contains("INSERT") == false)
        try store.close()
    }
}

extension StoreError {
    fileprivate var isUnavailable: Bool {
        guard case .unavailable = self else { return false }
        return true
    }

    fileprivate var isCorrupt: Bool {
        guard case .corrupt = self else { return false }
        return true
    }

    fileprivate var reason: String {
        switch self {
        case .full: ""
        case .unavailable(let reason), .corrupt(let reason): reason
        }
    }
}
