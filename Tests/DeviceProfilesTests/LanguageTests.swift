import ChargeModel
import DeviceProfiles
import Modbus
import Testing

/// What a profile means when nothing is wrong with it.
struct LanguageTests {
    @Test func sampleCompilesToWhatItSays() throws {
        let profile = try SampleProfile.profile()
        #expect(profile.link.port == 502)
        #expect(profile.link.responseTimeout == .seconds(1))
        #expect(profile.link.maximumGap == 2)
        #expect(profile.electrical.phases == 3)
        #expect(profile.electrical.ratedPower == Watts(22_000))
        #expect(profile.control.minimum == .pilotMinimum)
        #expect(profile.control.readBack == profile.control.setpoint)
        #expect(profile.control.minimumWriteInterval == .seconds(5))
        #expect(profile.failsafe?.timeoutValue == .seconds(60))
        #expect(profile.failsafe?.current == profile.register(named: "fallback"))
        let alive = try #require(profile.register(named: "alive"))
        #expect(profile.heartbeat.kind == .write(alive, 0x55AA))
        #expect(profile.heartbeat.timeout == .fixed(.seconds(60)))
        #expect(profile[alive].poll == .never)
    }

    @Test func unitsAndScalesBecomeOneExactFactor() throws {
        let expected: [(String, Int, Int)] = [
            ("unit: mA", 1, 1), ("unit: A", 1000, 1), ("scale: 0.1, unit: A", 100, 1),
            ("scale: 0.01, unit: dA", 1, 1), ("scale: 1/3, unit: mA", 1, 3),
            ("scale: -0.001, unit: mA", -1, 1000),
        ]
        for (keys, numerator, denominator) in expected {
            let profile = try SampleProfile.profile([
                ("currents", "  currents: { at: 14, type: s16, \(keys) }")
            ])
            let currents = try #require(profile.register(named: "currents"))
            let scale = RegisterScale(numerator: numerator, denominator: denominator)
            #expect(profile[currents].scale == scale, "\(keys)")
        }
    }

    @Test func wattSecondsAreThreeThousandSixHundredthsOfAWattHour() throws {
        let profile = try SampleProfile.profile([
            (
                "power",
                "  energy-total: { at: 12, type: u32, unit: Ws }\n  power: { at: 30, type: u16, unit: W }"
            )
        ])
        let energy = try #require(profile.register(named: "energy-total"))
        #expect(profile[energy].scale == RegisterScale(numerator: 1, denominator: 3600))
    }

    @Test func isGivesARegisterOfAnotherNameItsQuantity() throws {
        let profile = try SampleProfile.profile([
            (
                "plug",
                "  plug: { at: 11, type: u16 }\n  cable: { at: 30, type: u16, unit: A, is: hardware-maximum }\n  hardware-maximum: { at: 31, type: u16, unit: A }"
            )
        ])
        let maximums = profile.registers(measuring: .hardwareMaximum)
        #expect(maximums.map { profile[$0].name } == ["cable", "hardware-maximum"])
    }

    @Test func numbersMayBeHexadecimalBinaryNegativeAndGrouped() throws {
        let register = try SampleProfile.register(
            "type: s32, values: { 0x10: a, 0b11: b, -1: c, 1_000: d, 0x8000_0000: e }")
        #expect(
            register.names.map(\.raw) == [
                .number(16), .number(3), .number(0xFFFF_FFFF), .number(1000), .number(0x8000_0000),
            ])
    }

    @Test func commandsTakeNamesQuantitiesAndPauses() throws {
        let profile = try SampleProfile.profile([
            (
                "alive",
                "  alive: { at: 41, type: u16, read: no, write: single, values: { 3: sleep } }"
            ),
            ("idle", "  idle: [ alive = sleep, wait 2s, setpoint = 0.1A ]"),
        ])
        #expect(
            profile.operations(for: profile.control.idle, limit: .zero) == [
                .write(unit: .charger, .writeSingleRegister(address: 41, value: 3)),
                .wait(.seconds(2)),
                .write(unit: .charger, .writeSingleRegister(address: 40, value: 1)),
            ])
    }

    @Test func r01_commandsCutTheLimitToMaximumStepAndResolution() throws {
        let profile = try SampleProfile.profile([
            ("range", "  range: { minimum: 6A, maximum: 20A, step: 500mA }")
        ])
        for (limit, raw) in [(6_000, 60), (6_499, 60), (6_500, 65), (19_999, 195), (32_000, 200)] {
            #expect(
                profile.operations(for: profile.control.limit, limit: Milliamperes(limit)) == [
                    .write(
                        unit: .charger, .writeSingleRegister(address: 40, value: UInt16(raw)))
                ])
        }
    }

    @Test func r03_failsafeIsArmedCurrentFirst() throws {
        let profile = try SampleProfile.profile()
        #expect(
            profile.failsafeOperations(current: .pilotMinimum) == [
                .write(unit: .charger, .writeSingleRegister(address: 42, value: 60)),
                .write(unit: .charger, .writeSingleRegister(address: 43, value: 60)),
            ])
    }

    @Test func heartbeatOfASetpointFollowsTheLimit() throws {
        let profile = try SampleProfile.profile([
            (
                "heartbeat",
                "heartbeat: { by: rewrite-setpoint, timeout: { register: patience, otherwise: 10s } }"
            ),
            ("alive", ""),
        ])
        #expect(
            profile.heartbeatOperations(limit: .amperes(10))
                == profile.operations(for: profile.control.limit, limit: .amperes(10)))
        #expect(
            profile.heartbeatOperations(limit: .zero)
                == profile.operations(for: profile.control.idle, limit: .zero))
        let patience = try #require(profile.register(named: "patience"))
        #expect(profile.heartbeat.timeout == .register(patience, otherwise: .seconds(10)))
    }

    @Test func failsafeMayBeNone() throws {
        let text = try SampleProfile.replacing([
            ("failsafe", "failsafe: none"), ("direction", ""), ("current:", ""), ("timeout", ""),
            ("accepts-zero", ""), ("fallback", ""), ("patience", ""),
        ])
        let compilation = DeviceProfile.compile(text, id: SampleProfile.id)
        #expect(compilation.diagnostics == [])
        #expect(compilation.profile?.failsafe == nil)
        #expect(compilation.profile?.failsafeOperations(current: .pilotMinimum) == [])
    }

    // MARK: - State

    @Test func stateNeedsOnlyTheValuesThatDecide() throws {
        let profile = try SampleProfile.profile()
        let plug = try #require(profile.register(named: "plug"))
        let mode = try #require(profile.register(named: "mode"))
        var values = RegisterValues(profile)
        #expect(profile.pilotState(values) == .absent(.notYetRead))
        values[plug] = .number(canonical: 0, raw: 0)
        #expect(profile.pilotState(values) == .state(.a))
        values[plug] = .number(canonical: 1, raw: 1)
        #expect(profile.pilotState(values) == .absent(.notYetRead))
        values[mode] = .number(canonical: 2, raw: 2)
        #expect(profile.pilotState(values) == .state(.c2))
        values[mode] = .number(canonical: 9, raw: 9)
        #expect(profile.pilotState(values) == .absent(.implausible))
        values[mode] = .unavailable(.notAvailable)
        #expect(profile.pilotState(values) == .absent(.notAvailable))
    }

    @Test func faceOfAStateThatTheMapLacksIsTheNearest() throws {
        let profile = try SampleProfile.profile()
        #expect(profile.exactFace(of: .c1) == nil)
        #expect(profile.face(of: .c1) == profile.face(of: .b1))
        #expect(profile.face(of: .d2) == profile.face(of: .c2))
        #expect(profile.face(of: .e) == [])
    }

    @Test func rangesOfScaledValuesDecideStates() throws {
        let profile = try SampleProfile.profile([
            ("- { mode: charging", "  - { power: { from: 1kW }, is: C2 }")
        ])
        let power = try #require(profile.register(named: "power"))
        let face = try #require(profile.exactFace(of: .c2))
        #expect(face.first { $0.register == power }?.raw == .number(1000))
    }

    // MARK: - Read plan

    @Test func blocksJoinNeighboursOfOnePollClass() throws {
        let profile = try SampleProfile.profile()
        #expect(
            profile.readPlan.map(\.operation) == [
                .readHoldingRegisters(address: 10, count: 7),
                .readHoldingRegisters(address: 40, count: 4),
            ])
    }

    @Test func blocksEndAtGapsAndAtTheLongestBlock() throws {
        let gap = try SampleProfile.profile([
            ("link", "link: { unit-id: 1, block: { registers: 16, gap: 0 } }")
        ])
        #expect(gap.readPlan.map { Int($0.count) } == [7, 1, 2])
        let short = try SampleProfile.profile([
            ("link", "link: { unit-id: 1, block: { registers: 3, gap: 9 } }")
        ])
        #expect(
            short.readPlan.map { [Int($0.address), Int($0.count)] } == [
                [10, 2], [12, 3], [15, 2], [40, 3], [43, 1],
            ])
    }

    @Test func singleReadsTakeOneElementEach() throws {
        let profile = try SampleProfile.profile([("link", "link: { unit-id: 1, block: single }")])
        #expect(profile.readPlan.count == 9)
        #expect(profile.readPlan.allSatisfy { $0.entries.count == 1 })
    }

    @Test func slicesOfOneRegisterAreReadAtOnce() throws {
        let profile = try SampleProfile.profile([
            ("link", "link: { unit-id: 1, block: single }"),
            (
                "plug",
                "  plug: { at: 11, type: u16, bits: 0 }\n  error-code: { at: 11, type: u16, bits: 8..15 }"
            ),
        ])
        let block = try #require(profile.readPlan.first { $0.address == 11 })
        #expect(block.entries.count == 2)
        var values = RegisterValues(profile)
        profile.decode([0x2A01], of: block, into: &values)
        let code = try #require(profile.register(named: "error-code"))
        #expect(values[code] == .number(canonical: 42, raw: 42))
    }

    @Test func unitIdsSpacesAndPollClassesStayApart() throws {
        let profile = try SampleProfile.profile([
            ("plug", "  plug: { at: 11, type: u16, unit-id: 200 }"),
            ("power", "  power: { at: 12, type: u32, unit: W, poll: slow }"),
            ("currents", "  currents: { at: 14, type: u16, unit: A, space: input }"),
        ])
        #expect(
            profile.readPlan.map(\.operation) == [
                .readHoldingRegisters(address: 10, count: 1),
                .readHoldingRegisters(address: 40, count: 4),
                .readInputRegisters(address: 14, count: 1),
                .readHoldingRegisters(address: 11, count: 1),
                .readHoldingRegisters(address: 12, count: 2),
            ])
        #expect(profile.readPlan.map { $0.unit.resolved(charger: 1) } == [1, 1, 1, 200, 1])
    }
}
