import ActionStore
import AgentRuntime
import ChargeControl
import ChargeModel
import Foundation
import Glibc
import Modbus

/// Looks at everything that the agent needs on this computer, and changes none of it.
struct Doctor {
    let configuration: AgentConfiguration
    let catalog: ProfileCatalog

    /// How long a wallbox may take to accept a connection.
    private static let connectTimeout = Duration.seconds(2)

    func findings() async -> [Finding] {
        let agent = StateDirectoryLock.holder(directory: configuration.stateDirectory)
        var findings = [profiles, stateDirectory]
        if isDirectoryThere {
            findings += [space, database(agent), eventLog, keys]
        }
        findings += [running(agent), port(agent), clock, timeZone]
        for address in addresses { findings.append(await wallbox(address, agent)) }
        return findings
    }

    // MARK: - Files

    private var profiles: Finding {
        guard catalog.broken.isEmpty else {
            return Finding(
                level: .warning, subject: "device profiles",
                detail: "these do not compile: \(catalog.broken.joined(separator: ", "))",
                remedy: "evse-agent devices check says what is wrong with them")
        }
        return .fine(
            "device profiles", "\(catalog.profiles.count) compile, in \(catalog.directory)")
    }

    private var path: String { configuration.stateDirectory }

    private var isDirectoryThere: Bool {
        var isDirectory: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }

    private var stateDirectory: Finding {
        let subject = "state directory"
        var status = stat()
        guard stat(path, &status) == 0 else { return missingDirectory(subject) }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return Finding(
                level: .wrong, subject: subject, detail: "\(path) is no directory",
                remedy: "name another in state-dir, or move the file away")
        }
        guard status.st_uid == geteuid() else {
            return Finding(
                level: .wrong, subject: subject,
                detail: "\(path) belongs to user \(status.st_uid), and this runs as \(geteuid())",
                remedy: "run the agent, and this command, as the owner: sudo -u ... evse-agent ...")
        }
        guard access(path, W_OK) == 0 else {
            return Finding(
                level: .wrong, subject: subject,
                detail: "\(path) cannot be written: \(String(cString: strerror(errno)))",
                remedy: "chmod u+rwx \(path), or mount the file system writable")
        }
        return .fine(subject, path)
    }

    private func missingDirectory(_ subject: String) -> Finding {
        let parent = URL(fileURLWithPath: path).deletingLastPathComponent().path
        guard access(parent, W_OK) == 0 else {
            return Finding(
                level: .wrong, subject: subject,
                detail: "\(path) is not there, and cannot be made in \(parent)",
                remedy: "mkdir -p \(path), and chown it to the user that runs the agent")
        }
        return .fine(subject, "\(path) is not there yet; the first start makes it")
    }

    /// Below this SQLite's log and a month of events may not fit.
    private static let littleSpace = 100 * 1_024 * 1_024

    private var space: Finding {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else {
            return Finding(
                level: .wrong, subject: "disk",
                detail: "cannot be asked: \(String(cString: strerror(errno)))")
        }
        if status.f_flag & UInt(ST_RDONLY) != 0 {
            return Finding(
                level: .wrong, subject: "disk", detail: "\(path) is on a read-only file system",
                remedy: "mount it writable: no action can be accepted, since none would be durable")
        }
        let free = Int(status.f_bavail) * Int(status.f_frsize)
        let inWords = "\(free / 1_024 / 1_024) MiB free"
        guard free >= Self.littleSpace else {
            return Finding(
                level: free < Self.littleSpace / 10 ? .wrong : .warning, subject: "disk",
                detail: inWords, remedy: "make room: without it no action can be accepted")
        }
        return .fine("disk", inWords)
    }

    // MARK: - What is kept

    private func database(_ agent: StateDirectoryLock.Holder?) -> Finding {
        switch ActionStore.examine(directory: path) {
        case .missing: return .fine("database", "not there yet; the first start makes it")
        case .sound(let actions):
            return .fine("database", "sound, \(actions) action\(actions == 1 ? "" : "s")")
        case .wrong(let reason):
            return Finding(
                level: .wrong, subject: "database", detail: reason,
                remedy: "a damaged one is moved aside at the next start and kept; a new one is made"
            )
        }
    }

    private var eventLog: Finding {
        do throws(StoreError) {
            switch try SecurityLog.verify(directory: path) {
            case .empty: return .fine("event log", "empty")
            case .intact(let first, let last, _):
                return .fine("event log", "entries \(first) to \(last) are intact")
            case .broken(let file, let line, let reason):
                return Finding(
                    level: .wrong, subject: "event log", detail: "\(file):\(line): \(reason)",
                    remedy: "somebody, or a failing disk, has changed it; keep the files")
            }
        } catch {
            return Finding(level: .wrong, subject: "event log", detail: error.forPeople)
        }
    }

    /// The environments whose chargers no valid key sees.
    private var keys: Finding {
        let valid = ActionStore.examineKeys(directory: path, at: .now)
        let chargers = configuration.chargers
        var unseen: [String] = []
        if chargers.contains(where: \.isSimulated), !valid.contains(.sandbox) {
            unseen.append("sandbox")
        }
        if chargers.contains(where: { !$0.isSimulated }), !valid.contains(.live) {
            unseen.append("live")
        }
        guard unseen.isEmpty else {
            return Finding(
                level: .warning, subject: "API keys",
                detail: "no valid key for \(unseen.joined(separator: " and ")) chargers",
                remedy: "evse-agent keys create --config FILE --environment \(unseen[0])")
        }
        return .fine("API keys", "\(valid.count) valid")
    }

    // MARK: - What runs

    private func running(_ agent: StateDirectoryLock.Holder?) -> Finding {
        guard let agent else { return .fine("agent", "not running") }
        return .fine("agent", "running\(agent.process.map { " as process \($0)" } ?? "")")
    }

    private func port(_ agent: StateDirectoryLock.Holder?) -> Finding {
        let listen = configuration.api.listen
        let subject = "API address"
        if agent != nil { return .skipped(subject, "\(listen): the running agent has it") }
        do {
            try PortCheck.listen(host: listen.host, port: listen.port)
            return .fine(subject, "\(listen) is free")
        } catch {
            return Finding(
                level: .wrong, subject: subject, detail: "\(listen): \(error.description)",
                remedy: error.remedy)
        }
    }

    // MARK: - Time

    private var clock: Finding {
        let now = SystemClock(trust: configuration.site.clock == .trusted ? .trusted : .auto).now()
        let wall = Date(timeIntervalSince1970: Double(now.wall.milliseconds) / 1_000)
        let shown = wall.formatted(.iso8601)
        guard now.isWallTrusted else {
            return Finding(
                level: .warning, subject: "clock",
                detail: """
                    \(shown), not trusted: the kernel does not call it synchronised, and no battery \
                    clock kept it. Starts at a time of day wait; immediate and relative ones do not
                    """,
                remedy: "let it be set from the network: apt-get install systemd-timesyncd")
        }
        let why = configuration.site.clock == .trusted ? "trusted by site.clock" : "trusted"
        return .fine("clock", "\(shown), \(why)")
    }

    private var timeZone: Finding {
        let name = configuration.site.timeZone
        guard SystemZones().zone(named: name) != nil else {
            return Finding(
                level: .wrong, subject: "time zone", detail: "\(name) is not known here",
                remedy: "apt-get install tzdata")
        }
        return .fine("time zone", name)
    }

    // MARK: - Wallboxes

    private var addresses: [BusAddress] {
        var addresses: [BusAddress] = []
        for charger in configuration.chargers where !addresses.contains(charger.address) {
            addresses.append(charger.address)
        }
        return addresses
    }

    /// A running agent has the connection, and many wallboxes bear one: they are not asked then.
    private func wallbox(
        _ address: BusAddress, _ agent: StateDirectoryLock.Holder?
    ) async -> Finding {
        let chargers = configuration.chargers.filter { $0.address == address }
        let subject = chargers.map(\.id.rawValue).joined(separator: ", ")
        let name = address.description
        if agent != nil { return .skipped(subject, "\(name): the running agent is connected") }
        let bus = BusFactory.bus(
            at: address, line: chargers.lazy.compactMap(\.line).first, gap: .zero)
        do throws(ModbusError) {
            try await bus.open(timeout: Self.connectTimeout)
            await bus.shutDown()
            let state = address.isSerial ? "can be opened" : "accepts a connection"
            return .fine(subject, "\(name) \(state); evse-agent probe reads it")
        } catch {
            await bus.shutDown()
            return Finding(
                level: .wrong, subject: subject,
                detail: WireExplanation.ofConnecting(to: name, error),
                remedy: "evse-agent probe \(name) says more")
        }
    }
}

extension WallInstant {
    /// Of the computer's clock.
    fileprivate static var now: WallInstant { SystemClock(trust: .trusted).now().wall }
}
