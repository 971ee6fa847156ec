import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import AgentAPI

/// R34: what a client may take its time with, and what it may not. In virtual time.
@Suite struct ServerDeadlineTests {
    private static let get = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func r34_theHeaderDeadlineIsNotExtendedByBytesThatDripIn() throws {
        let connection = try VirtualConnection()
        for byte in "GET / " {
            try connection.client(sends: String(byte))
            connection.wait(.milliseconds(800))
        }
        #expect(!connection.isClosed)
        connection.wait(.milliseconds(200))
        #expect(try connection.bareAnswer() == 408)
        #expect(connection.isClosed)
    }

    @Test func r34_aConnectionThatSaysNothingIsClosedWithoutAnAnswer() throws {
        let connection = try VirtualConnection()
        connection.wait(.milliseconds(4999))
        #expect(!connection.isClosed)
        connection.wait(.milliseconds(1))
        #expect(connection.isClosed)
        #expect(try connection.output() == "")
    }

    @Test func r34_theBodyDeadlineIsNotExtendedByBytesThatDripIn() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        for _ in 1...19 {
            connection.wait(.milliseconds(500))
            try connection.client(sends: "x")
        }
        #expect(!connection.isClosed)
        connection.wait(.milliseconds(500))
        #expect(try connection.bareAnswer() == 408)
        #expect(try connection.request() == nil)
    }

    @Test func r34_theBodyDeadlineHoldsForChunksToo() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 1...19 {
            connection.wait(.milliseconds(500))
            try connection.client(sends: "1\r\nx\r\n")
        }
        connection.wait(.milliseconds(500))
        #expect(try connection.bareAnswer() == 408)
    }

    @Test func r34_anIdleConnectionIsClosedAfterTheIdleTimeOnly() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: Self.get)
        try connection.routesAnswer("hello")
        _ = try connection.output()
        connection.wait(.milliseconds(59_999))
        #expect(!connection.isClosed)
        connection.wait(.milliseconds(1))
        #expect(connection.isClosed)
        #expect(try connection.output() == "")
    }

    @Test func r34_theFirstByteAfterAnIdleTimeStartsTheHeaderDeadline() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: Self.get)
        try connection.routesAnswer("hello")
        _ = try connection.output()
        connection.wait(.seconds(59))
        try connection.client(sends: "G")
        connection.wait(.milliseconds(4999))
        #expect(!connection.isClosed)
        connection.wait(.milliseconds(1))
        #expect(try connection.bareAnswer() == 408)
    }

    @Test func anAnswerMayTakeHoursWhileTheServerWrites() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: Self.get)
        try connection.routesBegin()
        for _ in 1...(4 * 60 * 6) {
            connection.wait(.seconds(15))
            try connection.routesSend(": still here\n\n")
        }
        #expect(!connection.isClosed)
        connection.wait(.seconds(3600))
        #expect(!connection.isClosed)
    }

    @Test func aClientThatDoesNotReadIsClosedAfterABoundedTime() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: Self.get)
        try connection.routesBegin()
        connection.wait(.seconds(100))
        // Written and never taken by the network: nothing flushes it.
        _ = connection.channel.write(HTTPResponsePart.body(ByteBuffer(string: "stuck")))
        connection.wait(.milliseconds(29_999))
        #expect(!connection.isClosed)
        connection.wait(.milliseconds(1))
        #expect(connection.isClosed)
    }

    @Test func aClientThatReadsSlowlyKeepsItsAnswer() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: Self.get)
        try connection.routesBegin()
        for _ in 1...10 {
            _ = connection.channel.write(HTTPResponsePart.body(ByteBuffer(string: "slow")))
            connection.wait(.seconds(29))
            connection.channel.flush()
        }
        connection.wait(.seconds(3600))
        #expect(!connection.isClosed)
    }

    @Test func anAnswerEndsSoonOnceItsClientHasClosedItsHalf() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: Self.get)
        try connection.routesBegin()
        connection.wait(.seconds(3600))
        connection.clientClosesItsHalf()
        connection.wait(.milliseconds(4999))
        #expect(!connection.isClosed)
        connection.wait(.milliseconds(1))
        #expect(connection.isClosed)
    }

    @Test func aClientThatClosesItsHalfAfterItsRequestIsAnswered() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: Self.get)
        connection.clientClosesItsHalf()
        try connection.routesAnswer("hello")
        connection.settle()
        #expect(try connection.output().hasSuffix("hello"))
        #expect(connection.isClosed)
    }

    @Test func aClientThatClosesItsHalfWithinARequestIsTold() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: "GET /hello HT")
        connection.clientClosesItsHalf()
        #expect(try connection.bareAnswer() == 400)
        #expect(connection.isClosed)
    }

    @Test func drainingClosesWhatIsIdleAndLetsTheRequestAtHandEnd() throws {
        let idle = try VirtualConnection()
        idle.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(idle.isClosed)

        let busy = try VirtualConnection()
        try busy.client(sends: Self.get)
        busy.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(!busy.isClosed)
        try busy.routesAnswer("hello")
        busy.settle()
        let output = try busy.output()
        #expect(output.contains("Connection: close\r\n"))
        #expect(output.hasSuffix("hello"))
        #expect(busy.isClosed)
    }
}
