import ActionStore
import ChargeControl
import Foundation
import Testing

@Suite("The state directory")
struct StateDirectoryTests {
    @Test func oneAgentRunsPerStateDirectory() throws {
        let directory = try TemporaryDirectory()
        let lock = try StateDirectoryLock.acquire(directory: directory.state)
        let error = #expect(throws: StateDirectoryError.self) {
            try StateDirectoryLock.acquire(directory: directory.state)
        }
        let process = Int(ProcessInfo.processInfo.processIdentifier)
        #expect(error == .inUse(path: directory.state, process: process))
        #expect(error?.description.contains("process \(process)") == true)
        // The commands for keys work beside the daemon.
        try ActionStore.open(directory: directory.state).close()
        withExtendedLifetime(lock) {}
    }

    @Test func theLockGoesWithItsHolder() throws {
        let directory = try TemporaryDirectory()
        do {
            let lock = try StateDirectoryLock.acquire(directory: directory.state)
            withExtendedLifetime(lock) {}
        }
        _ = try StateDirectoryLock.acquire(directory: directory.state)
    }

    /// A directory of somebody else: root can give one away, others find one that is root's.
    private func withForeignDirectory(_ body: (String) throws -> Void) throws {
        guard geteuid() == 0 else { return try body("/") }
        let directory = try TemporaryDirectory()
        try ActionStore.open(directory: directory.state).close()
        try #require(chown(directory.state, 12_345, 12_345) == 0)
        try body(directory.state)
    }

    @Test func theDirectoryOfAnotherUserIsRefused() throws {
        try withForeignDirectory { path in
            let error = #expect(throws: StoreError.self) { try ActionStore.open(directory: path) }
            guard case .unavailable(let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(reason.contains("belongs to the user"))
            #expect(reason.contains("sudo -u"))
            #expect(throws: StateDirectoryError.self) {
                try StateDirectoryLock.acquire(directory: path)
            }
        }
    }

    @Test func theDatabaseOfAnotherUserIsRefused() throws {
        // Only root can make one inside of a directory of its own.
        guard geteuid() == 0 else { return }
        let directory = try TemporaryDirectory()
        try ActionStore.open(directory: directory.state).close()
        try #require(chown(directory.database, 12_345, 12_345) == 0)
        let error = #expect(throws: StoreError.self) {
            try ActionStore.open(directory: directory.state)
        }
        #expect("\(String(describing: error))".contains("belongs to the user 12345"))
    }

    @Test func aMissingParentIsNamed() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/missing/state"
        let error = #expect(throws: StoreError.self) { try ActionStore.open(directory: path) }
        #expect("\(String(describing: error))".contains(path))
    }

    @Test func aFileIsNotAStateDirectory() throws {
        let directory = try TemporaryDirectory()
        try Data().write(to: URL(fileURLWithPath: directory.state))
        #expect(throws: StoreError.self) { try ActionStore.open(directory: directory.state) }
    }
}
