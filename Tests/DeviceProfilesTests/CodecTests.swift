import ChargeModel
import DeviceProfiles
import Testing

struct CodecTests {
    // MARK: - Whole numbers

    @Test(
        arguments: [
            ("u16", [0xFFFE], 65534), ("s16", [0xFFFE], -2), ("s16", [0x8000], -32768),
            ("u32", [0x0001, 0x0002], 65538), ("u32, order: low-first", [0x0002, 0x0001], 65538),
            ("s32", [0xFFFF, 0xFFFE], -2), ("u64", [0, 1, 0, 2], 4_294_967_298),
            ("u64, order: low-first", [2, 0, 1, 0], 4_294_967_298),
            ("s64", [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE], -2),
        ] as [(String, [UInt16], Int)])
    func wordsBecomeWholeNumbersAndBack(_ type: String, _ words: [UInt16], _ number: Int) throws {
        let register = try SampleProfile.register("type: \(type)")
        #expect(register.decode(words[...]).canonical == number)
        #expect(register.encode(canonical: number, rounding: .down) == words)
        #expect(register.encode(canonical: number, rounding: .nearest) == words)
    }

    @Test func numberBeyondIntIsImplausible() throws {
        let register = try SampleProfile.register("type: u64")
        #expect(
            register.decode([0x8000, 0, 0, 0]) == .unavailable(.implausible))
        let thousandfold = try SampleProfile.register("type: s64, scale: 1000")
        #expect(thousandfold.decode([0x7FFF, 0, 0, 0]) == .unavailable(.implausible))
        #expect(thousandfold.decode([0x8000, 0, 0, 0]) == .unavailable(.implausible))
    }

    @Test func numberThatDoesNotFitIsNotEncoded() throws {
        let register = try SampleProfile.register("type: s16")
        #expect(register.encode(canonical: 32768, rounding: .down) == nil)
        #expect(register.encode(canonical: -32769, rounding: .down) == nil)
        #expect(register.encode(raw: 65536) == nil)
        #expect(register.encode(text: "a") == nil)
    }

    // MARK: - Scale

    @Test func scaleIsExactAndDecodingRoundsToTheNearest() throws {
        let tenths = try SampleProfile.register("type: s16, scale: 0.1")
        #expect(tenths.decode([14]).canonical == 1)
        #expect(tenths.decode([15]).canonical == 2)
        #expect(tenths.decode([0xFFF1]).canonical == -2)  // -1.5: halves go away from zero
        let fraction = try SampleProfile.register("type: u16, scale: 1/256")
        #expect(fraction.scale == RegisterScale(numerator: 1, denominator: 256))
        #expect(fraction.decode([0x0180]).canonical == 2)  // 1.5
    }

    @Test func offsetIsAddedAfterTheScale() throws {
        let register = try SampleProfile.register("type: u16, scale: 0.5, offset: -50")
        #expect(register.decode([0]).canonical == -50)
        #expect(register.decode([140]).canonical == 20)
        #expect(register.encode(canonical: 20, rounding: .down) == [140])
    }

    @Test func r01_limitsAreRoundedDownInTheUnitOfTheDevice() throws {
        let profile = try SampleProfile.profile()
        let setpoint = profile[profile.control.setpoint]
        #expect(setpoint.encode(canonical: 16_199, rounding: .down) == [161])
        #expect(setpoint.encode(canonical: 16_150, rounding: .nearest) == [162])
        let signed = try SampleProfile.register("type: s16, scale: 10")
        #expect(signed.encode(canonical: -11, rounding: .down) == [0xFFFE])
    }

    /// A register of any type and scale holds at most what it was given.
    @Test func r01_roundingDownNeverExceeds() throws {
        let seed: UInt64 = 0x5EED
        var random = SeededRandom(seed: seed)
        for type in ["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"] {
            var register = try SampleProfile.register("type: \(type)")
            for _ in 0..<2_000 {
                register.scale = RegisterScale(
                    numerator: .random(in: 1...10_000, using: &random),
                    denominator: .random(in: 1...10_000, using: &random))
                let canonical = Int.random(in: 0...80_000, using: &random)
                guard let words = register.encode(canonical: canonical, rounding: .down),
                    let written = register.decode(words[...]).canonical
                else { continue }
                // The decoded number may be rounded up to the one that was meant.
                #expect(written <= canonical, "\(register), \(canonical), seed \(seed)")
            }
        }
    }

    @Test func noWordsAndNoScaleTrap() throws {
        let seed: UInt64 = 0xBAD
        var random = SeededRandom(seed: seed)
        let ends = [Int.min, Int.min + 1, -1, 1, 2, 1000, Int.max - 1, Int.max]
        for type in ["u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64"] {
            var register = try SampleProfile.register("type: \(type)")
            for numerator in ends {
                for denominator in ends where denominator > 0 {
                    for offset in ends {
                        register.scale = RegisterScale(
                            numerator: numerator, denominator: denominator, offset: offset)
                        exercise(register, &random)
                    }
                }
            }
        }
    }

    private func exercise(_ register: Register, _ random: inout SeededRandom) {
        let patterns: [UInt16] = [0, 1, 0x7F7F, 0x7F80, 0x7FF0, 0x8000, 0xFF80, 0xFFFF]
        for _ in 0..<4 {
            let words = (0..<register.width).map { _ in
                Bool.random(using: &random)
                    ? patterns[Int.random(in: patterns.indices, using: &random)]
                    : UInt16.random(in: 0...UInt16.max, using: &random)
            }
            let value = register.decode(words[...])
            for canonical in [value.canonical ?? 0, .min, .max, 0, 6_000] {
                for rounding in [CodecRounding.down, .nearest] {
                    let encoded = register.encode(canonical: canonical, rounding: rounding)
                    #expect(encoded == nil || encoded?.count == register.width)
                }
            }
        }
    }

    // MARK: - Floats

    @Test func floatsDecodeToTheNearestWholeNumber() throws {
        let amperes = try SampleProfile.profile([
            ("currents", "  currents: { at: 14, type: f32, unit: A }")
        ])
        let currents = amperes[try #require(amperes.register(named: "currents"))]
        #expect(currents.decode([0x4180, 0xCCCD]).canonical == 16_100)
        #expect(currents.decode([0x4180, 0xCCCC]).canonical == 16_100)
        #expect(currents.decode([0xC000, 0x0000]).canonical == -2_000)
    }

    @Test(arguments: [[0x7FC0, 0], [0x7F80, 0], [0xFF80, 0], [0xFFFF, 0xFFFF]] as [[UInt16]])
    func notANumberAndInfinityAreNoValue(_ words: [UInt16]) throws {
        let register = try SampleProfile.register("type: f32")
        #expect(register.decode(words[...]) == .unavailable(.notAvailable))
    }

    @Test func floatBeyondIntIsImplausible() throws {
        let register = try SampleProfile.register("type: f32")
        #expect(register.decode([0x7F7F, 0xFFFF]) == .unavailable(.implausible))
        #expect(register.decode([0xFF7F, 0xFFFF]) == .unavailable(.implausible))
    }

    @Test func r01_floatAboveTheLimitGivesWayToTheOneBelow() throws {
        let profile = try SampleProfile.profile([
            ("setpoint", "  setpoint: { at: 44, type: f32, unit: A, write: multiple }")
        ])
        let setpoint = profile[profile.control.setpoint]
        #expect(setpoint.encode(canonical: 16_100, rounding: .down) == [0x4180, 0xCCCC])
        #expect(setpoint.encode(canonical: 16_100, rounding: .nearest) == [0x4180, 0xCCCD])
        #expect(setpoint.encode(canonical: 16_000, rounding: .down) == [0x4180, 0x0000])
    }

    // MARK: - Sentinels, bits, names, texts

    @Test func sentinelIsNoValueAndIsNeverEncoded() throws {
        let register = try SampleProfile.register("type: u16, invalid: [0xFFFF, 0]")
        #expect(register.decode([0xFFFF]) == .unavailable(.notAvailable))
        #expect(register.decode([0]) == .unavailable(.notAvailable))
        #expect(register.encode(canonical: 0, rounding: .down) == nil)
        #expect(register.encode(raw: 0) == [0])
    }

    @Test func bitsAreCutOutAndPutBack() throws {
        let register = try SampleProfile.register("type: u32, bits: 16..22, values: { 4: c2 }")
        let value = register.decode([0xFF84, 0xFFFF])
        #expect(value == .number(canonical: 4, raw: 4))
        #expect(register.name(of: value) == "c2")
        #expect(register.encode(raw: 4) == [0x0004, 0x0000])
        #expect(register.encode(raw: 128) == nil)
    }

    @Test func textEndsAtNULAndLosesItsBlanks() throws {
        let profile = try SampleProfile.profile([
            ("power", "  serial: { at: 12, type: text, registers: 2 }"),
            ("currents", "  power: { at: 14, type: u16, unit: W }"),
        ])
        let serial = profile[try #require(profile.register(named: "serial"))]
        #expect(serial.decode([0x2041, 0x4200]) == .text("AB"))
        #expect(serial.decode([0x4100, 0x4242]) == .text("A"))
        #expect(serial.decode([0, 0]) == .unavailable(.notAvailable))
        #expect(serial.decode([0x2020, 0x2020]) == .unavailable(.notAvailable))
        #expect(serial.decode([0x41FF, 0]) == .unavailable(.implausible))
        #expect(serial.encode(text: "ABC") == [0x4142, 0x4300])
        #expect(serial.encode(text: "ABCDE") == nil)
        #expect(serial.encode(text: "ä") == nil)
    }

    @Test func unnamedValueHasNoName() throws {
        let register = try SampleProfile.register("type: u16, values: { 1: one }")
        #expect(register.name(of: .number(canonical: 2, raw: 2)) == nil)
        #expect(register.name(of: .unavailable(.notAvailable)) == nil)
    }
}
