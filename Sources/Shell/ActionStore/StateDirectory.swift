import Glibc

/// The directory that holds everything that outlives the process.
struct StateDirectory: Sendable {
    let path: String

    var databasePath: String { path + "/evse-agent.sqlite" }
    var lockPath: String { path + "/evse-agent.lock" }

    /// Whether the agent has run here before, as far as files beside the database show it.
    var isUsed: Bool {
        [LogFiles(directory: self).current, databasePath + "-wal"]
            .contains { size(of: $0) ?? 0 > 0 }
    }

    /// In bytes; nil for a file that is not there.
    func size(of file: String) -> Int? {
        var status = stat()
        return stat(file, &status) == 0 ? Int(status.st_size) : nil
    }

    /// Makes the directory, with mode 0700, if it is missing; its parent must exist.
    ///
    /// - Throws: If it belongs to another user than the one that this process runs as.
    static func prepare(_ path: String) throws(StateDirectoryError) -> StateDirectory {
        let isNew = mkdir(path, 0o700) == 0
        guard isNew || errno == EEXIST else {
            throw .system(path: path, operation: "create the state directory", errno: errno)
        }
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .system(path: path, operation: "open the state directory", errno: errno)
        }
        defer { Glibc.close(descriptor) }
        try checkOwner(of: descriptor, at: path)
        return StateDirectory(path: path)
    }

    /// Makes the database file with mode 0600, where SQLite by itself would let the group and others
    /// read; the log and its index take over the mode. Narrows the mode of a file that is there.
    func prepareDatabaseFile() throws(StateDirectoryError) {
        let descriptor = try openPrivate(databasePath)
        defer { Glibc.close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else {
            throw .system(path: databasePath, operation: "set the mode of the file", errno: errno)
        }
        // The name of a new file is durable only once its directory is.
        let directory = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else {
            throw .system(path: path, operation: "open the state directory", errno: errno)
        }
        defer { Glibc.close(directory) }
        guard fsync(directory) == 0 else {
            throw .system(path: path, operation: "sync the state directory", errno: errno)
        }
    }

    /// Opens a file of this directory, and makes it with mode 0600 if it is missing.
    ///
    /// - Returns: A descriptor that the caller must close.
    func openPrivate(_ file: String) throws(StateDirectoryError) -> CInt {
        let descriptor = Glibc.open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw .system(path: file, operation: "open the file", errno: errno)
        }
        do {
            try Self.checkOwner(of: descriptor, at: file)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    /// The daemon must own what it writes: files that root has made would lock it out later.
    private static func checkOwner(
        of descriptor: CInt, at path: String
    ) throws(StateDirectoryError) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .system(path: path, operation: "read the owner", errno: errno)
        }
        let user = geteuid()
        guard status.st_uid == user else {
            throw .foreignOwner(
                path: path, owner: Self.userName(status.st_uid), user: Self.userName(user))
        }
    }

    /// The name of a user, or the number where there is no name.
    private static func userName(_ user: uid_t) -> String {
        // The names and paths of one entry; 4 KiB is four times what glibc suggests.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 4096) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let start = buffer.baseAddress,
                getpwuid_r(user, &entry, start, buffer.count, &found) == 0,
                found != nil, let name = entry.pw_name
            else { return "\(user)" }
            return String(cString: name)
        }
    }
}

/// Why a state directory cannot be used.
package enum StateDirectoryError: Error, Hashable, Sendable, CustomStringConvertible {
    case foreignOwner(path: String, owner: String, user: String)
    /// `process` is the id that the holder wrote into the lock file, if it can be read.
    case inUse(path: String, process: Int?)
    case system(path: String, operation: String, errno: CInt)

    package var description: String {
        switch self {
        case .foreignOwner(let path, let owner, let user):
            """
            \(path) belongs to the user \(owner), and this command runs as \(user): files made now \
            would lock \(owner) out. Run it as that user: sudo -u \(owner) evse-agent ...
            """
        case .inUse(let path, let process):
            """
            another evse-agent\(process.map { " (process \($0))" } ?? "") runs with the state \
            directory \(path). Stop it, or give this one a state directory of its own
            """
        case .system(let path, let operation, let errno):
            "cannot \(operation) \(path): \(String(cString: strerror(errno)))"
        }
    }
}

/// Held while an agent runs: two agents that drive the same wallboxes would fight. Key commands do
/// not take it; they work beside the daemon.
///
/// The kernel releases it with the process, however that ends.
package final class StateDirectoryLock: Sendable {
    private let descriptor: CInt

    private init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        Glibc.close(descriptor)
    }

    /// Takes the lock of a state directory, which is made if it is missing. Does not wait.
    ///
    /// - Throws: ``StateDirectoryError/inUse(path:process:)`` if another agent holds it.
    package static func acquire(
        directory path: String
    ) throws(StateDirectoryError) -> StateDirectoryLock {
        let directory = try StateDirectory.prepare(path)
        let descriptor = try directory.openPrivate(directory.lockPath)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = readProcess(descriptor)
            Glibc.close(descriptor)
            guard reason == EWOULDBLOCK else {
                throw .system(path: directory.lockPath, operation: "lock", errno: reason)
            }
            throw .inUse(path: path, process: holder)
        }
        let lock = StateDirectoryLock(descriptor: descriptor)
        try lock.writeProcess(at: directory.lockPath)
        return lock
    }

    /// Who holds the lock of a state directory.
    package struct Holder: Hashable, Sendable {
        /// The id that it wrote into the lock file, if it can be read.
        package var process: Int?
    }

    /// Whether an agent runs with a state directory, without taking its place; nil when none does, or
    /// none can be seen.
    package static func holder(directory path: String) -> Holder? {
        let lock = StateDirectory(path: path).lockPath
        let descriptor = Glibc.open(lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        // A shared lock is refused while somebody has the exclusive one, and is gone with the file.
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else { return nil }
        return Holder(process: readProcess(descriptor))
    }

    private func writeProcess(at path: String) throws(StateDirectoryError) {
        let text = Array("\(getpid())\n".utf8)
        guard ftruncate(descriptor, 0) == 0,
            pwrite(descriptor, text, text.count, 0) == text.count
        else {
            throw .system(path: path, operation: "write the process id into", errno: errno)
        }
    }

    private static func readProcess(_ descriptor: CInt) -> Int? {
        var buffer = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Int(String(decoding: buffer[..<count].prefix { $0 != 0x0A }, as: UTF8.self))
    }
}
