import AgentTestSupport
import ChargeControl
import ChargeModel
import Logging
import Modbus
import Testing
import WallboxModel

@testable import AgentRuntime

@Suite struct ReadOnlyTests {
    @Test func noWritePassesTheBusWhateverTheDriverAsksFor() async throws {
        let behind = MemoryModbusBus()
        let bus = ReadOnlyBus(
            bus: behind, log: Logger(label: "bus") { _ in SwiftLogNoOpLogHandler() })
        try await bus.open(timeout: .seconds(1))
        for operation: ModbusOperation in [
            .writeSingleRegister(address: 0, value: 320),
            .writeMultipleRegisters(address: 0, values: [320]),
        ] {
            await #expect(throws: ModbusError.exception(.illegalFunction)) {
                try await bus.perform(
                    ModbusRequest(unit: 1, operation: operation), timeout: .seconds(1))
            }
        }
        let read = ModbusRequest(
            unit: 1, operation: .readHoldingRegisters(address: 0, count: 1))
        _ = try await bus.perform(read, timeout: .seconds(1))
        await bus.close()
        #expect(await behind.requests == [read])
    }

    @Test func anActionThatWouldNeedAWriteEndsAsReadOnly() async throws {
        try await Site.run(Site.Plan(isReadOnly: true)) { site in
            await site.clock.advance(by: .seconds(5))
            let idle = try await site.push(.idle)
            await site.clock.advance(by: .seconds(3))
            let ended = try #require(try await site.agent.action(idle.id))
            guard case .failed(let failure) = ended.state else {
                Issue.record("\(ended.state)")
                return
            }
            #expect(failure.code == .readOnly)
            #expect(failure.message.contains("\"idle\" would have been written"))
            #expect(site.setpoint() == .amperes(10))
            #expect(await site.agent.readiness().isReadOnly)
            #expect(site.bus.truth(0).writeCounts.allSatisfy { $0 == 0 })
        }
    }
}
