import AgentTestSupport
import Testing
import WallboxModel

/// R41: every fault of the wire, played by the simulator's server on a real wire to the agent's bus and to
/// libmodbus alone.
@Suite(.timeLimit(.minutes(5))) struct WireFaultPlayTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let mode: FaultMode
        let wire: Wire
        let expectation: WireExpectation

        var testDescription: String { "\(mode.name) on \(wire.rawValue)" }
    }

    static let cases: [Case] = WireExpectation.table.flatMap { name, tcp, rtu in
        Wire.allCases.compactMap { wire -> Case? in
            guard let mode = FaultCatalog.mode(named: name), mode.media.contains(wire.medium),
                // A connection that is reset is, whatever frames it carries.
                let expectation = wire == .tcp || (wire == .gateway && name == "reboot") ? tcp : rtu
            else { return nil }
            return Case(mode: mode, wire: wire, expectation: expectation)
        }
    }

    @Test func r41_everyFaultOfTheWireIsPlayedOnEveryWireThatHasIt() {
        let modes = FaultCatalog.modes.filter { $0.isOfTheWire }
        #expect(modes.map(\.name) == WireExpectation.table.map(\.name))
        for mode in modes {
            let wires = Self.cases.filter { $0.mode.name == mode.name }.map(\.wire.medium)
            #expect(FaultMedia(wires) == mode.media, "\(mode.name)")
        }
    }

    /// RTU frames have no id: a second or overtaken answer that comes after the next request of the same
    /// shape has gone out is that one's for every client. Here that depends on how busy the machine is;
    /// R05RTUMixedFaultTests play these with the frames in one piece.
    private static let undecided = ["duplicate", "reorder"]

    @Test(
        "R41 R05 what the agent's bus makes of a fault of the wire",
        arguments: cases.filter { $0.wire == .tcp || !undecided.contains($0.mode.name) })
    func whatTheBusMakesOfIt(_ played: Case) async throws {
        let play = Play(played.mode)
        let expected = played.expectation
        let course = try await PlayedWallbox.run(played.wire) { box in
            try await play.agent(on: box, isLate: expected.isLate)
        }
        let endings = [expected.first, expected.second] + Array(repeating: Ending.right, count: 4)
        #expect(course.endings == endings)
        // Over TCP whatever is not a clean answer ends the connection.
        let isClean = endings.allSatisfy { [.right, .exception].contains($0) }
        if played.wire == .tcp { #expect((course.reopened > 0) == !isClean) }
    }

    @Test(
        "R41 what libmodbus alone makes of the same fault",
        arguments: cases.filter { $0.wire != .gateway })
    func whatLibmodbusAloneMakesOfIt(_ played: Case) async throws {
        let play = Play(played.mode)
        let endings = try await PlayedWallbox.run(played.wire) { try await play.stock(on: $0) }
        let verdict = StockVerdict(
            try #require(endings), isFalse: played.mode.name.hasPrefix("wrong-"))
        #expect(verdict == played.expectation.stock, "\(String(describing: endings))")
    }
}

extension FaultMode {
    var isOfTheWire: Bool {
        if case .wire = effect { return true }
        return false
    }
}
