import ChargeModel
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// R41: the catalogue, and what people ask for by its names.
@Suite struct FaultCatalogTests {
    private func meaning(
        _ order: FaultOrder, on medium: FaultMedia = .tcp
    ) throws -> FaultOrder.Meaning {
        let box = SimulatedWallbox(
            profile: try DeviceFile.profile("reference-7kw"), at: .init(nanoseconds: 0))
        return try order.meaning(for: box, on: medium)
    }

    @Test func r41_theCatalogueHasEnoughModesWithNamesOfTheirOwn() {
        let names = FaultCatalog.modes.map(\.name)
        #expect(names.count >= 25)
        #expect(Set(names).count == names.count)
        for mode in FaultCatalog.modes {
            #expect(!mode.summary.isEmpty && !mode.summary.contains("\n"))
            #expect(!mode.media.isEmpty)
            #expect(FaultCatalog.mode(named: mode.name)?.example == mode.example)
        }
    }

    @Test func r41_everyFaultOfTheWireCanBeAskedFor() throws {
        var faults: [WireFault] = []
        for mode in FaultCatalog.modes {
            guard case .wire = mode.effect else { continue }
            var order = FaultOrder(mode.name)
            for need in mode.needs {
                switch need.name {
                case .milliseconds: order.milliseconds = 250
                case .bytes: order.bytes = 3
                case .code: order.code = 6
                case .amperes, .words: Issue.record("\(mode.name)")
                }
            }
            let medium: FaultMedia = mode.media.contains(.tcp) ? .tcp : .serial
            guard case .wire(let rule) = try meaning(order, on: medium) else {
                Issue.record("\(mode.name)")
                continue
            }
            faults.append(rule.fault)
        }
        #expect(
            faults == [
                .delay(.milliseconds(250)), .drip(.milliseconds(250)), .drop, .duplicate, .reorder,
                .exception(.serverDeviceBusy), .wrongTransactionID, .wrongProtocolID,
                .wrongLength(excess: 3), .wrongChecksum, .wrongUnit, .wrongFunctionCode,
                .wrongByteCount, .wrongRegisterCount, .wrongEcho, .truncate(bytes: 3),
                .garbageBefore(bytes: 3), .garbageAfter(bytes: 3), .close, .reset, .halfOpen,
                .reboot, .silence, .hangOnAccept, .refuse, .singleClient,
                .slowStart(.milliseconds(250)),
            ])
    }

    @Test func r41_everyFaultOfTheWallboxCanBeAskedFor() throws {
        for mode in FaultCatalog.modes {
            if case .wire = mode.effect { continue }
            #expect(mode.stands)
            var order = FaultOrder(mode.name)
            order.register = mode.needsRegister ? "power" : nil
            for need in mode.needs {
                switch need.name {
                case .milliseconds: order.milliseconds = 250
                case .code: order.code = 6
                case .amperes: order.amperes = 10
                case .words: order.words = [1, 2]
                case .bytes: Issue.record("\(mode.name)")
                }
            }
            #expect(mode.needsWords == (order.words != nil))
            guard case .wallbox(let faults) = try meaning(order) else {
                Issue.record("\(mode.name)")
                continue
            }
            #expect(faults != WallboxFaults(), "\(mode.name)")
            order.count = 1
            #expect(throws: FaultOrder.Complaint.self) { try meaning(order) }
        }
    }

    /// Both ends of every range, and nothing at all.
    @Test func r41_everyFigureIsWithinItsRange() throws {
        for mode in FaultCatalog.modes {
            let medium: FaultMedia = mode.media.contains(.tcp) ? .tcp : .serial
            for need in mode.needs {
                for wrong in [need.range.lowerBound - 1, need.range.upperBound + 1] {
                    var order = FaultOrder(mode.name)
                    order.register = mode.needsRegister ? "power" : nil
                    switch need.name {
                    case .milliseconds: order.milliseconds = wrong
                    case .bytes: order.bytes = wrong
                    case .code: order.code = wrong
                    case .amperes: order.amperes = Double(wrong)
                    case .words: order.words = Array(repeating: 0, count: max(wrong, 0))
                    }
                    #expect(throws: FaultOrder.Complaint.self, "\(mode.name)") {
                        try meaning(order, on: medium)
                    }
                }
                guard !need.isOptional else { continue }
                var order = FaultOrder(mode.name)
                order.register = mode.needsRegister ? "power" : nil
                #expect(throws: FaultOrder.Complaint.self, "\(mode.name)") {
                    try meaning(order, on: medium)
                }
            }
        }
    }

    @Test func r41_whenARuleStrikesIsAskedForToo() throws {
        var order = FaultOrder("drop")
        order.perMillion = 250_000
        order.count = 4
        order.start = 10
        order.on = "writes"
        order.unit = "any"
        order.seed = 99
        var rule = WireFaultRule(.drop, perMillion: 250_000, count: 4, scope: .writes)
        rule.start = 10
        rule.isForAnyUnit = true
        rule.seed = 99
        #expect(try meaning(order) == .wire(rule))
    }

    @Test func r41_faultsOfTheWallboxAddUp() throws {
        var box = SimulatedWallbox(
            profile: try DeviceFile.profile("reference-7kw"), at: .init(nanoseconds: 0))
        var clamp = FaultOrder("cable-limit")
        clamp.amperes = 13.5
        var stuck = FaultOrder("stuck-register")
        stuck.register = "power"
        for order in [FaultOrder("ignore-writes"), clamp, stuck, stuck] {
            guard case .wallbox(let faults) = try order.meaning(for: box, on: .serial) else {
                Issue.record("\(order)")
                continue
            }
            box.setFaults(faults, at: box.now)
        }
        #expect(box.faults.writes == .ignored)
        #expect(box.faults.cableLimit == .init(13_500))
        #expect(box.faults.registers.map(\.kind) == [.stuck])
    }

    @Test func r41_whatIsNoFaultHereIsSaid() {
        func complaint(_ order: FaultOrder, on medium: FaultMedia = .tcp) -> String {
            do {
                return "\(try meaning(order, on: medium))"
            } catch {
                return "\(error)"
            }
        }
        #expect(complaint(FaultOrder("dupicate")).contains("Did you mean 'duplicate'?"))
        #expect(complaint(FaultOrder("zzzzzz")).contains("Known are: delay, drip"))
        #expect(complaint(FaultOrder("half-open"), on: .serial).contains("only on tcp, rtu+tcp"))
        #expect(complaint(FaultOrder("delay")) == "milliseconds: delay needs it")
        #expect(complaint(FaultOrder("stuck-register")).contains("there are map-version"))
        var drop = FaultOrder("drop")
        drop.on = "sometimes"
        #expect(complaint(drop) == "on: all, reads or writes, not \"sometimes\"")
        drop.on = nil
        drop.unit = "7"
        #expect(complaint(drop) == "unit: own or any, not \"7\"")
        drop.unit = nil
        drop.register = "power"
        #expect(complaint(drop) == "register: drop takes none")
    }
}
