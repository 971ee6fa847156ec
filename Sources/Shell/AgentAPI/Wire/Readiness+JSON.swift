import ChargeControl
import ChargeModel

extension Readiness {
    /// - Parameter visible: The chargers that may be named.
    func json(seeing visible: [ChargerID]) -> JSON {
        let buses = buses.compactMap { bus -> JSON? in
            let chargers = bus.chargers.filter(visible.contains)
            return chargers.isEmpty ? nil : bus.json(naming: chargers)
        }
        return [
            "ready": .bool(isReady),
            "buses": .array(buses),
            "store": ["ok": .bool(storeProblem == nil), "problem": .optional(storeProblem)],
            "readOnly": .bool(isReadOnly),
            "clock": ["trusted": .bool(isWallClockTrusted)],
            "loop": loop.json,
        ]
    }
}

extension BusReadiness {
    fileprivate func json(naming chargers: [ChargerID]) -> JSON {
        [
            "address": .string(address), "link": link.json,
            "deviceIds": .strings(chargers.map(\.rawValue)),
            "transactions": .integer(transactions), "errors": .integer(errors),
        ]
    }
}

extension LoopStatistics {
    fileprivate var json: JSON {
        [
            "periodMs": .integer(period.milliseconds), "cycles": .integer(cycles),
            "overruns": .integer(overruns), "latenessMicroseconds": lateness.json,
            "transactions": .integer(transactions), "errors": .integer(errors),
            "actionLatencyMicroseconds": actionLatency.json,
        ]
    }
}

extension Percentiles {
    fileprivate var json: JSON {
        [
            "count": .integer(count), "p50": .integer(p50), "p99": .integer(p99),
            "max": .integer(max),
        ]
    }
}
