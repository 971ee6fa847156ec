import AgentTestSupport
import Foundation
import Testing

/// What clients must not send, over the real socket: each has its code, none is a server error, and
/// the wallbox hears of none.
@Suite(.timeLimit(.minutes(1)))
struct BadInputTests {
    private struct Sample {
        var request: String
        var body = ""
        var status: Int
        var code: String
        var fields: [String] = []
    }

    private static let push = "POST /ev-charger/device_ev_001"
    private static let settings = "POST /ev-charger/device_ev_001/settings"

    private static let samples = [
        // Bodies.
        Sample(request: push, body: "{", status: 400, code: "INVALID_REQUEST"),
        Sample(request: push, body: "[]", status: 400, code: "INVALID_REQUEST"),
        Sample(request: push, body: "null", status: 400, code: "INVALID_REQUEST"),
        Sample(request: push, body: "{}", status: 400, code: "INVALID_REQUEST"),
        Sample(request: push, body: "\u{0}\u{1}", status: 400, code: "INVALID_REQUEST"),
        Sample(
            request: push, body: String(repeating: "[", count: 5_000), status: 400,
            code: "INVALID_REQUEST"),
        Sample(
            request: push, body: #"{"action":{"command":7}}"#, status: 400, code: "INVALID_REQUEST"),
        Sample(
            request: push, body: #"{"action":{"command":"charge","currnt":6}}"#, status: 400,
            code: "INVALID_REQUEST"),
        Sample(
            request: push, body: #"{"action":{"command":"charge"},"extra":1}"#, status: 400,
            code: "INVALID_REQUEST"),
        Sample(
            request: push, body: #"{"action":{"command":"explode"}}"#, status: 422,
            code: "COMMAND_NOT_SUPPORTED"),
        Sample(
            request: push, body: #"{"action":{"command":"charge","parameters":{"a":1}}}"#,
            status: 422, code: "UNSUPPORTED_PARAMETER"),
        Sample(
            request: push,
            body: #"{"action":{"command":"idle","start":"30m","end":"2026-01-01T00:00:00"}}"#,
            status: 422, code: "EXECUTION_NOT_SUPPORTED"),
        Sample(
            request: push, body: #"{"action":{"command":"charge","start":"soon"}}"#, status: 422,
            code: "INVALID_TIME_WINDOW"),
        Sample(
            request: push, body: #"{"action":{"command":"charge"},"onConflict":"queue_after"}"#,
            status: 422, code: "CONFLICT_STRATEGY_NOT_SUPPORTED"),
        Sample(
            request: push, body: #"{"action":{"command":"charge"}}"#, status: 415,
            code: "UNSUPPORTED_MEDIA_TYPE", fields: ["Content-Type: text/plain"]),
        Sample(
            request: push,
            body: #"{"action":{"command":"\#(String(repeating: "x", count: 70_000))"}}"#,
            status: 413, code: "PAYLOAD_TOO_LARGE"),

        // Settings: kinds, and both ends of the range.
        Sample(request: settings, body: "{}", status: 400, code: "INVALID_REQUEST"),
        Sample(
            request: settings, body: #"{"max_charge_rate":{"value":"7","unit":"kw"}}"#,
            status: 400, code: "INVALID_REQUEST"),
        Sample(
            request: settings, body: #"{"max_charge_rate":{"value":-0.1,"unit":"kw"}}"#,
            status: 422, code: "SETTING_OUT_OF_RANGE"),
        Sample(
            request: settings, body: #"{"max_charge_rate":{"value":50.1,"unit":"kw"}}"#,
            status: 422, code: "SETTING_OUT_OF_RANGE"),
        Sample(
            request: settings, body: #"{"max_charge_rate":{"value":7,"unit":"hp"}}"#,
            status: 422, code: "UNSUPPORTED_UNIT"),
        Sample(
            request: settings, body: #"{"colour":{"value":7,"unit":"kw"}}"#, status: 422,
            code: "UNSUPPORTED_SETTING"),

        // Devices, actions, routes, methods, queries.
        Sample(
            request: "GET /ev-charger/device_none", status: 404, code: "DEVICE_NOT_FOUND"),
        Sample(
            request: "POST /ev-charger/device_none", body: #"{"action":{"command":"idle"}}"#,
            status: 404, code: "DEVICE_NOT_FOUND"),
        Sample(request: "GET /actions/action_none", status: 404, code: "ACTION_NOT_FOUND"),
        Sample(
            request: "POST /actions/action_none/cancel", status: 404, code: "ACTION_NOT_FOUND"),
        Sample(request: "GET /nowhere", status: 404, code: "NOT_FOUND"),
        Sample(request: "GET //ev-charger", status: 404, code: "NOT_FOUND"),
        Sample(request: "GET /ev-charger/..%2f..%2fetc", status: 404, code: "NOT_FOUND"),
        Sample(request: "DELETE /ev-charger", status: 405, code: "METHOD_NOT_ALLOWED"),
        Sample(request: "GET /ev-charger?limit=0", status: 400, code: "INVALID_REQUEST"),
        Sample(request: "GET /ev-charger?limit=51", status: 400, code: "INVALID_REQUEST"),
        Sample(request: "GET /ev-charger?limit=ten", status: 400, code: "INVALID_REQUEST"),
        Sample(request: "GET /ev-charger?offset=-1", status: 400, code: "INVALID_REQUEST"),
        Sample(
            request: "GET /ev-charger?offset=99999999999999999999", status: 400,
            code: "INVALID_REQUEST"),
        Sample(request: "GET /actions?state=dreaming", status: 400, code: "INVALID_REQUEST"),
    ]

    @Test("R37 bad input has its code, is never a server error, and writes nothing")
    func r37_badInputHasItsCode() async throws {
        let wallbox = try await RunningWallbox()
        let agent = try await RunningAgent(wallboxes: wallbox)
        // A state that stays: until the vehicle draws its current, it changes by itself.
        let before = try await agent.api.charger { $0["state.currentPower"] == .number(7.36) }
        let writes = try await wallbox.control.writes()
        for sample in Self.samples {
            let words = sample.request.split(separator: " ").map(String.init)
            let answer = try await agent.api.send(
                words[0], words[1], sample.body, fields: sample.fields)
            // Not so fast that the rate of the key is what answers.
            try await Task.sleep(for: APIClient.pace)
            let body = sample.body.prefix(80)
            #expect(answer.status == sample.status, "\(sample.request) \(body): \(answer.text)")
            #expect(try answer.code == sample.code, "\(sample.request) \(body): \(answer.text)")
            let meta = try answer.json["meta"]
            #expect(meta?["path"]?.text != nil && meta?["requestId"]?.text != nil)
        }
        #expect(try await wallbox.control.writes() == writes)
        let after = try await agent.api.charger()
        #expect(after["state"] == before["state"])
        #expect(after["settings"] == before["settings"])
        #expect(after["lastAction"] == .null)
        #expect(try await agent.api.get("/actions").json["data.pagination.total"] == .number(0))
    }

    @Test("R34 what is no HTTP at all is answered or dropped, and others are served on")
    func r34_whatIsNoHTTPIsDropped() async throws {
        let agent = try await RunningAgent(RunningAgent.Site(wallboxes: [1]))
        let garbage: [String] = [
            "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", "GET\r\n\r\n", "\r\n\r\n\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET /" + String(repeating: "a", count: 40_000) + " HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\n" + String(repeating: "A: b\r\n", count: 10_000) + "\r\n",
        ]
        for text in garbage {
            let client = try await RawHTTPClient(port: agent.api.port)
            try await client.send(text)
            await client.closeSending()
            let answer = try await client.readToEnd(within: .seconds(10))
            let isFine = answer.isEmpty || answer.hasPrefix("HTTP/1.1 4")
            #expect(isFine, "\(text.prefix(60)): \(answer)")
            await client.close()
        }
        #expect(try await agent.api.get("/health").status == 200)
        #expect(try await agent.api.get("/ev-charger").status == 200)
    }
}
