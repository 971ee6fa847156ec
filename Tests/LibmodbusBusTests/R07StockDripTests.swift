import AgentTestSupport
import LibmodbusBus
import Modbus
import Testing

/// Requirement R7 beside libmodbus alone, whose time limit counts from byte to byte by default.
struct R07StockDripTests {
    @Test("R07 a server that drips 125 registers holds up libmodbus alone, and not the bus")
    func drippingServerHoldsUpLibmodbusAlone() async throws {
        // In full just below the limit from byte to byte: 259 bytes make 116 s.
        let pace: Duration = Scale.transactions == nil ? .milliseconds(8) : .milliseconds(450)
        let deadline: Duration = Scale.transactions == nil ? .milliseconds(300) : .seconds(1)
        try await Bench.run({ _ in .drip(every: pace) }) { bench in
            let read = ModbusOperation.readHoldingRegisters(address: 0, count: 125)
            let port = bench.peer.port
            async let stock = StockClient.onThread {
                let start = ContinuousClock.now
                let request = ModbusRequest(unit: 1, operation: read)
                let tally = StockTally.run(1, on: StockClient(port: port)) { request }
                return (tally, start.duration(to: .now))
            }
            try await bench.open()
            let time = await ContinuousClock().measure {
                #expect(await bench.failure(of: read, timeout: deadline) == .timeout)
            }
            let (tally, stockTime) = await stock
            Scale.report(
                "tcp, drip", "evse-agent", transactions: 1, faults: 1, answered: 0, wrong: 0,
                seconds: time)
            Scale.report(
                "tcp, drip", "libmodbus", transactions: 1, faults: 1, answered: tally.answered,
                wrong: tally.wrong, seconds: stockTime)
            #expect(tally.answered == 1)
            #expect(stockTime >= pace * 258)
            #expect(time >= deadline)
        }
    }
}
