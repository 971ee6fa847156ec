import AgentTestSupport
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// Switching between one phase and three is a procedure (requirement R11): 0 A within 10 s, 10 s of
/// rest, the profile's steps, a look at what is shown; then 600 s without another.
@Suite struct R11PhaseSwitchTests {
    private static let profiles = [
        "alfen-eve", "em2go-home", "go-e-gemini", "keba-p40", "kse-wbx16", "smartevse-3",
        "solax-hac", "sungrow-ac011e", "vestel-evc04", "victron-evcs",
        "webasto-unite",
    ]

    @Test func r11_everyProfileThatSwitchesIsTriedHere() throws {
        let found = try ProfileFolder.names().filter {
            try DriverBench.profile($0).control.phaseSwitch != nil
        }
        #expect(found.sorted() == Self.profiles)
    }

    @Test(arguments: profiles)
    func r11_toOnePhaseAndBackToThree(id: String) throws {
        var site = try PhaseSite(id)
        site.run(for: .seconds(40))
        #expect(site.truth.phases == 3)
        #expect(site.flowing == 3)
        // 3 kW are too little for three phases, and 13 A on one.
        site.wish = PhaseSite.low
        let lowered = site.bench.elapsed
        site.run(for: .seconds(130))
        #expect(site.truth.phases == 1)
        #expect(site.flowing == 1)
        #expect(site.truth.currents[0] > .amperes(12))
        #expect(site.phaseWrites(since: lowered).count >= 1)
        #expect(
            !site.codes.contains("PHASE_SWITCH_FAILED"), "\(site.bench.driver.snapshot.conditions)")
        // Back again, and not before 600 s have passed.
        site.wish = PhaseSite.high
        let raised = site.bench.elapsed
        site.run(for: .seconds(400))
        #expect(site.phaseWrites(since: raised).isEmpty)
        #expect(site.flowing == 1)
        site.run(for: .seconds(330))
        #expect(site.truth.phases == 3)
        #expect(site.flowing == 3)
        #expect(site.truth.phaseSwitchesUnderLoad == 0)
        #expect(site.shortestRest >= .seconds(10))
        #expect(!site.codes.contains("SWITCHING_PHASES"))
    }

    @Test func r11_itIsOffUnlessItIsConfigured() throws {
        var site = try PhaseSite("keba-p40", switchesPhases: false)
        site.wish = PhaseSite.low
        site.run(for: .seconds(120))
        #expect(site.phaseWrites().isEmpty)
        #expect(site.truth.phases == 3)
    }

    @Test func r11_nothingIsSwitchedBeforeSomebodyWantsToCharge() throws {
        var site = try PhaseSite("vestel-evc04")
        site.wish = PhaseSite.Wish(wanted: nil, onOne: .zero, onThree: .zero)
        site.run(for: .seconds(120))
        #expect(site.phaseWrites().isEmpty)
    }

    @Test func r11_aRefusedSwitchIsToldAndTriedThreeTimesTenMinutesApart() throws {
        var site = try PhaseSite("alfen-eve")
        site.bench.answer = { request in
            guard case .writeSingleRegister(1215, _) = request.operation else { return nil }
            return .failure(.exception(.illegalDataValue))
        }
        site.run(for: .seconds(40))
        site.wish = PhaseSite.low
        site.run(for: .seconds(60))
        #expect(site.codes.contains("PHASE_SWITCH_FAILED"))
        #expect(site.truth.power == .zero, "3 kW are too little for three phases")
        site.run(for: .seconds(3_600))
        #expect(site.attempts == 3)
        #expect(site.truth.phases == 3)
        // What is enough for three phases charges on them.
        site.wish = PhaseSite.high
        site.run(for: .seconds(260))
        #expect(site.flowing == 3)
        #expect(!site.codes.contains("PHASE_SWITCH_FAILED"))
    }

    @Test func r11_aSwitchThatIsAcknowledgedAndNotDoneIsNotBelieved() throws {
        var site = try PhaseSite("vestel-evc04")
        site.bench.answer = { request in
            guard case .writeSingleRegister(405, _) = request.operation else { return nil }
            return .success(.written)
        }
        site.run(for: .seconds(40))
        site.wish = PhaseSite.low
        site.run(for: .seconds(90))
        let condition = try #require(
            site.bench.driver.snapshot.conditions.first { $0.code == "PHASE_SWITCH_FAILED" })
        #expect(condition.message.contains("it shows three phases"))
        #expect(site.truth.power == .zero)
    }

    @Test func r11_whereThePhasesAreNotShownNothingIsSwitched() throws {
        let profile = try DriverBench.profile("alfen-eve")
        var options = WallboxOptions()
        options.missing = profile.registers(measuring: .livePhases)
        var site = try PhaseSite("alfen-eve", options: options)
        site.wish = PhaseSite.low
        site.run(for: .seconds(120))
        #expect(site.phaseWrites().isEmpty)
        #expect(site.codes.contains("PHASE_SWITCH_FAILED"))
    }

    @Test func r11_aVehicleThatDoesNotStopKeepsItsPhases() throws {
        var site = try PhaseSite("vestel-evc04", manner: .stuck)
        site.run(for: .seconds(40))
        var faults = WallboxFaults()
        faults.isContactorWelded = true
        site.bench.box.setFaults(faults, at: site.bench.now)
        site.wish = PhaseSite.low
        site.run(for: .seconds(60))
        #expect(site.phaseWrites().isEmpty)
        #expect(site.truth.phaseSwitchesUnderLoad == 0)
        #expect(site.codes.contains("CURRENT_AFTER_STOP"))
    }

    @Test func r11_aStopInBetweenEndsIt() throws {
        var site = try PhaseSite("vestel-evc04")
        site.run(for: .seconds(40))
        site.wish = PhaseSite.Wish(wanted: 1, onOne: .amperes(13), onThree: .amperes(16))
        site.run(for: .seconds(8))
        #expect(site.codes.contains("SWITCHING_PHASES"))
        site.wish = PhaseSite.Wish(wanted: nil, onOne: .zero, onThree: .zero)
        site.run(for: .seconds(60))
        #expect(site.phaseWrites().isEmpty)
        #expect(!site.codes.contains("SWITCHING_PHASES"))
        #expect(site.truth.power == .zero)
    }

    @Test func r11_aLinkThatIsLostMeanwhileLeavesItAtNothing() throws {
        var site = try PhaseSite("vestel-evc04")
        site.run(for: .seconds(40))
        site.wish = PhaseSite.low
        for _ in 0..<400 where site.phaseWrites().isEmpty { site.run(for: .milliseconds(200)) }
        #expect(!site.phaseWrites().isEmpty)
        site.bench.lose()
        site.bench.now = site.bench.now.advanced(by: .seconds(20))
        site.bench.open()
        site.run(for: .seconds(200))
        // What the wallbox shows then counts: it had switched.
        #expect(site.truth.phases == 1)
        #expect(site.flowing == 1)
        #expect(site.attempts == 1)
    }

    /// A limit for one phase never counts on three, whoever switches.
    @Test func r01_aLimitForOnePhaseIsNotOfferedOnThree() throws {
        var site = try PhaseSite("vestel-evc04")
        site.run(for: .seconds(40))
        site.wish = PhaseSite.low
        site.run(for: .seconds(130))
        #expect(site.flowing == 1)
        site.isFollowed = false
        let request = ModbusRequest(
            unit: site.bench.profile.link.unit,
            operation: .writeSingleRegister(address: 405, value: 1))
        _ = site.bench.box.respond(to: request, at: site.bench.now)
        site.run(for: .seconds(12))
        #expect(site.truth.phases == 3)
        #expect(site.truth.limit == .zero)
        #expect(site.truth.power == .zero)
    }
}

/// A driver that may switch phases, with a control that counts with the phases that are shown.
private struct PhaseSite {
    struct Wish {
        var wanted: Int?
        /// The limit where one phase is switched through, and where three are.
        var onOne: Milliamperes
        var onThree: Milliamperes
    }

    static let high = Wish(wanted: 3, onOne: .amperes(16), onThree: .amperes(16))
    /// What 3 kW come to.
    static let low = Wish(wanted: 1, onOne: .amperes(13), onThree: .zero)

    var bench: DriverBench
    var wish = high
    /// Whether control follows what is shown.
    var isFollowed = true
    /// How long nothing flowed, at the least, before phases were written.
    private(set) var shortestRest = Duration.seconds(1_000)
    private(set) var attempts = 0
    private var told: PhaseWish?
    private var toldLimit: Milliamperes?
    private var lastFlow: Duration = .zero
    private var wasSwitching = false
    private var seen = 0

    init(
        _ id: String, switchesPhases: Bool = true, manner: VehicleManner = .obedient,
        options: WallboxOptions = WallboxOptions()
    ) throws {
        let profile = try DriverBench.profile(id)
        var options = options
        // Those that leave the factory with another choice than three phases.
        for (name, value) in [("go-e-gemini", UInt64(2)), ("smartevse-3", 1)] where name == id {
            let steps = profile.control.phaseSwitch?.toThree.flatMap(\.written) ?? []
            options.presets = steps.map { WallboxOptions.Preset($0, .number(value)) }
        }
        bench = DriverBench(
            profile, options: options, installation: .amperes(16),
            switchesPhases: switchesPhases)
        bench.box.plug(
            Vehicle(phases: 3, maximumCurrent: .amperes(16), manner: manner), at: bench.now)
        bench.open()
    }

    var truth: WallboxTruth { bench.truth }
    var codes: [String] { bench.driver.snapshot.conditions.map(\.code) }
    /// Phases with current.
    var flowing: Int { truth.currents.count { $0 > .amperes(5) } }

    mutating func run(for duration: Duration) {
        let end = bench.elapsed + duration
        while bench.elapsed < end {
            tell()
            bench.run(for: .milliseconds(200))
            look()
        }
    }

    private mutating func tell() {
        guard isFollowed else { return }
        let shown = bench.driver.snapshot.switchedPhases ?? 3
        let limit = shown == 1 ? wish.onOne : wish.onThree
        let now = PhaseWish(wanted: wish.wanted, counted: shown)
        guard now != told || limit != toldLimit else { return }
        told = now
        toldLimit = limit
        bench.aim(limit, phases: now)
    }

    private mutating func look() {
        if truth.power > .zero { lastFlow = bench.elapsed }
        let isSwitching = codes.contains("SWITCHING_PHASES")
        if isSwitching, !wasSwitching { attempts += 1 }
        wasSwitching = isSwitching
        let writes = phaseWrites()
        if writes.count > seen { shortestRest = min(shortestRest, bench.elapsed - lastFlow) }
        seen = writes.count
    }

    /// The writes of the register that decides.
    func phaseWrites(since: Duration = .zero) -> [Duration] {
        guard let ways = bench.profile.control.phaseSwitch else { return [] }
        let (one, three) = (ways.toOne.flatMap(\.flat), ways.toThree.flatMap(\.flat))
        let deciding = one.filter { !three.contains($0) }.flatMap(\.written)
            .map { bench.profile[$0].address }
        return bench.writes.filter {
            $0.at >= since && deciding.contains($0.request.operation.address)
        }.map(\.at)
    }
}
