import ChargeModel
import DeviceProfiles
import Modbus

/// A wallbox with its vehicle and meter, simulated in virtual time and faced by a device profile.
///
/// This target owns the physics (pilot signal, contactor, vehicle, meter), the wallbox's own
/// firmware (setpoint, on/off, failsafe) and what goes wrong with it and on its wire. Its only
/// faces are the registers of the profile and ``truth``. It never reads a clock: time comes with
/// each call, and nothing happens between events, so that a quiet night costs nothing.
///
/// Instants must not go back; a call with an earlier one happens at the latest instant seen.
package struct SimulatedWallbox: Sendable {
    package let profile: DeviceProfile
    package let options: WallboxOptions
    /// The unit id that it answers to, besides the fixed ones of the profile.
    package let unit: UInt8

    /// Up to here everything has happened.
    package internal(set) var now: MonotonicInstant
    package internal(set) var faults = WallboxFaults()
    package internal(set) var serial: String

    let index: RegisterIndex
    let presence: RegisterPresence
    let controls: ControlMap
    /// What each register shows.
    let sources: [RegisterSource]
    let steadiness: [RegisterSource.Steadiness]
    /// What the state registers hold, by the place of the state in `PilotState.allCases`.
    let faces: [[RegisterFace]]
    /// The places of the signs of life that any read is.
    let signsOfReading: [Int]
    /// What registers without a meaning of their own hold.
    var factory: FactoryWords

    var pilot = PilotSignal()
    var contactor = Contactor()
    var vehicle: PluggedVehicle?
    var relay: PhaseRelay
    var load = PerPhase.zero
    /// What flowed last, for registers that keep showing it.
    var lastLoad = PerPhase.zero
    var energy: ExactEnergy
    var sessionStart: ExactEnergy
    /// When the vehicle draws another power because of its battery.
    var batteryStep: MonotonicInstant?

    /// What stands in the registers that take the limit, in the unit of the setpoint.
    var setpoints: [Int]
    var switches: [Bool]
    /// The phases that registers ask for.
    var selectedPhases: Int
    /// It has started to charge by itself, whatever it was told.
    var hasStartedItself = false
    /// How many steps of the profile's way to wake a vehicle up have been taken.
    var wakeUpStep = 0
    var watch: FailsafeWatch
    var startedAt: MonotonicInstant
    var bootedAt: MonotonicInstant?
    var pendingWrites: [PendingWrite] = []
    var foreignWriteAt: MonotonicInstant?

    /// The words last written to registers that only remember, by register.
    var memory: [[UInt16]?]
    /// The raw value last written to each register, as long as it has not lost it.
    var written: [UInt64?]
    /// When something was written last.
    var writtenAt: MonotonicInstant?
    /// When it listens to the next request.
    var quietUntil: MonotonicInstant?
    /// The words of stuck registers, in the order of ``WallboxFaults/registers``, by element.
    var stuckWords: [[[UInt16]]] = []
    var writeCounts: [Int]
    var deniedWrites = 0
    package var phaseSwitchesUnderLoad = 0
    /// What registers show until the next event, by register and element.
    var shownWords: [[[UInt16]?]]

    /// A write that takes effect later.
    struct PendingWrite: Hashable, Sendable {
        var due: MonotonicInstant
        var register: RegisterID
        var raw: UInt64
        var effect: WriteEffect
    }

    /// A wallbox that has been running for a moment, with nothing plugged in.
    ///
    /// - Parameter unit: nil for the profile's default.
    package init(
        profile: DeviceProfile, options: WallboxOptions = WallboxOptions(), unit: UInt8? = nil,
        at start: MonotonicInstant
    ) {
        self.profile = profile
        self.options = options
        self.unit = unit ?? profile.link.unit
        now = start
        startedAt = start
        serial = options.serial
        factory = FactoryWords(profile, options)
        let presence = RegisterPresence(profile, factory, missing: options.missing)
        self.presence = presence
        index = RegisterIndex(profile, unit: self.unit) { presence[$0] }
        controls = ControlMap(profile) { presence[$0] }
        let sources = RegisterSource.all(profile, controls, presence)
        self.sources = sources
        steadiness = sources.map { $0.steadiness(among: sources) }
        let signs = profile.heartbeat.signs
        signsOfReading = signs.indices.filter { signs[$0] == .anyRead }
        faces = PilotState.allCases.map { Self.face(of: $0, profile) }
        energy = ExactEnergy(options.meterStart)
        sessionStart = energy
        let factorySetpoint = Self.factorySetpoint(profile, options)
        setpoints = controls.limits.map { _ in factorySetpoint }
        switches = controls.switches.map { _ in options.startsEnabled }
        relay = PhaseRelay(phases: profile.electrical.phases)
        selectedPhases = profile.electrical.phases
        watch = FailsafeWatch(profile, options, controls, at: start)
        memory = Array(repeating: nil, count: profile.registers.count)
        written = Array(repeating: nil, count: profile.registers.count)
        writeCounts = Array(repeating: 0, count: profile.registers.count)
        shownWords = profile.registers.map { Array(repeating: nil, count: $0.count) }
    }

    /// A map that cannot express a state shows that the vehicle is there and gets nothing.
    private static func face(of state: PilotState, _ profile: DeviceProfile) -> [RegisterFace] {
        let face = profile.face(of: state)
        return face.isEmpty ? profile.face(of: .b1) : face
    }

    // MARK: - Time

    /// When something happens by itself next; nil when nothing does.
    package var nextEvent: MonotonicInstant? {
        var next = bootedAt
        func consider(_ instant: MonotonicInstant?) {
            guard let instant else { return }
            next = next.map { min($0, instant) } ?? instant
        }
        consider(watch.deadline)
        consider(pilot.due(for: offerWish, now: now))
        consider(contactor.nextMove)
        consider(relay.nextMove)
        consider(vehicle?.nextReaction)
        consider(batteryStep)
        consider(pendingWrites.first?.due)
        consider(foreignWriteAt)
        if load.sum > 0 { consider(options.voltage.nextChange(after: now)) }
        return next
    }

    /// Lets everything happen up to an instant.
    package mutating func advance(to instant: MonotonicInstant) {
        while let event = nextEvent, event <= instant {
            flow(until: max(event, now))
            happen()
        }
        flow(until: instant)
    }

    /// Lets the present load flow; nothing else changes meanwhile.
    private mutating func flow(until instant: MonotonicInstant) {
        guard instant > now else { return }
        let elapsed = instant.nanoseconds - now.nanoseconds
        now = instant
        let power = flowingPower
        guard power > 0 else { return }
        let flown = ExactEnergy(microwatts: power, nanoseconds: elapsed)
        energy += flown
        vehicle?.store(flown)
    }

    /// Does what is due now.
    private mutating func happen() {
        if let bootedAt, bootedAt <= now { self.bootedAt = nil }
        watch.tick(at: now)
        while let pending = pendingWrites.first, pending.due <= now {
            pendingWrites.removeFirst()
            take(pending)
        }
        if let due = foreignWriteAt, due <= now, let foreign = faults.foreignController {
            foreignWriteAt = due.advanced(by: foreign.period)
            let value = profile.control.domain.setpoint(foreign.setpoint, phases: relay.phases)
            for (place, limit) in controls.limits.enumerated() {
                take(.limit(place, value))
                written[limit.register.rawValue] = nil
            }
        }
        settle()
    }

    /// Carries a change through: limit, pilot signal, vehicle, contactor, load, in the order in
    /// which each causes the next.
    mutating func settle() {
        forgetShownWords()
        updateRelay()
        let wish = offerWish
        if let due = pilot.due(for: wish, now: now), due <= now {
            pilot.offer(wish, at: now)
            vehicle?.pilotChanged(to: wish, at: now)
        }
        vehicle?.react(at: now)
        contactor.update(
            contactorDemand, at: now, delays: options.contactor,
            isWelded: faults.isContactorWelded)
        load =
            contactor.isClosed
            ? vehicle?.draw(
                voltages: options.voltage.voltages(at: now), phases: relay.phases)
                ?? .zero
            : .zero
        if load.sum > 0 { lastLoad = load }
        updateRelay()
        batteryStep = vehicle?.energyToNextStep.flatMap { rest in
            guard flowingPower > 0 else { return nil }
            let nanoseconds = max(1, rest.nanoseconds(atMicrowatts: flowingPower))
            return now.advanced(by: .nanoseconds(nanoseconds))
        }
    }

    /// Looks at the phases before anything is offered, and again once the contactor has moved.
    private mutating func updateRelay() {
        relay.update(
            wished: wishedPhases, isContactorClosed: contactor.isClosed, pause: options.phasePause,
            at: now)
    }

    /// What fills meter and battery, in microwatts.
    private var flowingPower: Int { load.sum * options.energyScale }

    private var contactorDemand: Contactor.Demand {
        guard let vehicle, vehicle.isAsking, faults.defect == nil else { return .disconnect }
        return pilot.offered > .zero ? .energise : .release
    }

    /// What the pilot signal is to offer: nobody is offered anything before a vehicle is there.
    private var offerWish: Milliamperes { vehicle == nil ? .zero : limit }

    // MARK: - What people do

    /// Plugs a vehicle in; one that was there is unplugged first.
    ///
    /// - Precondition: ``Vehicle/complaint`` is nil.
    package mutating func plug(_ vehicle: Vehicle, at instant: MonotonicInstant) {
        precondition(vehicle.complaint == nil, vehicle.complaint ?? "")
        advance(to: instant)
        unplug(at: instant)
        self.vehicle = PluggedVehicle(vehicle, offered: .zero, at: now)
        sessionStart = energy
        settle()
    }

    /// Changes what the plugged vehicle is like, as if its settings had been changed; it goes on
    /// with what it does. Nothing happens without a vehicle.
    ///
    /// - Precondition: ``Vehicle/complaint`` is nil.
    package mutating func changeVehicle(to vehicle: Vehicle, at instant: MonotonicInstant) {
        precondition(vehicle.complaint == nil, vehicle.complaint ?? "")
        advance(to: instant)
        self.vehicle?.change(to: vehicle)
        settle()
    }

    /// Unplugs the vehicle, if there is one.
    package mutating func unplug(at instant: MonotonicInstant) {
        advance(to: instant)
        vehicle = nil
        pilot.release()
        settle()
    }

    /// Starts to charge by itself, as some wallboxes do after a restart or a card: with all that it
    /// can, until it is told something that it was not told before.
    package mutating func startByItself(at instant: MonotonicInstant) {
        advance(to: instant)
        hasStartedItself = true
        settle()
    }

    /// Takes the supply away for a moment: what is volatile is lost, uptime and session start
    /// again, and nothing answers before ``WallboxOptions/bootTime`` is over.
    package mutating func reboot(at instant: MonotonicInstant) {
        advance(to: instant)
        startedAt = now
        sessionStart = energy
        pendingWrites = []
        hasStartedItself = false
        loseVolatileRegisters()
        contactor.dropOut(isWelded: faults.isContactorWelded)
        bootedAt = now.advanced(by: options.bootTime)
        settle()
        advance(to: now)
    }

    /// Puts another wallbox of the same model in its place: factory settings, another serial number
    /// and a meter that starts anew. Its supply is interrupted meanwhile.
    package mutating func replace(serial: String, at instant: MonotonicInstant) {
        advance(to: instant)
        self.serial = serial
        var factoryOptions = options
        factoryOptions.serial = serial
        factory = FactoryWords(profile, factoryOptions)
        memory = Array(repeating: nil, count: profile.registers.count)
        written = Array(repeating: nil, count: profile.registers.count)
        setpoints = setpoints.map { _ in Self.factorySetpoint(profile, options) }
        energy = ExactEnergy(options.meterStart)
        reboot(at: instant)
        watch = FailsafeWatch(profile, options, controls, at: now)
        settle()
    }

    /// Breaks or repairs it: what is not in `faults` is sound again.
    ///
    /// - Precondition: ``WallboxFaults/complaint`` is nil.
    package mutating func setFaults(_ faults: WallboxFaults, at instant: MonotonicInstant) {
        precondition(faults.complaint == nil, faults.complaint ?? "")
        advance(to: instant)
        stuckWords = faults.registers.map { fault in
            guard fault.kind == .stuck else { return [] }
            return (0..<profile[fault.register].count).map { words(of: fault.register, $0) }
        }
        if faults.foreignController != self.faults.foreignController {
            foreignWriteAt = faults.foreignController.map { now.advanced(by: $0.period) }
        }
        self.faults = faults
        settle()
    }
}
