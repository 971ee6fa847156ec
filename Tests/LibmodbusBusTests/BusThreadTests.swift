import AgentTestSupport
import LibmodbusBus
import Testing

/// What the thread of a bus must survive.
@Suite struct BusThreadTests {
    /// A bus may be gone before the call that started its thread has gone on: the executor is known to
    /// the runtime without being owned by it. This crashed once in a few hundred short-lived buses on a
    /// busy machine.
    @Test func aBusMayBeGoneWhileItsThreadIsStillBeingStarted() async {
        let ended = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var ended = 0
                    for _ in 0..<250 {
                        let bus = LibmodbusTCPBus(host: "127.0.0.1", port: 1)
                        await bus.shutDown()
                        ended += 1
                    }
                    return ended
                }
            }
            return await group.reduce(0, +)
        }
        #expect(ended == 2_000)
    }
}
