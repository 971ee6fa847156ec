import AgentTestSupport

/// A client of the agent's API or of a simulator's control endpoint: one connection for each request.
struct APIClient: Sendable {
    var port: Int
    var key: String?

    struct Answer: Sendable {
        var status: Int
        var text: String

        var json: JSONValue { get throws { try JSONValue(parsing: text) } }

        /// The code of an error.
        var code: String? { get throws { try json["error.code"]?.text } }
    }

    func get(_ path: String) async throws -> Answer {
        try await send("GET", path)
    }

    func post(_ path: String, _ body: String = "") async throws -> Answer {
        try await send("POST", path, body)
    }

    func send(
        _ method: String, _ path: String, _ body: String = "", fields: [String] = []
    ) async throws -> Answer {
        let client = try await RawHTTPClient(port: port)
        var fields = fields + ["Connection: close"]
        if let key { fields.append("x-api-key: \(key)") }
        if !body.isEmpty, !fields.contains(where: { $0.lowercased().hasPrefix("content-type") }) {
            fields.append("Content-Type: application/json")
        }
        if body.isEmpty, method != "GET" { fields.append("Content-Length: 0") }
        try await client.request(method, path, fields: fields, body: body)
        let answer = try await client.answer()
        await client.close()
        return Answer(status: answer.status, text: answer.text)
    }

    /// Opens an event stream and reads its head.
    func events(_ path: String = "/events") async throws -> RawHTTPClient {
        let client = try await RawHTTPClient(port: port)
        try await client.request("GET", path, fields: ["x-api-key: \(key ?? "")"])
        let head = try await client.head()
        guard head.status == 200 else {
            throw WaitedInVain(description: "no event stream, but \(head)")
        }
        return client
    }

    // MARK: - Of the agent

    /// A key has 20 requests a second: looks of the tests stay below it.
    static let pace = Duration.milliseconds(60)

    func charger(_ id: String = "device_ev_001") async throws -> JSONValue {
        let answer = try await get("/ev-charger/\(id)")
        guard answer.status == 200, let charger = try answer.json["data"] else {
            throw WaitedInVain(description: "no charger \(id), but \(answer)")
        }
        return charger
    }

    /// Waits until a charger is as wanted, and returns it.
    func charger(
        _ id: String = "device_ev_001", within limit: Duration = .seconds(15),
        _ isWanted: (JSONValue) -> Bool
    ) async throws -> JSONValue {
        var last: JSONValue?
        return try await wait(
            for: "\(id)", within: limit, every: Self.pace, evidence: { "\(last ?? .null)" }
        ) {
            let charger = try await charger(id)
            last = charger
            return isWanted(charger) ? charger : nil
        }
    }

    /// Pushes an action, which must be accepted; returns its id.
    func push(_ command: String, to id: String = "device_ev_001") async throws -> String {
        let answer = try await post("/ev-charger/\(id)", #"{"action":{"command":"\#(command)"}}"#)
        guard answer.status == 202, let id = try answer.json["data.id"]?.text else {
            throw WaitedInVain(description: "\(command) was not accepted: \(answer)")
        }
        return id
    }

    /// Waits until an action has ended, and returns it.
    func end(of action: String, within limit: Duration = .seconds(40)) async throws -> JSONValue {
        try await wait(for: "the end of \(action)", within: limit, every: Self.pace) {
            let answer = try await get("/actions/\(action)").json["data"]
            let state = answer?["state"]?.text
            return state == "completed" || state == "failed" ? answer : nil
        }
    }

    // MARK: - Of a simulator's control endpoint

    /// What has been written to a register, in its canonical unit (mA for currents), oldest first.
    func writes(of register: String = "setpoint") async throws -> [Int] {
        try await get("/writes").json.elements.filter { $0["register"]?.text == register }
            .compactMap { $0["value"]?.figure.map { Int($0) } }
    }

    /// The setpoint that the wallbox has, in mA.
    var setpoint: Int {
        get async throws { Int(try await get("/").json["setpointMilliamperes"]?.figure ?? -1) }
    }
}
