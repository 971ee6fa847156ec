import AgentTestSupport
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing

/// Registers that are there on some units only: behind conditions, or optional.
@Suite("Registers that may not be there")
struct PresenceTests {
    private static let gated =
        "power: { at: 40, type: u16, unit: W, if: { layout: { from: 0x108 } } }"
    private static let optional = "power: { at: 40, type: u16, unit: W, optional: yes }"

    // MARK: - Conditions

    @Test func whatIsBehindAConditionIsReadOnceItHolds() throws {
        let box = try SmallBox(registers: [Self.gated], image: [4: 0x0108, 40: 5000])
        var (bench, reads) = box.bench()
        bench.run(for: .seconds(2))
        #expect(bench.driver.snapshot.power.value == Watts(5000))
        let order = reads.withLock { $0 }
        let layout = try #require(order.firstIndex(of: 4))
        let power = try #require(order.firstIndex(of: 40))
        #expect(layout < power)
        #expect(order.count { $0 == 4 } == 1)
    }

    @Test func whatIsBehindAConditionThatDoesNotHoldIsNeverAskedFor() throws {
        let box = try SmallBox(registers: [Self.gated], image: [4: 0x0107, 40: 5000])
        var (bench, reads) = box.bench()
        bench.run(for: .seconds(30))
        #expect(bench.driver.snapshot.power == .absent(.notProvided))
        #expect(!reads.withLock { $0.contains(40) })
    }

    @Test func conditionsCountAnewWithEveryContact() throws {
        var box = try SmallBox(registers: [Self.gated], image: [4: 0x0108, 40: 5000])
        var (bench, _) = box.bench()
        bench.run(for: .seconds(2))
        box.image[4] = 0x0104
        let (other, reads) = box.bench()
        bench.answer = other.answer
        bench.lose()
        bench.open()
        bench.run(for: .seconds(5))
        #expect(!reads.withLock { $0.contains(40) })
        #expect(bench.driver.snapshot.power == .absent(.notProvided))
    }

    /// The register that decides is busy: it is asked again, and nothing is concluded meanwhile.
    @Test func aConditionThatCannotBeReadIsAskedAgain() throws {
        var box = try SmallBox(registers: [Self.gated], image: [4: 0x0108, 40: 5000])
        let (fine, _) = box.bench()
        box.trouble[4] = .exception(.serverDeviceBusy)
        var (bench, reads) = box.bench()
        bench.run(for: .seconds(3))
        #expect(!reads.withLock { $0.contains(40) })
        bench.answer = fine.answer
        bench.run(for: .seconds(3))
        #expect(bench.driver.snapshot.power.value == Watts(5000))
    }

    @Test func ofTwoScalesTheOneOfTheFirmwareCounts() throws {
        let lines = [
            "firmware: { at: 6, type: u32, version: bytes, poll: once }",
            "energy-old: { at: 40, type: u32, scale: 0.1, unit: Wh, is: energy-total, "
                + "if: { firmware: { to: v1.2.0 } } }",
            "energy-new: { at: 40, type: u32, unit: Wh, is: energy-total, "
                + "if: { firmware: { from: v1.2.1 } } }",
        ]
        for (low, energy, version) in [(0x0007, 1234, "1.2.0"), (0x0100, 12_340, "1.2.1")] {
            let box = try SmallBox(
                registers: lines, image: [6: 0x0102, 7: UInt16(low), 41: 12_340])
            var (bench, _) = box.bench()
            bench.run(for: .seconds(2))
            #expect(bench.driver.snapshot.energyTotal.value == WattHours(energy))
            #expect(bench.driver.snapshot.firmware.value == version)
        }
    }

    // MARK: - Optional registers

    @Test func aRefusedOptionalRegisterIsNotAskedForAgain() throws {
        var box = try SmallBox(registers: [Self.optional])
        box.trouble[40] = .exception(.illegalDataAddress)
        var (bench, reads) = box.bench()
        bench.run(for: .seconds(30))
        #expect(reads.withLock { $0.count { $0 == 40 } } == 1)
        #expect(bench.driver.snapshot.power == .absent(.notProvided))
        #expect(bench.driver.snapshot.pilot.value == .b2)
        // A new contact may be with another firmware.
        bench.lose()
        bench.open()
        bench.run(for: .seconds(30))
        #expect(reads.withLock { $0.count { $0 == 40 } } == 2)
    }

    /// What refuses everything tells nothing of what it has, at the beginning of a contact and later.
    @Test(arguments: [false, true])
    func anOptionalRegisterIsThereAfterEverythingWasRefused(wasThere: Bool) throws {
        let box = try SmallBox(registers: [Self.optional], image: [40: 100])
        var (bench, _) = box.bench()
        if wasThere {
            bench.run(for: .seconds(3))
            #expect(bench.driver.snapshot.power.value == Watts(100))
        }
        let fine = bench.answer
        bench.answer = { _ in .failure(.exception(.illegalDataAddress)) }
        bench.run(for: .seconds(30))
        #expect(bench.driver.snapshot.power == .absent(.refused))
        bench.answer = fine
        bench.run(for: .seconds(3))
        #expect(bench.driver.snapshot.power.value == Watts(100))
    }

    @Test func anOptionalRegisterThatWasThereIsGoneWhenItIsRefusedTwice() throws {
        var box = try SmallBox(registers: [Self.optional], image: [40: 100])
        var (bench, _) = box.bench()
        bench.run(for: .seconds(3))
        box.trouble[40] = .exception(.illegalDataAddress)
        let (other, reads) = box.bench()
        bench.answer = other.answer
        bench.run(for: .seconds(30))
        #expect(reads.withLock { $0.count { $0 == 40 } } == 2)
        #expect(bench.driver.snapshot.power == .absent(.notProvided))
    }

    /// Each silence costs the link; the third contact goes without the register.
    @Test func anOptionalRegisterThatIsSilentTwiceIsNotThere() throws {
        var box = try SmallBox(registers: [Self.optional])
        box.trouble[40] = .silence
        var (bench, reads) = box.bench()
        bench.run(for: .seconds(30))
        #expect(reads.withLock { $0.count { $0 == 40 } } == 2)
        #expect(bench.driver.snapshot.link == .up)
        #expect(bench.driver.snapshot.power == .absent(.notProvided))
        #expect(bench.driver.snapshot.pilot.value == .b2)
        bench.aim(.amperes(10))
        bench.run(for: .seconds(1))
        #expect(!bench.writes.isEmpty)
    }

    /// Mennekes 4You: exception 2, and the connection is closed.
    @Test func aBoxThatHangsUpAfterAnExceptionIsAskedOnce() throws {
        var box = try SmallBox(registers: [Self.optional])
        box.trouble[40] = .exceptionAndGone
        var (bench, reads) = box.bench()
        bench.run(for: .seconds(30))
        #expect(reads.withLock { $0.count { $0 == 40 } } == 1)
        #expect(bench.driver.snapshot.link == .up)
        #expect(bench.driver.snapshot.pilot.value == .b2)
    }

    @Test func whatMayNotBeThereIsAskedForLast() throws {
        let box = try SmallBox(
            registers: ["errors: { at: 2, type: u16, is: error-code, optional: yes }"])
        var (bench, reads) = box.bench()
        bench.run(for: .milliseconds(500))
        #expect(reads.withLock { $0 } == [4, 10, 20, 30, 2])
        #expect(bench.driver.snapshot.errorCode.value == 0)
    }

    @Test func anOptionalRegisterThatWasThereMayBeSilentLikeAnyOther() throws {
        var box = try SmallBox(registers: [Self.optional], image: [40: 100])
        var (bench, _) = box.bench()
        bench.run(for: .seconds(3))
        let fine = bench.answer
        box.trouble[40] = .silence
        let (silent, reads) = box.bench()
        bench.answer = silent.answer
        #expect(bench.driver.snapshot.power.value == Watts(100))
        while reads.withLock({ !$0.contains(40) }) { bench.run(for: .milliseconds(5)) }
        bench.answer = fine
        bench.run(for: .seconds(3))
        #expect(bench.driver.snapshot.power.value == Watts(100))
    }

    @Test func identityByARegisterThatIsNotThereTellsNothing() throws {
        var box = try SmallBox(
            registers: ["product: { at: 40, type: u16, poll: once, optional: yes }"],
            identity: "{ layout: { from: 0 }, product: 7 }", image: [40: 8])
        var (foreign, _) = box.bench()
        foreign.run(for: .seconds(2))
        #expect(foreign.driver.snapshot.conditions.contains { $0.code == "WRONG_DEVICE" })
        box.trouble[40] = .exception(.illegalDataAddress)
        var (bench, _) = box.bench()
        bench.run(for: .seconds(2))
        #expect(!bench.driver.snapshot.conditions.contains { $0.code == "WRONG_DEVICE" })
    }
}
