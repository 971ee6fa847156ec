import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

@Suite("R45: delayed starts in the runtime")
struct R45StartDelayTests {
    private static func plan() -> Site.Plan {
        var plan = Site.Plan()
        plan.startDelay = .seconds(1_800)
        return plan
    }

    /// A slot of six hours in each of the next nights, seen by an agent of its own.
    private func starts(nights: Int) async throws -> [WallInstant] {
        let starts = Locked<[WallInstant]>([])
        try await Site.run(Self.plan()) { site in
            await site.clock.advance(by: .seconds(3))
            _ = try await site.agent.replaceSchedule(
                ScheduleRequest(
                    charger: Site.first, timezone: "UTC", recurrence: .daily,
                    slots: [
                        ScheduleSlot(
                            startMinute: 13 * 60, durationMinutes: 360, command: .charge)
                    ]))
            for _ in 0..<nights {
                // From 12:00 to 12:59, and then second by second until it charges.
                await site.clock.advance(by: .seconds(59 * 60))
                for _ in 0..<2_000 where try site.charger().currentSchedule?.state != .active {
                    await site.clock.advance(by: .seconds(1))
                }
                let begun = site.clock.now()
                starts.withLock { $0.append(begun.wall) }
                let second = begun.wall.milliseconds / 1_000 % 86_400
                await site.clock.leap(by: .seconds(86_400 + 43_200 - second))
                await site.clock.advance(by: .seconds(3))
            }
        }
        return starts.withLock { $0 }
    }

    @Test("R45: two agents with equal clocks and equal schedules start apart")
    func r45_twoAgentsStartApart() async throws {
        // Equal in all four: once in 1801 to the fourth by chance.
        let first = try await starts(nights: 4)
        let second = try await starts(nights: 4)
        #expect(first != second)
        for start in first + second {
            let second = start.milliseconds / 1_000 % 86_400
            #expect(13 * 3_600...13 * 3_600 + 1_802 ~= second, "\(start.timestamp)")
        }
    }

    @Test(
        "R45: what was drawn for a push is in the answer, and in the same one when it is repeated")
    func r45_aRepeatedPushHasTheDelayOfTheFirst() async throws {
        try await Site.run(Self.plan()) { site in
            await site.clock.advance(by: .seconds(3))
            let request = ActionRequest(
                charger: Site.first, command: .charge,
                timing: ActionTiming(start: site.clock.now().wall.advanced(by: .seconds(600))),
                idempotency: IdempotencyKey(
                    scope: "s", key: "a", bodyHash: Array(repeating: 1, count: 32)))
            let first = try await site.agent.push(request)
            let delay = try #require(first.startDelay)
            #expect(.zero ... .seconds(1_800) ~= delay)
            #expect(try await site.agent.push(request) == first)
            #expect(try await site.agent.action(first.id)?.startDelay == delay)
        }
    }

    @Test("R20: a repeated PUT or DELETE of a schedule is answered as the first one was")
    func r20_aRepeatedScheduleIsAnsweredAlike() async throws {
        @Sendable func key(_ name: String) -> IdempotencyKey {
            IdempotencyKey(scope: "s", key: name, bodyHash: Array(repeating: 1, count: 32))
        }
        @Sendable func request(_ hour: Int, _ name: String) -> ScheduleRequest {
            ScheduleRequest(
                charger: Site.first, timezone: "UTC", recurrence: .weekly([.sunday, .monday]),
                slots: [
                    ScheduleSlot(startMinute: hour * 60, durationMinutes: 60, command: .charge)
                ], idempotency: key(name))
        }
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            let first = try await site.agent.replaceSchedule(request(1, "a"))
            await site.clock.advance(by: .seconds(60))
            let second = try await site.agent.replaceSchedule(request(2, "b"))
            #expect(try await site.agent.replaceSchedule(request(1, "a")) == first)
            #expect(try site.charger().schedule == second, "it has no second effect")
            await #expect(throws: RequestRefusal.idempotencyKeyReused) {
                var other = request(3, "a")
                other.idempotency?.bodyHash = Array(repeating: 2, count: 32)
                _ = try await site.agent.replaceSchedule(other)
            }
            #expect(
                try await site.agent.removeSchedule(of: Site.first, idempotency: key("c"))
                    == second)
            #expect(
                try await site.agent.removeSchedule(of: Site.first, idempotency: nil) == nil)
            #expect(
                try await site.agent.removeSchedule(of: Site.first, idempotency: key("c"))
                    == second)
            #expect(try await site.agent.replaceSchedule(request(2, "b")) == second)
            #expect(try site.charger().schedule == nil)
        }
    }
}
