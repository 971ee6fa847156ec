import ChargeModel
import ChargerDriver
import DeviceProfiles
import Testing

@Suite struct SetpointGateTests {
    private func traits(
        minimum: Int = 6_000, maximum: Int = 32_000, step: Int = 100
    ) throws -> ControlTraits {
        var control = try DriverBench.profile("reference-7kw").control
        control.minimum = Milliamperes(minimum)
        control.maximum = Milliamperes(maximum)
        control.step = Milliamperes(step)
        return control
    }

    /// Requirements R1 and R2, with every kind of absurd number.
    @Test func r01_aMillionCommandsNeverPassAnyCeilingNorFallBetween0And6A() throws {
        let seed: UInt64 = 0x5EED_0001
        var random = SeededRandom(seed: seed)
        var violations = 0
        for _ in 0..<1_000 {
            let step = [1, 10, 100, 250, 1_000][Int.random(in: 0..<5, using: &random)]
            let control = try traits(
                minimum: Int.random(in: 0...10_000, using: &random),
                maximum: Int.random(in: 0...80_000, using: &random), step: step)
            let installation = Milliamperes(Int.random(in: -1_000...80_000, using: &random))
            let gate = SetpointGate(control: control, installationMaximum: installation)
            let least = max(control.minimum.rawValue, 6_000)
            for _ in 0..<1_000 {
                let wanted = Self.absurd(&random)
                let hardware = Bool.random(using: &random) ? Self.absurd(&random) : nil
                let passed = gate.pass(
                    Milliamperes(wanted), hardwareMaximum: hardware.map { Milliamperes($0) }
                ).rawValue
                let ceiling = min(
                    wanted, control.maximum.rawValue, installation.rawValue, hardware ?? .max)
                let isSound =
                    passed == 0
                    || (passed <= ceiling && passed >= least && passed % step == 0)
                let isTight = passed != 0 || ceiling / step * step < least
                if !isSound || !isTight { violations += 1 }
            }
        }
        #expect(violations == 0, "seed \(seed)")
    }

    private static func absurd(_ random: inout SeededRandom) -> Int {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .max
        case 1: .min
        case 2: Int.random(in: -70_000...0, using: &random)
        case 3: Int(bitPattern: UInt(truncatingIfNeeded: random.next()))
        case 4: Int.random(in: 5_900...6_100, using: &random)
        default: Int.random(in: 0...70_000, using: &random)
        }
    }

    @Test(arguments: [(5_900, 0), (5_999, 0), (6_000, 6_000), (6_090, 6_000), (6_100, 6_100)])
    func r02_belowSixAmperesIsAPause(wanted: Int, passed: Int) throws {
        let gate = SetpointGate(control: try traits(), installationMaximum: .amperes(16))
        #expect(gate.pass(Milliamperes(wanted), hardwareMaximum: nil).rawValue == passed)
    }

    @Test func r01_roundsDownToTheStep() throws {
        let gate = SetpointGate(
            control: try traits(step: 1_000), installationMaximum: Milliamperes(15_999))
        #expect(gate.pass(.amperes(32), hardwareMaximum: nil) == .amperes(15))
        #expect(gate.pass(.amperes(32), hardwareMaximum: Milliamperes(9_999)) == .amperes(9))
    }
}
