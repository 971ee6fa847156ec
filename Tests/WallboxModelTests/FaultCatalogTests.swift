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
    }
}
