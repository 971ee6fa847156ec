import ChargeModel
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// What holds at every event, whatever people, vehicles and controllers do.
@Suite struct WallboxPropertyTests {
    @Test(arguments: DeviceFile.all, 1...12)
    func physicsHoldsWhateverHappens(_ id: String, _ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let profile = try DeviceFile.profile(id)
        var options = WallboxOptions()
        if seed.isMultiple(of: 3) {
            options.voltage = .wandering(deviation: Millivolts(5000), seed: seed)
        }
        options.contactor.close = .milliseconds(Int.random(in: 0...3000, using: &random))
        options.contactor.openUnderLoad = .milliseconds(Int.random(in: 100...6000, using: &random))
        var bench = Bench(profile, options: options)
        var watcher = PhysicsWatcher(bench.wallbox.truth)
        var seconds = 0.0
        for _ in 0..<300 {
            seconds += Double.random(in: 0...40, using: &random)
            let end = Bench.instant(seconds)
            while let event = bench.wallbox.nextEvent, event <= end {
                bench.wallbox.advance(to: event)
                watcher.look(at: bench.wallbox.truth)
            }
            bench.wallbox.advance(to: end)
            watcher.look(at: bench.wallbox.truth)
            disturb(&bench, at: seconds, &random)
            watcher.look(at: bench.wallbox.truth)
            #expect(showsWhatIs(bench, at: seconds), "seed \(seed) of \(id) at \(seconds) s")
        }
        #expect(watcher.violations.isEmpty, "seed \(seed) of \(id): \(watcher.violations)")
        #expect(bench.wallbox.truth.energyTotal > .zero, "seed \(seed): nothing was charged")
    }

    /// Whether the registers are those of a wallbox that remembers nothing of earlier reads.
    private func showsWhatIs(_ bench: Bench, at seconds: Double) -> Bool {
        var remembering = bench
        var forgetful = bench
        _ = remembering.values(at: seconds)
        _ = forgetful.values(at: seconds)
        forgetful.setFaults(at: seconds + 7) { _ in }
        return remembering.values(at: seconds + 7) == forgetful.values(at: seconds + 7)
    }

    private func disturb(
        _ bench: inout Bench, at seconds: Double, _ random: inout SeededRandom
    ) {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<10:
            let limit = [0, 0, 6, 8, 16, 25, 32].randomElement(using: &random) ?? 6
            _ = bench.limit(limit, at: seconds)
        case 10..<13 where bench.wallbox.truth.vehicle == nil:
            bench.plug(vehicle(&random), at: seconds)
        case 14: bench.wallbox.unplug(at: Bench.instant(seconds))
        case 15: bench.wallbox.reboot(at: Bench.instant(seconds))
        case 16: bench.setFaults(at: seconds) { $0.defect = WallboxFaults.Defect() }
        case 17: bench.setFaults(at: seconds) { $0 = WallboxFaults() }
        case 18: bench.setFaults(at: seconds) { $0.cableLimit = .amperes(13) }
        default: _ = bench.armFailsafe(.amperes(6), at: seconds)
        }
    }

    private func vehicle(_ random: inout SeededRandom) -> Vehicle {
        let manners: [VehicleManner] = [
            .obedient, .obedient, .greedy(excess: .amperes(2)), .stuck, .sleepy(offers: 2),
        ]
        return Vehicle(
            phases: Int.random(in: 1...3, using: &random),
            maximumCurrent: Milliamperes(Int.random(in: 6000...40_000, using: &random)),
            maximumPower: Bool.random(using: &random) ? nil : Watts(7000),
            battery: Bool.random(using: &random)
                ? nil : Battery(capacity: WattHours(2000), charge: WattHours(500)),
            reaction: .milliseconds(Int.random(in: 0...5000, using: &random)),
            manner: manners.randomElement(using: &random) ?? .obedient)
    }
}

/// Looks at a wallbox at every event and collects what must not be.
private struct PhysicsWatcher {
    private var last: WallboxTruth
    /// What was offered over the last seconds, with the time from which on.
    private var offers: [(since: MonotonicInstant, current: Milliamperes)] = []
    private var changedAt: MonotonicInstant?
    private(set) var violations: [String] = []

    init(_ truth: WallboxTruth) {
        last = truth
        offers = [(truth.instant, truth.offered)]
    }

    mutating func look(at truth: WallboxTruth) {
        defer { last = truth }
        check(truth.energy >= last.energy, "the meter runs backwards", truth)
        check(truth.energyTotal >= last.energyTotal, "the total decreases", truth)
        check(
            truth.isContactorClosed || truth.power == .zero,
            "power flows through an open contactor", truth)
        check(
            truth.offered == .zero || truth.offered >= .pilotMinimum,
            "the pilot signals less than 6 A", truth)
        check(truth.limit <= .amperes(32), "the limit exceeds the model's maximum", truth)
        if truth.pilot == .e || truth.pilot == .f {
            check(truth.offered == .zero, "a defective wallbox offers", truth)
        }
        if truth.contactorCycles > last.contactorCycles {
            check(truth.pilot == .c2, "the contactor closes in state \(truth.pilot)", truth)
        }
        lookAtPilot(truth)
        lookAtCurrents(truth)
    }

    private mutating func lookAtPilot(_ truth: WallboxTruth) {
        guard truth.offered != last.offered else { return }
        let isChange = truth.offered > .zero && last.offered > .zero
        if isChange, let changedAt {
            check(
                changedAt.duration(to: truth.instant) >= .seconds(5),
                "the pulse width changes within 5 s", truth)
        }
        changedAt = truth.instant
        offers.append((truth.instant, truth.offered))
    }

    /// A vehicle may draw what was on offer at any time of the last five seconds.
    private mutating func lookAtCurrents(_ truth: WallboxTruth) {
        guard let vehicle = truth.vehicle?.vehicle else { return }
        let horizon = truth.instant.advanced(by: .seconds(-5))
        while offers.count > 1, offers[1].since < horizon { offers.removeFirst() }
        let most = offers.map(\.current).max() ?? .zero
        let excess: Milliamperes
        switch vehicle.manner {
        case .obedient, .sleepy: excess = .zero
        case .greedy(let amount): excess = amount
        case .stuck: return
        }
        for current in truth.currents {
            check(
                current <= min(most + excess, vehicle.maximumCurrent),
                "\(current) flow where \(most) were offered", truth)
        }
        if let maximum = vehicle.maximumPower {
            check(truth.power <= maximum, "the vehicle draws \(truth.power)", truth)
        }
    }

    private mutating func check(_ holds: Bool, _ complaint: String, _ truth: WallboxTruth) {
        guard !holds, violations.count < 5 else { return }
        violations.append("\(complaint), at \(truth)")
    }
}
