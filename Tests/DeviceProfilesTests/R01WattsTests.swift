import ChargeModel
import DeviceProfiles
import Modbus
import Testing

/// Limits of wallboxes that are set in watts (requirement R1): whatever draws, no phase gets more.
struct R01WattsTests {
    @Test func r01_aLimitBecomesTheWattsOfThePhasesThatAreCounted() throws {
        let profile = try Self.profile()
        for (limit, phases, watts) in [
            (16_000, 1, 3_680), (16_000, 2, 7_360), (16_000, 3, 11_040), (6_000, 1, 1_380),
            (6_001, 3, 4_140), (40_000, 3, 22_080), (16_000, 9, 11_040), (16_000, 0, 3_680),
        ] {
            #expect(profile.power(for: Milliamperes(limit), phases: phases) == Watts(watts))
        }
        #expect(profile.power(for: Milliamperes(5_999), phases: 1) == nil)
        #expect(
            profile.operations(for: profile.control.limit, limit: .amperes(16), phases: 3) == [
                .write(unit: .charger, .writeSingleRegister(address: 40, value: 11_040))
            ])
    }

    @Test func r01_r02_whatTheRegisterRoundsBelowTheMinimumIsAPause() throws {
        let profile = try Self.profile(unit: "scale: 0.1, unit: kW")
        #expect(profile.power(for: .amperes(6), phases: 1) == nil)
        #expect(profile.power(for: Milliamperes(6_087), phases: 1) == Watts(1_400))
        #expect(profile.isOff(.amperes(6), phases: 1))
        #expect(profile.power(for: .amperes(16), phases: 3) == Watts(11_000))
        #expect(profile.limit(of: Watts(11_000), phases: 3) == Milliamperes(15_943))
    }

    @Test func r01_aWallboxThatIsSetInAmperesHasNoPowerForALimit() throws {
        let profile = try #require(
            DeviceProfile.compile(SampleProfile.text, id: SampleProfile.id).profile)
        #expect(profile.power(for: .amperes(16), phases: 3) == nil)
        #expect(profile.limit(of: Watts(11_040), phases: 3) == .zero)
        #expect(profile.leastLimit(phases: 3) == .amperes(6))
    }

    /// Where nothing can be set, the most that could be is the least that is not a pause.
    @Test func r02_aRangeInWhichNothingCanBeSetHasNoLimitButItsMaximum() throws {
        var profile = try Self.profile()
        profile.control.maximum = .amperes(5)
        #expect(profile.leastLimit(phases: 1) == .amperes(5))
        #expect(profile.isOff(.amperes(5), phases: 1))
    }

    @Test func r01_powerThatChoosesThePhasesStaysInTheBandsOfThoseThatAreCounted() throws {
        let profile = try Self.profile(
            bands:
                "[ { from: 1380W, to: 4190W, phases: 1 }, { from: 4200W, to: 22080W, phases: 3 } ]")
        // More than one phase takes is left to one phase: more would switch three through.
        #expect(profile.power(for: .amperes(32), phases: 1) == Watts(4_190))
        #expect(profile.power(for: .amperes(16), phases: 1) == Watts(3_680))
        #expect(profile.power(for: .amperes(16), phases: 3) == Watts(11_040))
        // 6 A on three phases is below their band: one phase, and no more than 6 A there.
        #expect(profile.power(for: .amperes(6), phases: 3) == Watts(1_380))
        // Two phases are in the band of three, and share what two may have.
        #expect(profile.power(for: .amperes(16), phases: 2) == Watts(7_360))
        #expect(profile.limit(of: Watts(4_195), phases: 3) == Milliamperes(18_240))
        #expect(profile.limit(of: Watts(1_380), phases: 3) == .amperes(6))
    }

    /// For random limits, phases, bands and steps of the register: however many phases the vehicle
    /// really draws on, beyond those that are counted, each of them stays within the limit; and what
    /// is read back is the same limit again.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func r01_currentPerPhaseNeverExceedsTheLimit(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let scale = [1, 7, 10, 100, 250].randomElement(using: &random) ?? 1
        let voltage = [110, 220, 230, 240, 277].randomElement(using: &random) ?? 230
        let split = Int.random(in: 1_500...6_000, using: &random)
        let gap = Int.random(in: 1...600, using: &random)
        let bands =
            Bool.random(using: &random)
            ? "[ { from: 1300W, to: \(split)W, phases: 1 }, { from: \(split + gap)W, to: 25kW, phases: 3 } ]"
            : nil
        let profile = try Self.profile(
            unit: "scale: \(scale), unit: W", voltage: voltage, bands: bands)
        for _ in 0..<1_000 {
            let limit = Milliamperes(Int.random(in: 0...40_000, using: &random))
            let counted = Int.random(in: 1...3, using: &random)
            guard let power = profile.power(for: limit, phases: counted) else { continue }
            let band = Self.bands(profile).first { $0.watts.contains(power.rawValue) }
            #expect(band != nil || bands == nil, "seed \(seed): \(power) is in no band")
            let most = min(limit, profile.control.maximum).rawValue
            for live in counted...3 {
                let sharing = min(live, band?.phases ?? 3)
                let perPhase = power.rawValue * 1_000 / (voltage * sharing)
                #expect(perPhase <= most, "seed \(seed): \(limit), \(counted), \(power)")
            }
            let least = min(counted, band?.phases ?? 3) * voltage * 6
            #expect(power.rawValue >= least, "seed \(seed): \(limit), \(counted), \(power)")
            let back = profile.limit(of: power, phases: counted)
            #expect(back <= Milliamperes(most), "seed \(seed): \(limit) reads \(back)")
            #expect(
                profile.power(for: back, phases: counted) == power, "seed \(seed): \(limit)")
        }
    }

    private static func bands(_ profile: DeviceProfile) -> [PowerBand] {
        guard case .power(_, let bands) = profile.control.domain else { return [] }
        return bands
    }

    private static func profile(
        unit: String = "unit: W", voltage: Int = 230, bands: String? = nil
    ) throws -> DeviceProfile {
        try SampleProfile.profile([
            ("setpoint", "  setpoint: { at: 40, type: u16, \(unit), write: single }"),
            (
                "range",
                "  range: { minimum: 6A, maximum: 32A, step: 1mA }\n  nominal-voltage: \(voltage)V"
                    + (bands.map { "\n  bands: \($0)" } ?? "")
            ),
            ("current:", ""), ("accepts-zero", ""), ("fallback", ""),
        ])
    }
}
