import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

@testable import AgentRuntime

/// Wallboxes of several buses on one fuse.
@Suite struct SharedFuseTests {
    private static let plan = Site.Plan(
        buses: [1, 1], installation: .amperes(32), fuse: .amperes(32))

    @Test func wallboxesOfTwoBusesShareOneFuse() async throws {
        try await Site.run(Self.plan) { site in
            await site.clock.advance(by: .seconds(10))
            _ = try await site.push(.charge)
            _ = try await site.push(.charge, to: Site.second)
            await site.clock.advance(by: .seconds(30))
            #expect(site.setpoint() == .amperes(16))
            #expect(site.setpoint(on: 1) == .amperes(16))
            _ = try await site.push(.idle)
            await site.clock.advance(by: .seconds(30))
            #expect(site.setpoint() == .zero)
            // 6 A stay free: the first may fall to them by itself.
            #expect(site.setpoint(on: 1) == .amperes(26))
            let group = try #require(site.agent.view.groups.first)
            #expect(group.members.map(\.share) == [.zero, .amperes(26)])
            #expect(group.members.map(\.counted) == [.amperes(6), .amperes(26)])
            let claim = try site.charger(Site.second).decision.claims
                .first { $0.source == .group }
            #expect(claim?.limit == .amperes(26))
        }
    }

    @Test func aBusThatHangsKeepsNobodyElseFromItsShare() async throws {
        try await Site.run(Self.plan) { site in
            await site.clock.advance(by: .seconds(10))
            _ = try await site.push(.charge)
            _ = try await site.push(.charge, to: Site.second)
            await site.clock.advance(by: .seconds(30))
            site.buses[1].behave(.hanging)
            await site.clock.advance(by: .seconds(60))
            // The lease of the first is renewed, and the other counts with what it had.
            #expect(site.setpoint() == .amperes(16))
            #expect(try site.charger().decision.limit == .amperes(16))
            _ = try await site.push(.idle)
            await site.clock.advance(by: .seconds(3))
            #expect(site.setpoint() == .zero)
            _ = try await site.push(.charge)
            await site.clock.advance(by: .seconds(30))
            #expect(site.setpoint() == .amperes(16))
        }
    }
}
