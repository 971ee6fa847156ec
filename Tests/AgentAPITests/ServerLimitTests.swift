import HTTPTypes
import NIOCore
import NIOHTTPTypes
import Testing

@testable import AgentAPI

/// R34: how much a client may send. Each limit from both sides.
@Suite struct ServerLimitTests {
    private func get(_ target: String = "/", fields: [String] = []) -> String {
        let lines = ["GET \(target) HTTP/1.1", "Host: a"] + fields
        return lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }

    /// What becomes of these bytes: the bare answer, or nil when the routes get the request.
    private func outcome(of text: String) throws -> Int? {
        let connection = try VirtualConnection()
        try connection.client(sends: text)
        if try connection.request() != nil {
            #expect(!connection.isClosed)
            return nil
        }
        let answer = try connection.bareAnswer()
        #expect(answer != nil)
        #expect(connection.isClosed)
        return answer
    }

    @Test(arguments: [(63, nil), (64, 431), (100_000, 431)] as [(Int, Int?)])
    func r34_fields(count: Int, answer: Int?) throws {
        let fields = (0..<count).map { "x\($0 % 10): \($0 % 10)" }
        #expect(try outcome(of: get(fields: fields)) == answer)
    }

    /// The limit counts the target, the names and the values.
    @Test(arguments: [(16384, nil), (16385, 431), (102_400, 431)] as [(Int, Int?)])
    func r34_headerBytes(count: Int, answer: Int?) throws {
        let others = "/Hosta".utf8.count + 2
        let half = (count - others) / 2
        let fields = [
            "a: " + String(repeating: "x", count: half),
            "b: " + String(repeating: "y", count: count - others - half),
        ]
        #expect(try outcome(of: get(fields: fields)) == answer)
    }

    @Test(arguments: [(2048, nil), (2049, 414), (20_480, 414), (204_800, 414)] as [(Int, Int?)])
    func r34_targetBytes(count: Int, answer: Int?) throws {
        let target = "/" + String(repeating: "u", count: count - 1)
        #expect(try outcome(of: get(target)) == answer)
    }

    @Test func r34_aTargetWithoutEndIsRefusedBeforeItEnds() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: "GET /")
        for _ in 1...20 where !connection.isClosed {
            try connection.client(sends: UInt8(ascii: "u"), times: 1024)
        }
        #expect(try connection.bareAnswer() == 414)
    }

    @Test(arguments: ["\r\n", "\n"])
    func r34_emptyLinesBeforeARequestAreBounded(line: String) throws {
        let connection = try VirtualConnection()
        for _ in 1...40 where !connection.isClosed {
            try connection.client(sends: String(repeating: line, count: 1024 / line.utf8.count))
        }
        #expect(try connection.bareAnswer() == 431)
    }

    @Test func r34_spacesBeforeAValueAreBounded() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: "GET / HTTP/1.1\r\nHost: a\r\nx:")
        for _ in 1...40 where !connection.isClosed {
            try connection.client(sends: UInt8(ascii: " "), times: 1024)
        }
        #expect(try connection.bareAnswer() == 431)
    }

    @Test func r34_aBodyOfTheWholeLimitReachesTheRoutes() throws {
        let connection = try VirtualConnection()
        let body = String(repeating: "b", count: 64 * 1024)
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n" + body)
        #expect(try connection.request()?.text == body)
    }

    @Test func r34_anAnnouncedBodyOverTheLimitReachesTheRoutesAsAnErrorAtOnce() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n")
        let request = try #require(try connection.request())
        #expect(request.head.path == "/x")
        #expect(request.body == .failure(NIOTooManyBytesError(maxBytes: 65536)))
        // The routes answer, what still comes is dropped, the connection ends.
        try connection.client(sends: UInt8(ascii: "b"), times: 65537)
        try connection.client(sends: "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
        try connection.routesAnswer("too large", status: .contentTooLarge)
        connection.settle()
        let output = try connection.output()
        #expect(output.hasPrefix("HTTP/1.1 413 "))
        #expect(output.contains("Connection: close\r\n"))
        #expect(try connection.request() == nil)
        #expect(connection.isClosed)
    }

    @Test func r34_aChunkedBodyIsCutAtTheLimit() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        let chunk = "1000\r\n" + String(repeating: "c", count: 4096) + "\r\n"
        for _ in 1...16 { try connection.client(sends: chunk) }
        #expect(try connection.request() == nil)
        try connection.client(sends: "1\r\nc\r\n")
        let request = try #require(try connection.request())
        #expect(request.body == .failure(NIOTooManyBytesError(maxBytes: 65536)))
    }

    @Test func r34_aHugeChunkIsCutWhenItsBytesPassTheLimit() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "7fffffffffffffff\r\n")
        try connection.client(sends: UInt8(ascii: "c"), times: 64 * 1024)
        #expect(try connection.request() == nil)
        try connection.client(sends: "c")
        #expect(try connection.request()?.text == nil)
    }

    @Test func r34_aChunkSizeBeyondAllNumbersIsRefused() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "fffffffffffffffff\r\n")
        #expect(try connection.bareAnswer() == 400)
    }

    @Test func r34_aBodyOfTinyChunksIsTaken() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 1...8 { try connection.client(sends: String(repeating: "1\r\nc\r\n", count: 512)) }
        try connection.client(sends: "0\r\n\r\n")
        #expect(try connection.request()?.text == String(repeating: "c", count: 4096))
    }

    @Test func r34_tinyChunksWithoutEndAreRefusedBeforeTheyCostMuch() throws {
        var limits = HTTPLimits()
        limits.bodyBytes = 4096
        limits.headerBytes = 1024
        let connection = try VirtualConnection(limits: limits)
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 1...8 where !connection.isClosed {
            try connection.client(sends: String(repeating: "1\r\nc\r\n", count: 500))
        }
        #expect(try connection.bareAnswer() == 400)
    }

    @Test func r34_chunkExtensionsAreBounded() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;")
        for _ in 1...1000 where !connection.isClosed {
            try connection.client(sends: UInt8(ascii: "e"), times: 1024)
        }
        #expect(try connection.bareAnswer() == 400)
    }

    @Test func r34_trailersCountAsFields() throws {
        let connection = try VirtualConnection()
        try connection.client(
            sends: "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                + String(repeating: "t: t\r\n", count: 65) + "\r\n")
        #expect(try connection.bareAnswer() == 431)
    }

    @Test func r34_whatAClientSendsAheadIsBounded() throws {
        let connection = try VirtualConnection()
        try connection.client(sends: get())
        for _ in 1...16 { try connection.client(sends: UInt8(ascii: "G"), times: 1024) }
        #expect(!connection.isClosed)
        try connection.client(sends: "G")
        #expect(connection.isClosed)
    }
}
