import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

@Suite struct IdempotencyTests {
    private static func key(_ name: String, body: UInt8 = 1) -> IdempotencyKey {
        IdempotencyKey(
            scope: "key POST /ev-charger/device_ev_001", key: name,
            bodyHash: Array(repeating: body, count: 32))
    }

    @Test func r20_sameKeyGivesTheFirstAnswerAndOneEffect() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            let first = try await site.push(.idle, key: Self.key("a"))
            let retry = try await site.push(.idle, key: Self.key("a"))
            #expect(retry == first)
            await site.clock.advance(by: .seconds(60))
            #expect(try await site.agent.action(first.id)?.state == .completed)
            #expect(try await site.push(.idle, key: Self.key("a")) == first)
            #expect(site.bus.setpointWrites() == [0])
            #expect(try await site.agent.actions(ActionQuery(chargers: [Site.first])).total == 1)
        }
    }

    @Test func r20_sameKeyWithAnotherBodyIsRefused() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            _ = try await site.push(.idle, key: Self.key("a"))
            let answer = await site.pushInBackground(.charge, key: Self.key("a", body: 2))
            #expect(answer.refusal == .idempotencyKeyReused)
            await site.clock.advance(by: .seconds(10))
            #expect(site.bus.setpointWrites() == [0])
        }
    }

    @Test func r20_retryWhileTheFirstIsBeingStoredHasNoEffectOfItsOwn() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            site.store.shut()
            var answers: [Answer] = []
            for _ in 0..<10 {
                answers.append(await site.pushInBackground(.idle, key: Self.key("a")))
            }
            #expect(site.store.waitingCount == 1)
            site.store.open()
            await site.clock.settle()
            #expect(answers.allSatisfy { $0.action != nil && $0.action == answers[0].action })
            let page = try await site.agent.actions(ActionQuery(chargers: [Site.first]))
            #expect(page.total == 1)
        }
    }

    @Test func r20_keyOfARefusedPushIsFreeAgain() async throws {
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            site.store.inner.failCommits(with: .full)
            #expect(await site.pushInBackground(.idle, key: Self.key("a")).refusal == .storeFull)
            site.store.inner.failCommits(with: nil)
            let action = try await site.push(.idle, key: Self.key("a"))
            #expect(action.state == .acknowledged)
        }
    }

    /// On the pool of threads and with a clock that is real enough: requests come as they like.
    @Test func r20_thousandRetriedAndReorderedRequestsHaveOneEffectForEachKey() async throws {
        let clock = ManualClock()
        let site = try await Site(Site.Plan(), clock: clock)
        let answers = Locked<[String: Set<Action.ID>]>([:])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await site.runAgent() }
            await withTaskGroup(of: Void.self) { requests in
                for number in 0..<1_000 {
                    let name = "key \(number % 5)"
                    requests.addTask {
                        while true {
                            do throws(RequestRefusal) {
                                let action = try await site.agent.push(
                                    ActionRequest(
                                        charger: Site.first, command: .idle,
                                        idempotency: Self.key(name)))
                                answers.withLock { _ = $0[name, default: []].insert(action.id) }
                                return
                            } catch {
                                switch error {
                                case .busy:
                                    // As the answer says: again later.
                                    await Task.yield()
                                case .conflict:
                                    return
                                default:
                                    Issue.record("\(error)")
                                    return
                                }
                            }
                        }
                    }
                }
            }
            group.cancelAll()
        }
        // While one of the keys is in flight the others conflict; what is accepted is accepted once.
        let effects = answers.withLock { $0 }
        #expect(!effects.isEmpty)
        #expect(effects.values.allSatisfy { $0.count == 1 }, "\(effects)")
        let page = try await site.store.actions(ActionQuery(chargers: [Site.first]))
        #expect(page.total == effects.count)
        #expect(site.bus.setpointWrites().filter { $0 == 0 }.count <= 1)
    }
}
