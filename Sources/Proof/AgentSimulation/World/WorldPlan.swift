import ChargeControl
import ChargeModel
import DeviceProfiles
import Modbus
import WallboxModel

/// What clients, drivers, the weather and the mains are going to do, drawn from a seed before anything
/// runs: so each deed can be left out, and all others stay what they are.
package struct WorldPlan: Hashable, Sendable {
    package private(set) var happenings: [Happening]

    /// What the random world may hold.
    package struct Traits: Hashable, Sendable {
        package var hasFaults = true
        /// Whether wallboxes are told things by others, or take writes much later.
        package var hasStrangers = true
        /// Whether clients plan ahead, and the wall clock is set meanwhile.
        package var hasPlans = true
        /// The stations that may be switched between one phase and three.
        package var switching: [Int] = []

        package init() {}
    }

    package init(_ happenings: [Happening]) {
        self.happenings = happenings
    }

    /// - Parameter duration: How long clients and faults keep at it.
    package init(seed: UInt64, stations: Int, duration: Duration, traits: Traits = Traits()) {
        var draw = PlanDraw(
            random: SeededRandom(seed: seed ^ 0x706C_616E), duration: duration, traits: traits)
        for station in 0..<stations {
            draw.again(within: 10...400) { draw, at in draw.act(station, at) }
            draw.again(within: 30...900) { draw, at in draw.drive(station, at) }
            if traits.hasPlans {
                draw.again(within: 10...200) { draw, at in draw.plan(station, at) }
            }
            if traits.hasFaults {
                draw.again(within: 60...900) { draw, at in draw.breakSomething(station, at) }
            }
        }
        if traits.hasFaults {
            draw.again(within: 200...1_500) { draw, at in draw.killAgent(at) }
            draw.again(within: 200...1_500) { draw, at in draw.breakStore(at) }
            if traits.hasPlans {
                draw.again(within: 200...900) { draw, at in draw.disturbClock(at) }
            }
        }
        happenings = Self.ordered(draw.drawn, from: 0)
        guard !traits.switching.isEmpty else { return }
        var more = PlanDraw(
            random: SeededRandom(seed: seed ^ 0x7068_6173), duration: duration, traits: traits)
        for station in traits.switching {
            more.again(within: 60...900) { draw, at in draw.limit(station, at) }
        }
        // Numbered after the others: these keep their numbers.
        happenings += Self.ordered(more.drawn, from: happenings.count)
        happenings.sort { ($0.after, $0.number) < ($1.after, $1.number) }
    }

    /// Of one instant in the order in which they were drawn.
    private static func ordered(_ drawn: [Happening], from first: Int) -> [Happening] {
        let ordered = drawn.enumerated().sorted {
            ($0.element.after, $0.offset) < ($1.element.after, $1.offset)
        }
        return ordered.enumerated().map { place, entry in
            var happening = entry.element
            happening.number = first + place
            return happening
        }
    }

    /// Without what is not named.
    package func keeping(_ numbers: [Int]) -> WorldPlan {
        WorldPlan(happenings.filter { numbers.contains($0.number) })
    }
}

/// Draws a plan.
private struct PlanDraw {
    var random: SeededRandom
    let duration: Duration
    let traits: WorldPlan.Traits
    var drawn: [Happening] = []

    /// Something again and again, at random times.
    mutating func again(
        within seconds: ClosedRange<Int>, _ deed: (inout PlanDraw, Duration) -> Void
    ) {
        let wait = seconds.lowerBound * 1000...seconds.upperBound * 1000
        var at = milliseconds(wait)
        while at < duration {
            deed(&self, at)
            at += milliseconds(wait)
        }
    }

    private mutating func add(_ deed: Deed, to station: Int?, _ at: Duration) {
        drawn.append(Happening(number: 0, after: at, station: station, deed: deed))
    }

    private mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(whole(range))
    }

    private mutating func whole(_ range: ClosedRange<Int>) -> Int {
        Int.random(in: range, using: &random)
    }

    private mutating func coin() -> Bool { Bool.random(using: &random) }

    // MARK: - Clients

    mutating func act(_ station: Int, _ at: Duration) {
        switch whole(0...19) {
        case 0..<9: add(.push(.charge, nil), to: station, at)
        case 9..<15: add(.push(.idle, nil), to: station, at)
        case 15..<18: add(.setRate(Watts(whole(0...25) * 1_000)), to: station, at)
        default:
            let command: ChargeCommand = coin() ? .charge : .idle
            let outcome = SandboxOutcome(
                failure: coin() ? .deviceRefused : nil, delay: milliseconds(0...9_000))
            add(.push(command, outcome), to: station, at)
        }
        // Many clients change their minds at once.
        guard whole(0...3) == 0 else { return }
        let later = at + milliseconds(0...6_000)
        add(.push(coin() ? .charge : .idle, nil), to: station, later)
    }

    /// A cap that is enough for one phase, and perhaps for three.
    mutating func limit(_ station: Int, _ at: Duration) {
        add(.setRate(Watts(whole(12...80) * 100)), to: station, at)
    }

    /// Plans of clients, within the next minutes: they begin while the world is still watched.
    mutating func plan(_ station: Int, _ at: Duration) {
        switch whole(0...9) {
        case 0..<5:
            let command: ChargeCommand = whole(0...2) > 0 ? .charge : .idle
            let start = milliseconds(0...90_000)
            let length = milliseconds(1_000...100_000)
            add(
                .pushLater(
                    command, in: start, for: command == .charge && coin() ? length : nil,
                    isRelative: coin(), replaces: coin()), to: station, at)
        case 5, 6: add(.cancelLast, to: station, at)
        case 7, 8: add(.schedule(slots()), to: station, at)
        default: add(.schedule([]), to: station, at)
        }
    }

    /// Some minutes each, from a few minutes ago on, some of which touch.
    private mutating func slots() -> [Deed.Slot] {
        var minute = -whole(0...4)
        return (0...whole(0...3)).map { _ in
            minute += whole(0...3)
            let slot = Deed.Slot(start: minute, length: whole(1...4))
            minute += slot.length
            return slot
        }
    }

    // MARK: - Drivers of vehicles

    mutating func drive(_ station: Int, _ at: Duration) {
        guard whole(0...2) > 0 else { return add(.unplug, to: station, at) }
        let isNearlyFull = coin()
        let manner: VehicleManner =
            switch whole(0...9) {
            case 0: .greedy(excess: Milliamperes(whole(500...6_000)))
            case 1: .sleepy(offers: whole(1...3))
            case 2: .stuck
            default: .obedient
            }
        let vehicle = Vehicle(
            phases: whole(1...3), maximumCurrent: .amperes(whole(6...32)),
            battery: isNearlyFull
                ? Battery(capacity: WattHours(20_000), charge: WattHours(whole(15...20) * 1_000))
                : nil,
            reaction: milliseconds(500...5_000), manner: manner)
        add(.plug(vehicle), to: station, at)
    }

    // MARK: - Faults

    mutating func breakSomething(_ station: Int, _ at: Duration) {
        let length = milliseconds(500...60_000)
        switch whole(0...9) {
        case 0, 1: add(.cutLink(hangsOnConnect: coin(), for: length), to: station, at)
        case 2, 3: add(.noise(perThousand: whole(10...400), for: length), to: station, at)
        case 4: add(.reboot, to: station, at)
        case 5: add(.replace(serial: "2\(whole(1_000_000...9_999_999))"), to: station, at)
        case 6: add(.impostor(for: length), to: station, at)
        default: add(.fault(faults(), for: length), to: station, at)
        }
    }

    private mutating func faults() -> WallboxFaults {
        var faults = WallboxFaults()
        switch whole(0...6) {
        case 0: faults.writes = .ignored
        case 1:
            faults.writes = .delayed(by: milliseconds(100...(traits.hasStrangers ? 4_000 : 1_000)))
        case 2: faults.cableLimit = .amperes(whole(6...20))
        case 3 where traits.hasStrangers:
            faults.foreignController = WallboxFaults.ForeignController(
                setpoint: .amperes(whole(6...32)), period: milliseconds(3_000...30_000))
        case 4:
            faults.exception =
                [.illegalDataAddress, .serverDeviceBusy, .serverDeviceFailure][whole(0...2)]
        case 5: faults.defect = WallboxFaults.Defect(isUnavailable: coin())
        default: faults.isSilent = true
        }
        return faults
    }

    mutating func killAgent(_ at: Duration) {
        add(.killAgent(for: milliseconds(100...80_000)), to: nil, at)
    }

    mutating func breakStore(_ at: Duration) {
        let error: StoreError = coin() ? .full : .unavailable(reason: "EIO")
        add(.breakStore(error, for: milliseconds(500...60_000)), to: nil, at)
    }

    /// The clock is set, or is not believed for a while.
    mutating func disturbClock(_ at: Duration) {
        if coin() { return add(.stepClock(milliseconds(-120_000...120_000)), to: nil, at) }
        add(.distrustClock(for: milliseconds(1_000...60_000)), to: nil, at)
    }
}
