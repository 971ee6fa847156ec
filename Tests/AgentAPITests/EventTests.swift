import ChargeControl
import ChargeModel
import Foundation
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization
import Testing

@testable import AgentAPI

@Suite(.timeLimit(.minutes(1))) struct EventTests {
    private static func event(
        _ sequence: UInt64, of charger: ChargerID = Scene.first,
        _ payload: AgentEvent.Payload = .decision(Scene.decision)
    ) -> AgentEvent {
        AgentEvent(sequence: sequence, at: Scene.now.wall, charger: charger, payload: payload)
    }

    private static func harness(comment: Duration = .seconds(15)) -> APIHarness {
        APIHarness { limits in
            limits.eventKeyCheck = .milliseconds(5)
            limits.eventComment = comment
        }
    }

    /// Reads a stream to its end.
    private static func read(_ response: Response) async throws -> [Message] {
        let writer = StreamWriter()
        try await response.body.write(writer)
        return Message.all(in: writer.text)
    }

    @Test func everyKindOfEventIsToldAsTheDocumentSays() async throws {
        let harness = Self.harness()
        let response = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "text/event-stream")
        #expect(response.headers[.cacheControl] == "no-store")
        let action = Action(
            id: "action_1", charger: Scene.first, command: .charge, at: Scene.sampleMorning)
        harness.service.announce(
            Self.event(1, .state(Scene.charging)), Self.event(2, .action(action)),
            Self.event(3, .decision(Scene.decision)),
            Self.event(4, .fault(.competingController, isActive: true)),
            Self.event(5, of: Scene.second, .state(Scene.waiting)))
        harness.service.endStreams()

        let messages = try await Self.read(response)
        #expect(messages.map(\.event) == ["state", "action", "decision", "fault", "state"])
        #expect(messages.map(\.id).compactMap { EventID($0)?.sequence } == [1, 2, 3, 4, 5])
        for (message, schema) in zip(
            messages, ["StateEvent", "ActionEvent", "DecisionEvent", "FaultEvent", "StateEvent"])
        {
            let value = try JSONParser.parse(Array(message.data.utf8))
            #expect(
                OpenAPIContract.problems(value, OpenAPIContract.reference(schema), at: "$") == [])
        }
    }

    @Test func aStreamTellsOfVisibleChargersOnly() async throws {
        let harness = Self.harness()
        let all = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
        let one = try await harness.respond(
            "GET", "/ev-charger/device_ev_002/events", key: Scene.sandboxKey)
        let live = try await harness.respond("GET", "/events", key: Scene.liveKey)
        let none = try await harness.respond("GET", "/events", key: Scene.otherUserKey)
        harness.service.announce(
            Self.event(1), Self.event(2, of: Scene.second), Self.event(3, of: Scene.real))
        harness.service.endStreams()
        #expect(try await Self.read(all).compactMap(\.sequence) == [1, 2])
        #expect(try await Self.read(one).compactMap(\.sequence) == [2])
        #expect(try await Self.read(live).compactMap(\.sequence) == [3])
        #expect(try await Self.read(none).isEmpty)
    }

    @Test func lastEventIDGoesOnWhereTheClientWas() async throws {
        let harness = Self.harness()
        let first = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
        harness.service.announce(Self.event(1), Self.event(2), Self.event(3))
        harness.service.endStreams()
        let seen = try await Self.read(first)
        let resumed = try await harness.respond(
            "GET", "/events", key: Scene.sandboxKey, headers: [("Last-Event-ID", seen[0].id)])
        harness.service.endStreams()
        #expect(try await Self.read(resumed).map(\.id) == seen.dropFirst().map(\.id))

        let ofAnotherRun = try await harness.respond(
            "GET", "/events", key: Scene.sandboxKey, headers: [("Last-Event-ID", "other-5000")])
        harness.service.endStreams()
        #expect(try await Self.read(ofAnotherRun).map(\.id) == seen.map(\.id))
        #expect(harness.service.recorded { $0.resumedAfter } == [nil, 1, 0])
    }

    @Test(arguments: [
        "", "x", "5", "a-b", "-5", "a-1-2", "a--1", String(repeating: "a", count: 64) + "-1",
    ])
    func r37_aLastEventIDThatIsNoneIsRefused(_ id: String) async throws {
        let answer = try await Self.harness().ask(
            "GET", "/events", headers: [("Last-Event-ID", id)])
        #expect(answer.status == 400)
        #expect(try answer.field == "Last-Event-ID")
    }

    @Test func aQuietStreamSaysThatItIsThere() async throws {
        let harness = Self.harness(comment: .milliseconds(10))
        let response = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
        let writer = StreamWriter { text in
            guard text.components(separatedBy: ": still here\n\n").count > 3 else { return }
            harness.service.endStreams()
        }
        try await response.body.write(writer)
        #expect(writer.text.hasPrefix(": "))
        #expect(writer.isFinished)
    }

    @Test func r32_aStreamEndsWhenItsKeyIsRevoked() async throws {
        let harness = Self.harness()
        let response = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
        let writer = StreamWriter { text in
            guard text.contains("event: decision") else { return }
            harness.keys.replace(
                Scene.keys.map { key in
                    var key = key
                    key.revokedAt = Scene.now.wall
                    return key
                })
            // Not told any more, although the agent has it.
            harness.service.announce(Self.event(2))
        }
        harness.service.announce(Self.event(1))
        try await response.body.write(writer)
        #expect(writer.isFinished)
        #expect(Message.all(in: writer.text).compactMap(\.sequence) == [1])
    }

    @Test func r32_aStreamEndsWhenItsKeyExpires() async throws {
        let harness = Self.harness()
        var key = Scene.key(Scene.sandboxKey, .sandbox)
        key.expiresAt = Scene.now.wall.advanced(by: .seconds(10))
        harness.keys.replace([key])
        let response = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
        harness.service.set { $0.now = Scene.now.advanced(by: .seconds(10)) }
        #expect(try await Self.read(response).isEmpty)
    }

    @Test func aStreamWhoseConnectionHasGoneEndsWithItsTask() async throws {
        let harness = Self.harness()
        let response = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
        let (started, start) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await response.body.write(StreamWriter { _ in start.yield() })
            }
            _ = await started.first { _ in true }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func openStreamsAreBoundedAndADroppedOneGivesItsPlaceBack() async throws {
        let harness = APIHarness { $0.eventStreams = 2 }
        do {
            let first = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
            let second = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
            let refused = try await harness.ask("GET", "/events")
            #expect(refused.status == 503)
            #expect(refused.header("retry-after") == "10")
            withExtendedLifetime((first, second)) {}
        }
        let third = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
        #expect(third.status == .ok)
    }

    @Test func oneSourceCannotTakeAllPlaces() {
        let places = EventStreamPlaces(maximum: 3, perSource: 2)
        do {
            let ofFirst = [places.take(for: "192.0.2.1"), places.take(for: "192.0.2.1")]
            #expect(ofFirst.allSatisfy { $0 != nil })
            #expect(places.take(for: "192.0.2.1") == nil)
            let ofSecond = places.take(for: "192.0.2.2")
            #expect(ofSecond != nil)
            #expect(places.take(for: "192.0.2.3") == nil)
            withExtendedLifetime((ofFirst, ofSecond)) {}
        }
        #expect(places.take(for: "192.0.2.3") != nil)
    }

    @Test func aStaleChargerIsToldAsStaleByTheTimeOfTheTelling() async throws {
        let harness = Self.harness()
        let response = try await harness.respond("GET", "/events", key: Scene.sandboxKey)
        harness.service.set { $0.now = Scene.now.advanced(by: .seconds(20)) }
        harness.service.announce(Self.event(1, .state(Scene.charging)))
        harness.service.endStreams()
        let message = try #require(try await Self.read(response).first)
        let device = try JSONParser.parse(Array(message.data.utf8))["device"]
        #expect(device?["metadata"]?["source"] == "fallback")
    }
}

/// One event as a client reads it.
private struct Message {
    var id = ""
    var event = ""
    var data = ""

    var sequence: UInt64? { EventID(id)?.sequence }

    static func all(in text: String) -> [Message] {
        text.split(separator: "\n\n").compactMap { block in
            var message = Message()
            for line in block.split(separator: "\n") {
                let parts = line.split(separator: ": ", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { continue }
                switch parts[0] {
                case "id": message.id = parts[1]
                case "event": message.event = parts[1]
                case "data": message.data = parts[1]
                default: break
                }
            }
            return message.id.isEmpty ? nil : message
        }
    }
}

/// Keeps what a stream writes, and tells a test after each write.
private final class StreamWriter: ResponseBodyWriter, Sendable {
    private let state = Mutex((text: "", isFinished: false))
    private let onWrite: @Sendable (String) -> Void

    init(onWrite: @escaping @Sendable (String) -> Void = { _ in }) {
        self.onWrite = onWrite
    }

    var text: String { state.withLock { $0.text } }
    var isFinished: Bool { state.withLock { $0.isFinished } }

    func write(_ buffer: ByteBuffer) async throws {
        let text = state.withLock { state in
            state.text += String(buffer: buffer)
            return state.text
        }
        onWrite(text)
    }

    func finish(_ trailingHeaders: HTTPFields?) async throws {
        state.withLock { $0.isFinished = true }
    }
}
