import NIOCore
import NIOEmbedded
import Testing

@testable import AgentAPI

/// R34: who gets a place when there are none left. In virtual time.
@Suite struct ServerRegistryTests {
    private let limits = HTTPLimits()
    private let registry = ConnectionRegistry(limits: HTTPLimits())
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    private func source(_ number: Int) throws -> SourceAddress {
        SourceAddress(try SocketAddress(ipAddress: "10.0.0.\(number)", port: 1))
    }

    /// Admits connections of one source, a millisecond apart.
    private func admit(
        _ count: Int, from source: SourceAddress, at now: NIODeadline
    ) throws -> [VirtualConnection] {
        try (0..<count).map { number in
            let connection = try VirtualConnection(limits: limits, registry: registry)
            let isAdmitted = registry.admit(
                connection.channel, from: source, at: now + .milliseconds(Int64(number)))
            try #require(isAdmitted)
            return connection
        }
    }

    private func isAdmitted(
        from source: SourceAddress, at now: NIODeadline
    ) throws -> VirtualConnection? {
        let connection = try VirtualConnection(limits: limits, registry: registry)
        return registry.admit(connection.channel, from: source, at: now) ? connection : nil
    }

    @Test func r34_theSeventeenthOfASourceIsRefusedWhileTheOthersAreFresh() throws {
        let connections = try admit(16, from: try source(1), at: start)
        #expect(try isAdmitted(from: try source(1), at: start + .milliseconds(900)) == nil)
        #expect(registry.openConnections == 16)
        #expect(connections.allSatisfy { !$0.isClosed })
    }

    @Test func r34_theLongestWaitingOfTheSourceGivesWay() throws {
        let other = try admit(1, from: try source(2), at: start - .seconds(30))
        let connections = try admit(16, from: try source(1), at: start)
        let new = try isAdmitted(from: try source(1), at: start + .milliseconds(1000))
        #expect(new != nil)
        #expect(connections.map(\.isClosed) == [true] + Array(repeating: false, count: 15))
        #expect(!other[0].isClosed)
        #expect(registry.openConnections == 17)
    }

    @Test func r34_aConnectionThatIsBeingServedDoesNotGiveWay() throws {
        let connections = try admit(16, from: try source(1), at: start)
        for connection in connections { registry.note(connection.channel, waitingSince: nil) }
        #expect(try isAdmitted(from: try source(1), at: start + .seconds(3600)) == nil)
        #expect(connections.allSatisfy { !$0.isClosed })
    }

    @Test func r34_whenAllPlacesAreTakenTheSourceWithTheMostGivesWay() throws {
        let patient = try admit(1, from: try source(9), at: start - .seconds(30))
        var greedy: [VirtualConnection] = []
        for number in 1...3 {
            greedy += try admit(16, from: try source(number), at: start + .seconds(Int64(number)))
        }
        let last = try admit(15, from: try source(4), at: start + .seconds(4))
        #expect(registry.openConnections == 64)
        // At once: four sources must not keep the others out by coming back again and again.
        let new = try isAdmitted(from: try source(10), at: start + .seconds(4))
        #expect(new != nil)
        #expect(greedy.map(\.isClosed) == [true] + Array(repeating: false, count: 47))
        #expect(!patient[0].isClosed)
        #expect(last.allSatisfy { !$0.isClosed })
        #expect(registry.openConnections == 64)
    }

    @Test func r34_whenAllHaveTheSameShareAFreshConnectionDoesNotGiveWay() throws {
        var connections: [VirtualConnection] = []
        for number in 1...64 { connections += try admit(1, from: try source(number), at: start) }
        #expect(try isAdmitted(from: try source(65), at: start + .milliseconds(900)) == nil)
        let new = try isAdmitted(from: try source(65), at: start + .milliseconds(1000))
        #expect(new != nil)
        #expect(connections.count { $0.isClosed } == 1)
    }

    @Test func aPlaceIsFreeAgainWhenItsConnectionHasClosed() throws {
        let connections = try admit(16, from: try source(1), at: start)
        connections[7].channel.close(promise: nil)
        connections[7].settle()
        #expect(registry.openConnections == 15)
        #expect(try isAdmitted(from: try source(1), at: start) != nil)
    }

    @Test func afterTheEndNobodyIsAdmitted() throws {
        let connections = try admit(3, from: try source(1), at: start)
        registry.closeAll()
        #expect(connections.allSatisfy { $0.isClosed })
        #expect(try isAdmitted(from: try source(2), at: start) == nil)
    }
}
