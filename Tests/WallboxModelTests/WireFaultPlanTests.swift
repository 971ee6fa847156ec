import ChargeModel
import Modbus
import Testing
import WallboxModel

/// R41: what each fault of the wire makes of an answer.
@Suite struct WireFaultPlanTests {
    private let answer = ModbusTCPFrame(transactionID: 5, unit: 1, pdu: [0x03, 0x02, 0x12, 0x34])
    private let echo = ModbusTCPFrame(transactionID: 6, unit: 1, pdu: [0x06, 0, 1, 0, 100])
    private let sound: [UInt8] = [0, 5, 0, 0, 0, 5, 1, 0x03, 0x02, 0x12, 0x34]

    private func strike(_ faults: WireFault..., on frame: ModbusTCPFrame? = nil) -> [Transmission] {
        var plan = WireFaultPlan(faults.map { WireFaultRule($0) }, seed: 3)
        let struck = plan.strike(isWrite: frame?.pdu.first == 0x06)
        return plan.transmissions(of: frame ?? answer, struckBy: struck)
    }

    @Test func withoutFaultsTheAnswerGoesOutAsItIs() {
        #expect(strike() == [.send(sound, after: .zero)])
    }

    @Test func r41_anAnswerIsDelayedDroppedDuplicatedHeldOrDrippedOut() {
        #expect(strike(.delay(.seconds(2))) == [.send(sound, after: .seconds(2))])
        #expect(strike(.drop).isEmpty)
        #expect(
            strike(.duplicate) == [.send(sound, after: .zero), .send(sound, after: .zero)])
        #expect(strike(.reorder) == [.hold(sound)])
        let dripped = strike(.drip(.milliseconds(450)))
        #expect(dripped.count == sound.count)
        #expect(dripped.first == .send([0], after: .zero))
        #expect(dripped.last == .send([0x34], after: .milliseconds(4500)))
    }

    @Test(arguments: [
        (WireFault.wrongTransactionID, 1, 6), (.wrongProtocolID, 3, 1),
        (.wrongLength(excess: 2), 5, 7), (.wrongUnit, 6, 2), (.wrongFunctionCode, 7, 4),
        (.wrongByteCount, 8, 4),
    ])
    func r41_oneFieldIsWrong(_ fault: WireFault, _ index: Int, _ value: UInt8) {
        var bytes = sound
        bytes[index] = value
        #expect(strike(fault) == [.send(bytes, after: .zero)])
    }

    @Test func r41_anEchoNamesAnotherValue() {
        var bytes = echo.bytes
        bytes[bytes.count - 1] = 101
        #expect(strike(.wrongEcho, on: echo) == [.send(bytes, after: .zero)])
        #expect(strike(.wrongEcho) == [.send(sound, after: .zero)])
    }

    @Test func r41_bytesAreMissingOrTooMany() throws {
        #expect(strike(.truncate(bytes: 9)) == [.send(Array(sound.prefix(9)), after: .zero)])
        guard case .send(let before, _) = try #require(strike(.garbageBefore(bytes: 3)).first),
            case .send(let after, _) = try #require(strike(.garbageAfter(bytes: 4)).first)
        else {
            Issue.record("nothing was sent")
            return
        }
        #expect(before.count == sound.count + 3)
        #expect(before.suffix(sound.count) == sound[...])
        #expect(after.count == sound.count + 4)
        #expect(after.prefix(sound.count) == sound[...])
    }

    @Test func r41_theConnectionEndsInsteadOfAnAnswer() {
        #expect(strike(.close) == [.close])
        #expect(strike(.reset) == [.reset])
    }

    @Test func r41_faultsAddUp() {
        var bytes = sound
        bytes[6] = 2
        #expect(
            strike(.delay(.seconds(1)), .duplicate, .wrongUnit, .delay(.seconds(1)))
                == [.send(bytes, after: .seconds(2)), .send(bytes, after: .seconds(2))])
    }

    @Test func aRuleStrikesAsOftenAndWhereItSays() {
        var plan = WireFaultPlan([
            WireFaultRule(.drop, count: 2, scope: .writes), WireFaultRule(.duplicate, count: 1),
        ])
        #expect(plan.strike(isWrite: false) == [.duplicate])
        #expect(plan.strike(isWrite: false) == [])
        #expect(plan.strike(isWrite: true) == [.drop])
        #expect(plan.strike(isWrite: true) == [.drop])
        #expect(plan.strike(isWrite: true) == [])
        #expect(plan.rules.isEmpty)
    }

    @Test(arguments: 1...5)
    func r41_theSameSeedStrikesTheSameAnswers(_ seed: UInt64) {
        let rules = [WireFaultRule(.drop, perMillion: 100_000)]
        func struck(_ seed: UInt64) -> [Bool] {
            var plan = WireFaultPlan(rules, seed: seed)
            return (0..<2000).map { _ in !plan.strike(isWrite: false).isEmpty }
        }
        #expect(struck(seed) == struck(seed))
        #expect(struck(seed) != struck(seed + 100))
        let share = struck(seed).count { $0 }
        #expect(140...260 ~= share, "seed \(seed): \(share) of 2000 at 10 %")
    }

    @Test func standingFaultsStandAndStrikeNoSingleAnswer() {
        var plan = WireFaultPlan([WireFaultRule(.silence)])
        #expect(plan.isStanding(.silence))
        #expect(!plan.isStanding(.refuse))
        #expect(plan.strike(isWrite: false).isEmpty)
    }

    @Test func r41_aRuleBeginsWithTheRequestThatItSays() {
        var rule = WireFaultRule(.drop, count: 1, scope: .writes)
        rule.start = 3
        var plan = WireFaultPlan([rule])
        let struck = [true, false, true, true, true].map { !plan.strike(isWrite: $0).isEmpty }
        #expect(struck == [false, false, false, true, false])
    }

    @Test func r41_aRuleStrikesTheSameAnswersWhateverOthersThereAre() {
        func struck(_ others: [WireFaultRule]) -> [Bool] {
            var rule = WireFaultRule(.drop, perMillion: 300_000)
            rule.seed = 11
            var plan = WireFaultPlan(others + [rule])
            return (0..<500).map { _ in plan.strike(isWrite: false).contains(.drop) }
        }
        #expect(struck([]) == struck([WireFaultRule(.duplicate, perMillion: 500_000)]))
    }

    @Test func r41_requestsToOtherUnitsAreStruckOnlyByRulesForThem() {
        var plan = WireFaultPlan([WireFaultRule(.drop, count: 1)])
        #expect(!plan.isForAnyUnit)
        #expect(plan.strike(isWrite: false, isForeign: true).isEmpty)
        #expect(plan.strike(isWrite: false) == [.drop])
        var rule = WireFaultRule(.duplicate)
        rule.isForAnyUnit = true
        plan.add(rule)
        #expect(plan.isForAnyUnit)
        #expect(plan.strike(isWrite: false, isForeign: true) == [.duplicate])
    }

    @Test func r41_oneRegisterTooManyIsAWholeFrame() {
        #expect(
            strike(.wrongRegisterCount) == [
                .send([0, 5, 0, 0, 0, 7, 1, 0x03, 0x04, 0x12, 0x34, 0, 7], after: .zero)
            ])
        #expect(strike(.wrongRegisterCount, on: echo) == [.send(echo.bytes, after: .zero)])
    }

    @Test func r41_connectionsEndOrGoDeafWithoutAnAnswer() {
        #expect(strike(.halfOpen) == [.deafen])
        #expect(strike(.reboot) == [.reset])
        let plan = WireFaultPlan()
        #expect(plan.endings(struckBy: [.duplicate, .close]) == [.close])
        #expect(plan.endings(struckBy: [.duplicate]).isEmpty)
    }
}
