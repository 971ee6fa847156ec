import ChargeModel
import DeviceProfiles
import Modbus
import Testing

/// What commands of all kinds mean when nothing is wrong with them.
struct CommandLanguageTests {
    @Test func stepsOfAllKindsCompile() throws {
        let profile = try SampleProfile.profile([
            (
                "idle",
                """
                  idle:
                    - { if: { setpoint: 1, mode: [idle, waiting] }, do: [ setpoint = 6A, wait 1s ] }
                    - patience set 0x80
                    - patience clear 0b11
                    - { until: { plug: { lacks: 2 } }, within: 10s }
                    - setpoint = 0.1A
                """
            ),
            ("range", "  range: { minimum: 6A, maximum: 32A, step: 100mA }\n  off: 1"),
        ])
        let (setpoint, mode) = try (register("setpoint", profile), register("mode", profile))
        let (patience, plug) = try (register("patience", profile), register("plug", profile))
        #expect(profile.control.offValues == [1])
        #expect(
            profile.control.idle == [
                .when(
                    [
                        RegisterCondition(register: setpoint, test: .oneOf([1])),
                        RegisterCondition(register: mode, test: .oneOf([0, 1])),
                    ], [.write(setpoint, .raw(60)), .wait(.seconds(1))]),
                .modify(patience, set: 0x80, clear: 0), .modify(patience, set: 0, clear: 3),
                .waitUntil(
                    [RegisterCondition(register: plug, test: .noBitSet(2))], within: .seconds(10)),
                .write(setpoint, .raw(1)),
            ])
        let operations = profile.operations(for: profile.control.idle, limit: .zero)
        #expect(
            operations.last
                == .write(unit: .charger, .writeSingleRegister(address: 40, value: 1)))
    }

    @Test func furtherCommandsCompile() throws {
        let profile = try SampleProfile.profile([
            (
                "idle",
                """
                  idle: [ setpoint = 0 ]
                  on-connect: [ alive = 4 ]
                  on-disconnect: [ alive = 0, setpoint = 0 ]
                  wake-up: [ alive = 0, wait 10s, alive = 1 ]
                  phase-switch: { one: [ phases = 1 ], three: [ phases = 3 ] }
                """
            ),
            (
                "patience",
                "  patience: { at: 43, type: u16, unit: s, write: single }\n  phases: { at: 60, type: u16, write: single, is: live-phases }"
            ),
            ("enabled", "  enabled: memory"),
        ])
        let (alive, phases) = try (register("alive", profile), register("phases", profile))
        let setpoint = try register("setpoint", profile)
        #expect(profile.control.enabled == .memory)
        #expect(profile.control.onConnect == [.write(alive, .raw(4))])
        #expect(
            profile.control.onDisconnect == [.write(alive, .raw(0)), .write(setpoint, .raw(0))])
        #expect(profile.control.wakeUp.count == 3)
        #expect(
            profile.control.phaseSwitch
                == PhaseSwitch(
                    toOne: [.write(phases, .raw(1))], toThree: [.write(phases, .raw(3))]))
    }

    @Test func severalSignsOfLifeAndAnArmedFailsafeCompile() throws {
        let profile = try SampleProfile.profile([
            (
                "heartbeat",
                "heartbeat: { by: [ alive = 0x55AA, rewrite-setpoint ], every: 5s, timeout: 60s }"
            ),
            (
                "accepts-zero",
                "  arm: [ patience = 60s, wait 1s, alive = 1 ]\n  armed: { plug: 1 }\n  accepts-zero: yes"
            ),
        ])
        let alive = try register("alive", profile)
        #expect(profile.heartbeat.kind == .write(alive, 0x55AA))
        #expect(profile.heartbeat.further == [.rewriteSetpoint])
        #expect(profile.heartbeat.longestPeriod == .seconds(5))
        #expect(
            profile.heartbeatOperations(limit: .amperes(10)) == [
                .write(unit: .charger, .writeSingleRegister(address: 41, value: 0x55AA)),
                .write(unit: .charger, .writeSingleRegister(address: 40, value: 100)),
            ])
        let failsafe = try #require(profile.failsafe)
        #expect(failsafe.arm.count == 3)
        #expect(failsafe.armedWhen.map { profile[$0.register].name } == ["plug"])
        #expect(
            profile.failsafeOperations(current: .pilotMinimum).suffix(3) == [
                .write(unit: .charger, .writeSingleRegister(address: 43, value: 60)),
                .wait(.seconds(1)),
                .write(unit: .charger, .writeSingleRegister(address: 41, value: 1)),
            ])
    }

    @Test func deniedPlacesAndMannersCompile() throws {
        let profile = try SampleProfile.profile([
            (
                "accepts-zero",
                """
                  accepts-zero: no
                deny:
                  - { at: 0x4003 }
                  - { from: 300, to: 301, value: 0xE0E0 }
                  - { at: 7, space: coil }
                  - { at: 40, value: 9999 }
                manners: { unknown-register: silence, ignores-unchanged-writes: yes, reads-zero-as-minimum: yes }
                """
            )
        ])
        #expect(profile.denied.count == 4)
        #expect(profile.manners.unknownRegister == .silence)
        #expect(profile.manners.ignoresUnchangedWrites && profile.manners.readsZeroAsMinimum)
        #expect(profile.denies(.writeSingleRegister(address: 0x4003, value: 0)))
        #expect(profile.denies(.writeMultipleRegisters(address: 0x4002, values: [1, 2])))
        #expect(!profile.denies(.writeMultipleRegisters(address: 0x4001, values: [1, 2])))
        #expect(!profile.denies(.readHoldingRegisters(address: 0x4003, count: 1)))
        #expect(!profile.denies(.writeSingleCoil(address: 0x4003, isOn: true)))
        #expect(profile.denies(.writeMultipleRegisters(address: 299, values: [1, 2, 0xE0E0])))
        #expect(!profile.denies(.writeMultipleRegisters(address: 299, values: [0xE0E0, 2, 3])))
        #expect(profile.denies(.writeSingleCoil(address: 7, isOn: false)))
        #expect(!profile.denies(.writeSingleRegister(address: 40, value: 320)))
    }

    private func register(_ name: String, _ profile: DeviceProfile) throws -> RegisterID {
        try #require(profile.register(named: name))
    }
}
