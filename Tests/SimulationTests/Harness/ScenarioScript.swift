import ChargeControl
import ChargeModel
import WallboxModel

@testable import AgentSimulation

/// A scenario as people write it: wallboxes first, then what happens when.
///
/// ```
/// wallbox garage reference-7kw max 16A safe 6A poll 1s
/// 0s    start
/// 5s    plug garage 1 phase 16A
/// 10s   push garage charge
/// 60s   end
/// ```
/// Deeds: `start` and `kill` the agent; `plug NAME N phase(s) CURRENT`, `unplug NAME`;
/// `push NAME charge|idle [in 600s [for 3600s]]`, `cancel NAME ACTION`, `rate NAME POWER`;
/// `schedule NAME 23:00 for 360min` (daily, UTC) or `schedule NAME none`; the wall clock `step +60s`
/// and its trust, `clock trusted|untrusted`; `cut NAME` and `mend NAME` the link; `reboot NAME`;
/// `cable NAME CURRENT`; `store full|sound`; `end`. A `#` begins a comment.
struct ScenarioScript {
    var plans: [(name: String, profile: String, words: [String])] = []
    var deeds: [(at: Duration, words: [String], line: Int)] = []

    struct Complaint: Error, CustomStringConvertible {
        var line: Int
        var words: String
        var description: String { "line \(line): \(words)" }
    }

    init(_ text: String) throws {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let words = line.prefix { $0 != "#" }.split(separator: " ").map(String.init)
            guard let first = words.first else { continue }
            if first == "wallbox" {
                guard words.count >= 3 else {
                    throw Complaint(line: index + 1, words: "a wallbox has a name and a profile")
                }
                plans.append((words[1], words[2], Array(words.dropFirst(3))))
            } else {
                guard let at = Self.duration(first) else {
                    throw Complaint(line: index + 1, words: "\"\(first)\" is no time such as 10s")
                }
                deeds.append((at, Array(words.dropFirst()), index + 1))
            }
        }
    }

    static func duration(_ text: String) -> Duration? {
        guard text.hasSuffix("s"), let seconds = Double(text.dropLast()) else { return nil }
        return .milliseconds(Int(seconds * 1000))
    }

    static func milliamperes(_ text: String) -> Milliamperes? {
        guard text.hasSuffix("A"), let amperes = Double(text.dropLast()) else { return nil }
        return Milliamperes(Int(amperes * 1000))
    }

    static func watts(_ text: String) -> Watts? {
        guard text.hasSuffix("W"), let watts = Int(text.dropLast()) else { return nil }
        return Watts(watts)
    }

    /// Daily in UTC; nil inside for none, nil outside for a mistake.
    private static func schedule(
        _ word: String, _ words: [String], of charger: ChargerID
    ) -> RecurringSchedule?? {
        if word == "none" { return .some(nil) }
        let clock = word.split(separator: ":").compactMap { Int($0) }
        guard clock.count == 2, let last = words.last, last.hasSuffix("min"),
            let minutes = Int(last.dropLast(3))
        else { return nil }
        return RecurringSchedule(
            id: "sched_1", charger: charger, timezone: "UTC", recurrence: .daily,
            slots: [
                ScheduleSlot(
                    startMinute: clock[0] * 60 + clock[1], durationMinutes: minutes,
                    command: .charge)
            ],
            updatedAt: WallInstant(milliseconds: 0))
    }

    // MARK: - Playing

    /// What happens, line by line; the first broken invariant is its last line.
    func transcript() throws -> String {
        var simulation = Simulation(seed: 1, plans: try stationPlans(), isRecording: true)
        simulation.commitTime = 2...2
        for index in simulation.stations.indices {
            simulation.stations[index].wire.latency = 20...20
        }
        for deed in deeds {
            let pause = simulation.start.duration(to: simulation.now)
            simulation.run(for: deed.at - pause)
            try play(deed.words, line: deed.line, on: &simulation)
        }
        let lines = (simulation.transcript ?? []) + simulation.violations.map { "BROKEN: \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    private func stationPlans() throws -> [StationPlan] {
        try plans.map { name, profile, words in
            var plan = StationPlan(name: name, profile: try Devices.profile(profile))
            for (key, value) in zip(words, words.dropFirst()) {
                switch key {
                case "max": plan.installationMaximum = Self.milliamperes(value) ?? .zero
                case "safe": plan.safeCurrent = Self.milliamperes(value) ?? .zero
                case "poll": plan.poll = Self.duration(value) ?? .zero
                case "phase-switching": plan.switchesPhases = value == "on"
                case "setpoint": plan.options.factorySetpoint = Self.milliamperes(value)
                default: break
                }
            }
            return plan
        }
    }

    private func play(_ words: [String], line: Int, on simulation: inout Simulation) throws {
        switch words.first {
        case "start": simulation.startAgent()
        case "kill":
            for index in simulation.stations.indices { simulation.disturb(index, for: .zero) }
            simulation.killAgent()
        case "end": break
        case "step":
            guard let step = words.last.flatMap(Self.duration) else {
                throw Complaint(line: line, words: "by how much?")
            }
            simulation.stepWall(by: step)
        case "clock": simulation.isWallTrusted = words.last == "trusted"
        case "store": simulation.store.failure = words.last == "full" ? .full : nil
        case .some(let deed):
            let index = simulation.stations.firstIndex { words.dropFirst().first == $0.id.rawValue }
            guard let index else { throw Complaint(line: line, words: "of which wallbox?") }
            guard play(deed, Array(words.dropFirst(2)), on: &simulation, index) else {
                throw Complaint(line: line, words: "\"\(words.joined(separator: " "))\"?")
            }
        case nil: throw Complaint(line: line, words: "what happens then?")
        }
    }

    /// - Returns: Whether there is such a deed.
    private func play(
        _ deed: String, _ words: [String], on simulation: inout Simulation, _ index: Int
    ) -> Bool {
        let now = simulation.now
        let current = words.last.flatMap(Self.milliamperes)
        switch (deed, words.first) {
        case ("plug", .some(let phases)):
            guard let phases = Int(phases), let current else { return false }
            simulation.stations[index].box.plug(
                Vehicle(phases: phases, maximumCurrent: current), at: now)
        case ("unplug", nil): simulation.stations[index].box.unplug(at: now)
        case ("push", .some(let word)):
            guard let command = ChargeCommand(rawValue: word) else { return false }
            let times = words.compactMap(Self.duration)
            let start = times.first.map { simulation.time.wall.advanced(by: $0) }
            simulation.push(
                command, to: index,
                timing: start.map { start in
                    ActionTiming(
                        start: start,
                        end: times.count > 1 ? start.advanced(by: times[1]) : nil)
                })
        case ("cancel", .some(let id)): simulation.cancel(id, of: index)
        case ("schedule", .some(let word)):
            guard let schedule = Self.schedule(word, words, of: simulation.stations[index].id)
            else { return false }
            simulation.setSchedule(schedule, of: index)
        case ("rate", .some(let word)):
            guard let rate = Self.watts(word) else { return false }
            simulation.setMaxChargeRate(rate, of: index)
        case ("cut", nil):
            simulation.disturb(index, for: .seconds(3_600))
            simulation.stations[index].wire.isCut = true
        case ("mend", nil):
            simulation.stations[index].witness.disturbedUntil = now
            simulation.stations[index].wire.isCut = false
        case ("reboot", nil): simulation.stations[index].reboot(at: now)
        case ("cable", .some):
            guard let current else { return false }
            var faults = WallboxFaults()
            faults.cableLimit = current
            simulation.stations[index].box.setFaults(faults, at: now)
        default: return false
        }
        return true
    }
}
