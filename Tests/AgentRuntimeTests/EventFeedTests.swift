import AgentRuntime
import AgentTestSupport
import ChargeControl
import ChargeModel
import Testing

/// The event stream: resuming, slow readers, the end.
@Suite struct EventFeedTests {
    private let charger = ChargerID("device_ev_001")

    private func publish(_ count: Int, to feed: EventFeed) {
        for _ in 0..<count {
            feed.publish(
                .fault(.competingController, isActive: true), charger: charger,
                at: WallInstant(milliseconds: 0))
        }
    }

    private func read(_ stream: AsyncStream<AgentEvent>) async -> [UInt64] {
        var sequences: [UInt64] = []
        for await event in stream { sequences.append(event.sequence) }
        return sequences
    }

    @Test func returningReaderGetsWhatItMissedAndThenWhatFollows() async {
        let feed = EventFeed()
        publish(10, to: feed)
        let stream = feed.events(after: 7)
        publish(2, to: feed)
        feed.close()
        #expect(await read(stream) == [8, 9, 10, 11, 12])
    }

    @Test func newReaderBeginsWithTheNextEvent() async {
        let feed = EventFeed()
        publish(10, to: feed)
        let stream = feed.events(after: nil)
        publish(1, to: feed)
        feed.close()
        #expect(await read(stream) == [11])
    }

    @Test func exactlyTheLastEventsAreKept() async {
        let feed = EventFeed()
        let count = EventFeed.kept + 500
        publish(count, to: feed)
        let stream = feed.events(after: 0)
        feed.close()
        #expect(await read(stream) == (501...UInt64(count)).map { $0 })
    }

    @Test func readerThatFallsTooFarBehindEndsWithoutAGapAndOthersGoOn() async {
        let feed = EventFeed()
        let slow = feed.events(after: nil)
        publish(EventFeed.readerBuffer, to: feed)
        #expect(feed.readerCount == 1)
        let quick = feed.events(after: nil)
        publish(1, to: feed)
        #expect(feed.readerCount == 1)
        publish(1, to: feed)
        feed.close()
        #expect(await read(slow) == (1...UInt64(EventFeed.readerBuffer)).map { $0 })
        let next = UInt64(EventFeed.readerBuffer) + 1
        #expect(await read(quick) == [next, next + 1])
    }

    @Test func returningReaderIsGivenEverythingKeptAndRoomToFollow() async {
        let feed = EventFeed()
        publish(EventFeed.kept, to: feed)
        let stream = feed.events(after: 0)
        publish(EventFeed.readerBuffer, to: feed)
        #expect(feed.readerCount == 1)
        feed.close()
        #expect(await read(stream).count == EventFeed.kept + EventFeed.readerBuffer)
    }

    @Test func readerWhoGoesAwayIsForgotten() async {
        let feed = EventFeed()
        for _ in 0..<100 {
            let stream = feed.events(after: nil)
            #expect(feed.readerCount == 1)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { for await _ in stream {} }
                group.cancelAll()
            }
            #expect(feed.readerCount == 0)
        }
    }

    @Test func afterTheEndAStreamGivesWhatIsKeptAndEnds() async {
        let feed = EventFeed()
        publish(3, to: feed)
        feed.close()
        #expect(await read(feed.events(after: 1)) == [2, 3])
        #expect(await read(feed.events(after: nil)) == [])
        #expect(feed.readerCount == 0)
    }

    /// Publishing, reading, leaving and closing at once, on the real pool: no lock is held while a
    /// stream ends, so nothing can lock up; and no reader sees a gap or a repetition.
    @Test func publishersReadersAndTheEndDoNotLockUp() async {
        let feed = EventFeed()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask { publish(2_000, to: feed) }
            }
            for reader in 0..<16 {
                group.addTask {
                    var last: UInt64?
                    for await event in feed.events(after: reader.isMultiple(of: 2) ? 0 : nil) {
                        if let last { #expect(event.sequence == last + 1) }
                        last = event.sequence
                        if reader.isMultiple(of: 5), event.sequence > 500 { break }
                    }
                }
            }
            group.addTask {
                var last: UInt64 = 0
                // A slow one, which resumes by number until it has seen everything.
                while last < 8_000 {
                    for await event in feed.events(after: last) {
                        #expect(event.sequence > last)
                        last = event.sequence
                        if last == 8_000 { break }
                    }
                }
                feed.close()
            }
        }
        #expect(feed.readerCount == 0)
    }

    @Test func agentEndsItsStreamsWhenItEnds() async throws {
        let streams = Locked<[AsyncStream<AgentEvent>]>([])
        try await Site.run { site in
            await site.clock.advance(by: .seconds(3))
            streams.withLock { $0 = [site.agent.events(after: 0), site.agent.events(after: nil)] }
            _ = try await site.push(.idle)
        }
        for stream in streams.withLock({ $0 }) {
            var actions = 0
            for await event in stream {
                if case .action = event.payload { actions += 1 }
            }
            #expect(actions >= 1)
        }
    }
}
