import AgentTestSupport
import Glibc
import Modbus
import WallboxModel
import WallboxServer

/// How one request of a play ended.
enum Ending: String, Hashable, Sendable {
    case right, wrong, exception, timeout, malformed
    /// The connection ended, or none could be made.
    case lost
}

/// A fault that is played: six requests, of which the first, or as long as the fault stands the first
/// two, meet it. Each asks for another register, so that an answer to another request is a wrong one.
struct Play: Sendable {
    let order: FaultOrder
    let mode: FaultMode

    static let requests = 6
    /// Late for both: the deadline of the bus here is 0.3 s, that of libmodbus 0.5 s.
    private static let late = 700

    init(_ mode: FaultMode) {
        self.mode = mode
        var order = FaultOrder(mode.name)
        for figure in mode.needs {
            switch figure.name {
            case .milliseconds: order.milliseconds = mode.name == "drip" ? 100 : Self.late
            case .bytes: order.bytes = 4
            case .code: order.code = 6
            case .amperes, .words: break
            }
        }
        if !mode.stands { order.count = 1 }
        self.order = order
    }

    private var stands: Bool { mode.stands }

    /// Whether nothing answers on the link any more.
    private var endsLinks: Bool { ["half-open", "reboot"].contains(mode.name) }

    func request(_ turn: Int) -> ModbusRequest {
        // An echo is one of a write.
        let isWrite = mode.name == "wrong-echo" && turn == 0
        let address = UInt16(turn % 3)
        return ModbusRequest(
            unit: 1,
            operation: isWrite
                ? .writeSingleRegister(address: 0, value: 320)
                : .readHoldingRegisters(address: address, count: 1))
    }

    // MARK: - The agent's bus

    struct Course: Hashable, Sendable {
        var endings: [Ending] = []
        /// How often the link was opened again.
        var reopened = 0
    }

    func agent(on box: PlayedWallbox, isLate: Bool) async throws -> Course {
        let truth = try await truth(of: box)
        let bus = box.bus()
        var course = Course()
        try await warmUp(bus)
        var isOpen = !stands
        var occupant: Int32?
        if stands {
            await bus.close()
            _ = try await eventually { box.front.connectionCount == 0 }
            if mode.name == "single-client" { occupant = try box.occupant() }
            try await begin(on: box, behind: occupant)
        }
        for turn in 0..<Self.requests {
            if turn == 2 { try await relieve(box, occupant) }
            if !isOpen {
                isOpen = await opened(bus)
                if turn > 0 { course.reopened += 1 }
            }
            if turn == 0, !stands { try await begin(on: box, behind: nil) }
            guard isOpen else {
                course.endings.append(.lost)
                continue
            }
            let isAwaited = isLate && (turn == 0 || turn == 1 && (stands || endsLinks))
            do {
                let response = try await bus.perform(
                    request(turn), timeout: isAwaited ? .milliseconds(300) : .seconds(20))
                course.endings.append(response == truth[turn] ? .right : .wrong)
            } catch {
                course.endings.append(Ending(error))
                // As the driver does, which opens a line again on which nobody answers.
                isOpen = !error.closesLink(bus.recovery) && turn != 1
            }
        }
        await bus.shutDown()
        return course
    }

    /// A bus in use: it knows a read that this wallbox answers, by which it tells late answers apart.
    private func warmUp(_ bus: any ModbusBus) async throws {
        try await bus.open(timeout: .seconds(20))
        let pair = ModbusOperation.readHoldingRegisters(address: 0, count: 2)
        _ = try await bus.perform(
            ModbusRequest(unit: 1, operation: pair), timeout: .seconds(20))
    }

    private func opened(_ bus: any ModbusBus) async -> Bool {
        do {
            try await bus.open(timeout: .seconds(20))
            return true
        } catch {
            return false
        }
    }

    // MARK: - libmodbus alone

    /// One context that is connected once, asked every 0.15 s; nil on a wire that it does not know.
    func stock(on box: PlayedWallbox) async throws -> [Ending]? {
        guard let client = box.stockClient() else { return nil }
        let truth = try await truth(of: box)
        let occupant = mode.name == "single-client" ? try box.occupant() : nil
        if stands { try await begin(on: box, behind: occupant) }
        _ = await StockClient.onThread { client.connect() }
        var endings: [Ending] = []
        for turn in 0..<Self.requests {
            if turn == 0, !stands { try await begin(on: box, behind: nil) }
            if turn == 2 { try await relieve(box, occupant) }
            let request = request(turn)
            let outcome = await StockClient.onThread {
                usleep(150_000)
                return client.perform(request)
            }
            switch outcome {
            case .answered(let response):
                endings.append(response == truth[turn] ? .right : .wrong)
            case .failed: endings.append(.lost)
            }
        }
        return endings
    }

    // MARK: - The fault

    private func begin(on box: PlayedWallbox, behind occupant: Int32?) async throws {
        if occupant != nil {
            _ = try await eventually { box.front.connectionCount == 1 }
        }
        try await box.front.carryOut(order)
    }

    /// Ends what stands, and lets a wallbox that restarts come back.
    private func relieve(_ box: PlayedWallbox, _ occupant: Int32?) async throws {
        if let occupant {
            close(occupant)
            _ = try await eventually { box.front.connectionCount == 0 }
        }
        if stands { try await box.front.endFaults() }
        box.clock.advance(by: .seconds(10))
    }

    /// What each request is answered with where nothing is wrong.
    private func truth(of box: PlayedWallbox) async throws -> [ModbusResponse] {
        let bus = box.bus()
        try await bus.open(timeout: .seconds(20))
        var answers: [ModbusResponse] = []
        for turn in 0..<Self.requests {
            answers.append(try await bus.perform(request(turn), timeout: .seconds(20)))
        }
        await bus.shutDown()
        _ = try await eventually { box.front.connectionCount == 0 }
        return answers
    }
}

extension Ending {
    fileprivate init(_ error: ModbusError) {
        self =
            switch error {
            case .exception: .exception
            case .timeout: .timeout
            case .malformed: .malformed
            case .connectionLost, .portUnusable, .busShutDown: .lost
            }
    }
}
