import ChargeControl
import ChargeModel
import Histogram
import NIOConcurrencyHelpers

/// Counts what the control loop does. Times go into a histogram with three significant digits, so
/// that a p99 is measured and not guessed.
package final class LoopRecorder: Sendable {
    private struct State {
        var cycles = 0
        var overruns = 0
        var lateness = LoopRecorder.emptyHistogram
        var actionLatency = LoopRecorder.emptyHistogram
    }

    private let period: Duration
    private let state = NIOLockedValueBox(State())

    /// A minute in microseconds: what is longer counts as that.
    private static let longest: UInt64 = 60_000_000
    private static var emptyHistogram: Histogram<UInt32> {
        Histogram(
            lowestDiscernibleValue: 1, highestTrackableValue: longest,
            numberOfSignificantValueDigits: .three)
    }

    package init(period: Duration) {
        self.period = period
    }

    func cycle(late lateness: Duration) {
        state.withLockedValue {
            $0.cycles += 1
            $0.lateness.record(Self.microseconds(lateness))
        }
    }

    func overrun(_ count: Int) {
        state.withLockedValue { $0.overruns += count }
    }

    func reachedWire(after latency: Duration) {
        state.withLockedValue { _ = $0.actionLatency.record(Self.microseconds(latency)) }
    }

    package func statistics(transactions: Int, errors: Int) -> LoopStatistics {
        state.withLockedValue { state in
            LoopStatistics(
                period: period, cycles: state.cycles, overruns: state.overruns,
                lateness: Self.percentiles(state.lateness), transactions: transactions,
                errors: errors, actionLatency: Self.percentiles(state.actionLatency))
        }
    }

    private static func microseconds(_ duration: Duration) -> UInt64 {
        min(UInt64(max(duration.nanoseconds, 0) / 1_000), longest)
    }

    private static func percentiles(_ histogram: Histogram<UInt32>) -> Percentiles {
        guard histogram.totalCount > 0 else { return Percentiles() }
        return Percentiles(
            count: Int(histogram.totalCount),
            p50: Int(histogram.valueAtPercentile(50)),
            p99: Int(histogram.valueAtPercentile(99)),
            max: Int(histogram.max))
    }
}
