import AgentTestSupport
import LibmodbusBus
import Modbus
import Testing

@Test func benchmark() async throws {
    let peer = try ScriptedModbusPeer()
    for _ in 0..<5 {
    let result = try await BusComparison.run(host: "127.0.0.1", port: peer.port, unit: 1, address: 7, rounds: 5000)
    print(result, result.addedMedianNanoseconds)
    }
    peer.stop()
}
