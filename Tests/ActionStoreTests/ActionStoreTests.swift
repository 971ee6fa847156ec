import AgentTestSupport
import ChargeControl
import ChargeModel
import Foundation
import GRDB
import Synchronization
import Testing

@testable import ActionStore

/// What only the store on the disk can promise.
@Suite("The store on the disk")
struct ActionStoreTests {
    @Test("R16: every commit waits for the disk")
    func r16_synchronousIsFullOnTheConnectionThatWrites() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        let (synchronous, journal) = try await store.pool.writeWithoutTransaction { database in
            (
                try Int.fetchOne(database, sql: "PRAGMA synchronous"),
                try String.fetchOne(database, sql: "PRAGMA journal_mode")
            )
        }
        #expect(synchronous == 2)
        #expect(journal == "wal")
        try store.close()
    }

    /// `scripts/check-durability` runs this test alone and counts what reaches the kernel.
    @Test("R16: five hundred commits, one after the other")
    func r16_fiveHundredCommits() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        for number in 0..<500 {
            let action = Action.example("action_\(number)", .charge, .completed)
            try await store.commit(
                StoreChange(
                    actions: [action],
                    intent: IntentChange(charger: .first, intent: .charge, at: .at(0)),
                    idempotency: .example("\(number)", action: action.id)))
        }
        #expect(try await store.actions(ActionQuery(chargers: [.first])).total == 500)
        try store.close()
    }

    @Test("R16: what was committed is in the files when the commit returns")
    func r16_aCopyOfTheFilesHoldsEveryCommit() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        for number in 0..<20 {
            let action = Action.example("action_\(number)", .charge, .completed)
            try await store.commit(StoreChange(actions: [action]))
            let copy = directory.path + "/copy-\(number)"
            try directory.copyDatabase(to: copy)
            let survivor = try ActionStore.open(directory: copy)
            #expect(try await survivor.action(action.id) == action)
            try survivor.close()
        }
        try store.close()
    }

    @Test func everythingSurvivesARestart() async throws {
        let directory = try TemporaryDirectory()
        let done = Action.example("action_1", .charge, .completed)
        let open = Action.example("action_2", .idle, .acknowledged, at: 1)
        let record = IdempotencyRecord.example("a", action: open.id)
        let key = APIKeyMaker.make(name: "garage", environment: .live, at: .at(0)).key
        let first = try ActionStore.open(directory: directory.state)
        try await first.commit(
            StoreChange(
                actions: [done, open],
                intent: IntentChange(
                    charger: .first, intent: .adopted(.amperes(10)), at: .at(1)),
                settings: SettingsChange(
                    charger: .first, maxChargeRate: Watts(11_000), at: .at(1)),
                idempotency: record))
        try await first.insert(key)
        try first.close()

        let second = try ActionStore.open(directory: directory.state)
        let restored = try await second.restore([.first])
        #expect(
            restored == [
                RestoredCharger(
                    charger: .first, intent: .adopted(.amperes(10)), maxChargeRate: Watts(11_000),
                    openAction: open, lastAction: open)
            ])
        #expect(try await second.actions(ActionQuery(chargers: [.first])).actions == [open, done])
        let found = try await second.idempotencyRecord(
            scope: record.scope, key: record.key, now: .at(2))
        #expect(found == record)
        #expect(try await second.keys() == [key])
        try second.close()
    }

    @Test func closingMovesTheLogIntoTheDatabase() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await store.commit(StoreChange(actions: [.example("action_1")]))
        _ = try await store.restore([.first])
        try store.close()
        let files = try FileManager.default.contentsOfDirectory(atPath: directory.state)
        #expect(files == ["evse-agent.sqlite"])
    }

    @Test func aCancelledTaskStillLearnsWhetherItsCommitIsDurable() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        let action = Action.example("action_1")
        let change = StoreChange(actions: [action])
        await withTaskGroup { group in
            group.addTask {
                await #expect(throws: Never.self) { try await store.commit(change) }
            }
            group.cancelAll()
        }
        #expect(try await store.action(action.id) == action)
        try store.close()
    }

    @Test("R29: waiting for changes writes nothing and tells of other processes only")
    func r29_waitingForChangesWritesNothing() async throws {
        let directory = try TemporaryDirectory()
        let daemon = try ActionStore.open(directory: directory.state)
        let told = Counter()
        let watching = Task {
            for await _ in daemon.foreignChanges() { told.add() }
        }
        // Opened and closed for as long as it takes: the task may not be watching yet.
        #expect(
            try await eventually {
                try ActionStore.open(directory: directory.state).close()
                return told.count > 0
            })
        let command = try ActionStore.open(directory: directory.state)
        try await Task.sleep(for: .milliseconds(100))
        let before = told.count
        for number in 0..<50 {
            try await daemon.commit(
                StoreChange(actions: [.example("action_\(number)", .charge, of: .first, .completed)]
                ))
        }
        let files = try FileState.all(in: directory.state)
        try await Task.sleep(for: .milliseconds(100))
        #expect(told.count == before, "our own commits are no news")
        #expect(try FileState.all(in: directory.state) == files)
        let key = APIKeyMaker.make(name: "garage", environment: .live, at: .at(0)).key
        try await command.insert(key)
        try command.close()
        #expect(try await eventually { told.count > before })
        #expect(try await daemon.keys() == [key])
        watching.cancel()
        await watching.value
        try daemon.close()
    }

    /// 1000 pages with their heads, which is when SQLite begins the log again.
    @Test func logHasItsFullSizeAtOnceAndKeepsIt() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        func logSize() throws -> Int {
            try FileManager.default.attributesOfItem(
                atPath: directory.state + "/evse-agent.sqlite-wal")[.size] as? Int ?? 0
        }
        try await store.commit(StoreChange(actions: [.example("action_1", .idle, of: .first)]))
        #expect(try logSize() < 200_000)
        try await store.growLog()
        let size = try logSize()
        #expect(size > 1000 * 4120)
        let before = try FileState.all(in: directory.state)
        try await store.growLog()
        #expect(try FileState.all(in: directory.state) == before, "once is enough")
        for number in 0..<400 {
            try await store.commit(
                StoreChange(actions: [
                    .example("action_1", .idle, of: .first, at: Int64(number))
                ]))
        }
        #expect(try logSize() == size, "begun again, and not made longer")
        #expect(try await store.action(Action.ID("action_1"))?.createdAt == .at(399))
        try store.close()
    }

    @Test("R29: reading writes nothing")
    func r29_readingWritesNothing() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await store.commit(StoreChange(actions: [.example("action_1")]))
        let files = try FileState.all(in: directory.state)
        for _ in 0..<100 {
            _ = try await store.restore([.first])
            _ = try await store.actions(ActionQuery(chargers: [.first]))
            _ = try await store.keys()
            _ = try await store.idempotencyRecord(scope: "s", key: "a", now: .at(0))
        }
        #expect(try FileState.all(in: directory.state) == files)
        try store.close()
    }

    @Test("R31: the state belongs to its user alone")
    func r31_filesArePrivate() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        try await store.commit(StoreChange(actions: [.example("action_1")]))
        func mode(_ path: String) throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        }
        #expect(try mode(directory.state) == 0o700)
        for suffix in ["", "-wal", "-shm"] {
            #expect(try mode(directory.database + suffix) == 0o600)
        }
        try store.close()
    }

    @Test("R32: no file holds the text of a key")
    func r32_noFileHoldsTheTextOfAKey() async throws {
        let directory = try TemporaryDirectory()
        let store = try ActionStore.open(directory: directory.state)
        var secrets: [String] = []
        for environment in APIEnvironment.allCases {
            let made = APIKeyMaker.make(
                name: "name-\(environment)", environment: environment, at: .at(0))
            secrets.append(made.secret)
            try await store.insert(made.key)
            // A refused insert must not leave it in a log either.
            await expectRefusal { try await store.insert(made.key) }
        }
        _ = try await store.revoke("name-live", at: .at(1))
        // Once with the log, once after it was moved into the database.
        for isClosed in [false, true] {
            if isClosed { try store.close() }
            let files = try FileState.contents(in: directory.state)
            for secret in secrets {
                let random = secret.dropFirst("amps_sk_test_".count)
                #expect(!files.contains(Data(random.utf8)))
                #expect(!files.contains(Data(random.prefix(8).utf8)))
            }
            #expect(files.contains(Data("name-live".utf8)), "the search does not work")
        }
    }
}

/// What a write would change of a file.
private struct FileState: Equatable {
    var name: String
    var size: Int
    var modified: Date

    /// Of every file but the index in shared memory, which is never written to the disk in a way
    /// that matters: it is rebuilt after a crash.
    static func all(in directory: String) throws -> [FileState] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            .filter { !$0.hasSuffix("-shm") }
            .map { name in
                let attributes = try FileManager.default.attributesOfItem(
                    atPath: directory + "/" + name)
                return FileState(
                    name: name, size: try #require(attributes[.size] as? Int),
                    modified: try #require(attributes[.modificationDate] as? Date))
            }
    }

    static func contents(in directory: String) throws -> Data {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted().reduce(
            into: Data()
        ) { contents, name in
            contents += try Data(contentsOf: URL(fileURLWithPath: directory + "/" + name))
        }
    }
}

extension Data {
    fileprivate func contains(_ part: Data) -> Bool { range(of: part) != nil }
}

private final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add() {
        value.withLock { $0 += 1 }
    }
}
