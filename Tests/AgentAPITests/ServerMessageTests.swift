import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Testing

@testable import AgentAPI

/// What counts as a request, and how answers are framed.
@Suite struct ServerMessageTests {
    private static let chunked = "Transfer-Encoding: chunked"

    /// Messages that two readers could read in two ways, or that are not HTTP.
    private static let ambiguous: [String] = [
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\n\(chunked)\r\n\(chunked)\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx: a\r\n b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx: a\r\n\tb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx: a\u{0}b\r\n\r\n",
        "GET /\u{0} HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx\u{0}: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nx: a\rb\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        "GET /\r\nHost: a\r\n\r\n",
        "GET hello HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}",
        "nonsense\r\n\r\n",
    ]

    @Test(arguments: ambiguous)
    func r34_ambiguousMessagesAreRefused(message: String) throws {
        let connection = try VirtualConnection()
        try connection.client(sends: message)
        #expect(try connection.request() == nil)
        #expect(try connection.bareAnswer() == 400)
        #expect(connection.isClosed)
    }

    /// The place at which the network cuts a message must not matter.
    @Test func aMessageMayArriveInAnyPieces() throws {
        let message =
            "\r\nPOST /a?b=c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nt: t\r\n\r\n"
        for cut in 1..<message.utf8.count {
            let connection = try VirtualConnection()
            try connection.client(sends: String(message.utf8.prefix(cut)) ?? "")
            try connection.client(sends: String(message.utf8.dropFirst(cut)) ?? "")
            let request = try #require(try connection.request(), "cut at \(cut)")
            #expect(request.head.path == "/a?b=c")
            #expect(request.text == "hello world")
        }
    }

    @Test func requestsSentAheadAreHandedOverOneAfterAnother() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
                + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n")
        for path in ["/1", "/2", "/3"] {
            #expect(try connection.request()?.head.path == path)
            #expect(try connection.request() == nil)
            try connection.routesAnswer(path)
            #expect(try connection.output().hasSuffix("\r\n\r\n" + path))
        }
        #expect(!connection.isClosed)
        connection.wait(.seconds(60))
        #expect(connection.isClosed)
    }

    @Test func aMalformedRequestSentAheadIsRefusedAfterTheAnswerBeforeIt() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n")
        #expect(try connection.output() == "")
        try connection.routesAnswer("first")
        let output = try connection.output()
        #expect(output.hasPrefix("HTTP/1.1 200 OK"))
        #expect(output.contains("firstHTTP/1.1 400 Bad Request"))
        #expect(connection.isClosed)
    }

    @Test func nothingIsTakenAfterARequestThatClosesTheConnection() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n")
        try connection.routesAnswer("first")
        connection.settle()
        #expect(try connection.request()?.head.path == "/1")
        #expect(try connection.request() == nil)
        #expect(connection.isClosed)
    }

    @Test func aClientThatAsksForLeaveToSendItsBodyGetsIt() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                + "Expect: 100-continue\r\n\r\n")
        #expect(try connection.output() == "HTTP/1.1 100 Continue\r\n\r\n")
        try connection.client(sends: "ok")
        #expect(try connection.request()?.text == "ok")
    }

    @Test func aClientThatAsksForLeaveToSendTooMuchDoesNotGetIt() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n"
                + "Expect: 100-continue\r\n\r\n")
        #expect(try connection.output() == "")
        #expect(try connection.request()?.text == nil)
    }

    @Test func anAnswerToHEADHasNoBody() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        try connection.routesAnswer("not to be sent")
        #expect(
            try connection.output() == "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n")
        #expect(!connection.isClosed)
    }

    @Test func anAnswerOfUnknownLengthToHEADHasNoChunks() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        try connection.routesBegin()
        try connection.routesSend("not to be sent")
        try connection.routesEnd()
        connection.settle()
        #expect(try connection.output() == "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\n")
        #expect(connection.isClosed)
    }

    @Test func anOldClientGetsNoChunksAndAnEnd() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: "GET / HTTP/1.0\r\n\r\n")
        try connection.routesBegin()
        try connection.routesSend("streamed")
        try connection.routesEnd()
        connection.settle()
        #expect(try connection.output() == "HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nstreamed")
        #expect(connection.isClosed)
    }

    @Test func aRequestForAnotherProtocolIsAnsweredAndIsTheLast() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
        try connection.routesAnswer("no")
        connection.settle()
        #expect(try connection.output().contains("Connection: close\r\n"))
        #expect(connection.isClosed)
    }

    @Test func theRoutesMayEndTheConnection() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try connection.routesAnswer("bye", fields: [.connection: "close"])
        connection.settle()
        #expect(connection.isClosed)
    }
}
