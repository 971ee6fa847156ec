import AgentTestSupport
import Glibc
import LibmodbusBus
import Modbus
import Testing

/// Tests that load the machine, and tests that measure time: one after the other.
@Suite(.serialized) enum UndisturbedTests {}

/// What a test of one link needs: a peer, a bus connected to it, and how a request ended.
struct Bench: Sendable {
    let peer: ScriptedModbusPeer
    let bus: LibmodbusTCPBus

    /// Runs the body with a bus on a peer, and ends both.
    static func run(
        _ script: @escaping ScriptedModbusPeer.Script = { _ in .answer },
        reconnectFloor: Duration = .zero,
        _ body: (Bench) async throws -> Void
    ) async throws {
        await BenchRoom.shared.enter()
        do {
            let peer = try ScriptedModbusPeer(script: script)
            let bus = LibmodbusTCPBus(
                host: "127.0.0.1", port: peer.port, reconnectFloor: reconnectFloor)
            do {
                try await body(Bench(peer: peer, bus: bus))
            } catch {
                Issue.record(error)
            }
            await bus.shutDown()
            peer.stop()
        } catch {
            Issue.record(error)
        }
        await BenchRoom.shared.leave()
    }

    /// Runs the body on a peer that takes one behaviour after the other, and then answers.
    static func run(
        _ behaviours: [ScriptedModbusPeer.Behaviour], _ body: (Bench) async throws -> Void
    ) async throws {
        try await run({ $0.index < behaviours.count ? behaviours[$0.index] : .answer }, body)
    }

    func open(timeout: Duration = .seconds(30)) async throws {
        try await bus.open(timeout: timeout)
    }

    /// Reads and expects the right registers.
    func expectAnswer(
        _ operation: ModbusOperation = .readHoldingRegisters(address: 5, count: 2),
        timeout: Duration = .seconds(30)
    ) async throws {
        let request = ModbusRequest(unit: 1, operation: operation)
        let response = try await bus.perform(request, timeout: timeout)
        #expect(response == RegisterPattern.response(to: request))
    }

    /// The error with which a request ended, nil when it was answered.
    func failure(
        of operation: ModbusOperation = .readHoldingRegisters(address: 100, count: 2),
        timeout: Duration = .seconds(30)
    ) async -> ModbusError? {
        do {
            let request = ModbusRequest(unit: 1, operation: operation)
            let response = try await bus.perform(request, timeout: timeout)
            #expect(response == RegisterPattern.response(to: request))
            return nil
        } catch {
            return error
        }
    }
}

/// What a test of a link with RTU frames needs: a peer, a bus, and how a request ended.
struct RTUBench: Sendable {
    enum Line: String, CaseIterable, Sendable {
        case serial
        case gateway

        /// As the table of `scripts/check-lines` names it.
        var medium: String { self == .serial ? "serial" : "rtu+tcp" }
    }

    let medium: LibmodbusRTUBus.Medium
    let bus: LibmodbusRTUBus
    let stopPeer: @Sendable () -> Void
    let requests: @Sendable () -> [ModbusRequest]

    private init(
        medium: LibmodbusRTUBus.Medium, _ timing: LibmodbusRTUBus.Timing,
        stopPeer: @escaping @Sendable () -> Void,
        requests: @escaping @Sendable () -> [ModbusRequest]
    ) {
        self.medium = medium
        bus = LibmodbusRTUBus(medium, timing: timing)
        self.stopPeer = stopPeer
        self.requests = requests
    }

    /// Runs the body with a bus on a peer, and ends both.
    ///
    /// - Parameter isAlone: Whether the test bounds the number of its benches by itself, and runs while
    ///   no other such test does.
    static func run(
        _ line: Line, _ script: @escaping ScriptedModbusPeer.Script = { _ in .answer },
        memory: Duration = .seconds(10), isAlone: Bool = false,
        _ body: (RTUBench) async throws -> Void
    ) async throws {
        if !isAlone { await BenchRoom.shared.enter() }
        do {
            let bench = try RTUBench(line, script, memory: memory)
            do {
                try await body(bench)
            } catch {
                Issue.record(error)
            }
            await bench.bus.shutDown()
            bench.stopPeer()
        } catch {
            Issue.record(error)
        }
        if !isAlone { await BenchRoom.shared.leave() }
    }

    private init(
        _ line: Line, _ script: @escaping ScriptedModbusPeer.Script, memory: Duration
    ) throws {
        var timing = LibmodbusRTUBus.Timing()
        timing.reconnectFloor = .zero
        timing.settling = .zero
        timing.memory = memory
        switch line {
        case .serial:
            let peer = try ScriptedSerialPeer(script: script)
            let port = SerialPort(path: peer.path, settings: SerialSettings(baud: 115_200))
            self.init(
                medium: .serial(port), timing, stopPeer: { peer.stop() },
                requests: { peer.requests })
        case .gateway:
            let peer = try ScriptedModbusPeer(framing: .rtu, script: script)
            self.init(
                medium: .tcp(host: "127.0.0.1", port: peer.port), timing,
                stopPeer: { peer.stop() }, requests: { peer.requests })
        }
    }

    /// Runs the body on a peer that takes one behaviour after the other, and then answers.
    static func run(
        _ line: Line, _ behaviours: [ScriptedModbusPeer.Behaviour],
        _ body: (RTUBench) async throws -> Void
    ) async throws {
        try await run(
            line, { $0.index < behaviours.count ? behaviours[$0.index] : .answer }, body)
    }

    func open(timeout: Duration = .seconds(30)) async throws {
        try await bus.open(timeout: timeout)
    }

    /// Reads and expects the right registers.
    func expectAnswer(
        _ operation: ModbusOperation = .readHoldingRegisters(address: 5, count: 2),
        unit: UInt8 = 1, timeout: Duration = .seconds(30)
    ) async throws {
        let request = ModbusRequest(unit: unit, operation: operation)
        let response = try await bus.perform(request, timeout: timeout)
        #expect(response == RegisterPattern.response(to: request))
    }

    /// The error with which a request ended, nil when it was answered, and rightly.
    func failure(
        of operation: ModbusOperation = .readHoldingRegisters(address: 100, count: 2),
        unit: UInt8 = 1, timeout: Duration = .seconds(30)
    ) async -> ModbusError? {
        do {
            let request = ModbusRequest(unit: unit, operation: operation)
            let response = try await bus.perform(request, timeout: timeout)
            #expect(response == RegisterPattern.response(to: request))
            return nil
        } catch {
            return error
        }
    }
}

/// The deadlines of a test with short ones. On a machine that is too busy for them nothing at all would
/// be answered: after some failures in a row the next request has time.
struct Patience {
    private let deadline: Duration
    private var failures = 0

    init(_ deadline: Duration) { self.deadline = deadline }

    var timeout: Duration { failures < 10 ? deadline : .seconds(2) }

    mutating func note(isAnswered: Bool) {
        failures = isAnswered || failures >= 10 ? 0 : failures + 1
    }
}

/// The error with which an attempt to open a link ended, nil when it was opened.
func openingFailure(of bus: any ModbusBus, timeout: Duration) async -> ModbusError? {
    do {
        try await bus.open(timeout: timeout)
        return nil
    } catch {
        return error
    }
}

/// The names of this process's threads.
func threadNames() throws -> [String] {
    guard let directory = opendir("/proc/self/task") else {
        throw ModbusError.connectionLost(errno: errno)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let id = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        // A thread may end between the listing and the look at its name.
        guard let file = fopen("/proc/self/task/\(id)/comm", "r") else { continue }
        defer { fclose(file) }
        var line = [UInt8](repeating: 0, count: 64)
        let count = fread(&line, 1, line.count, file)
        names.append(String(decoding: line.prefix(count).prefix { $0 != 10 }, as: UTF8.self))
    }
    return names
}
