import ChargeModel
import DeviceProfiles
import Testing

/// Profiles that say only what they have different, and stations with several connectors.
@Suite("Inheritance and connectors")
struct InheritanceTests {
    private static let head = """
        profile: heir
        extends: acme-box
        title: Heir
        vendor: Acme
        model: Heir
        source: { document: "Manual 2", confidence: manual, verified-on-hardware: no }
        """

    private func compile(
        _ lines: String,
        parent: @escaping (String) -> String? = {
            $0 == "acme-box" ? SampleProfile.text : nil
        }
    ) -> ProfileCompilation {
        DeviceProfile.compile(Self.head + "\n" + lines, id: "heir", parent: parent)
    }

    private func profile(_ lines: String) throws -> DeviceProfile {
        let compilation = compile(lines)
        return try #require(compilation.profile, "\(compilation.diagnostics)")
    }

    private func problems(
        _ lines: String, parent: @escaping (String) -> String? = { _ in nil }
    ) -> [String] {
        compile(lines, parent: parent).diagnostics.map { $0.rendered(file: "heir") }
    }

    // MARK: - What is inherited

    @Test func theRestIsTheParents() throws {
        let parent = try SampleProfile.profile()
        let heir = try profile("link: { unit-id: 7 }")
        #expect(heir.title == "Heir")
        #expect(heir.link.unit == 7)
        #expect(heir.link.maximumBlock == parent.link.maximumBlock)
        #expect(heir.registers == parent.registers)
        #expect(heir.control == parent.control)
    }

    @Test func keysAreMergedListsReplacedAndNothingRemoves() throws {
        let heir = try profile(
            """
            registers:
              power: { scale: 0.1 }
              error-code: { at: 50, type: u16 }
            control:
              idle: [ setpoint = 0, wait 1s ]
            identity: { mode: 1 }
            """)
        let power = heir[try #require(heir.register(named: "power"))]
        #expect(power.address == 12)
        #expect(power.scale == RegisterScale(numerator: 1, denominator: 10))
        #expect(heir.control.idle.count == 2)
        #expect(heir.register(named: "error-code") != nil)
        let without = try profile("registers: { power: ~ }")
        #expect(without.register(named: "power") == nil)
    }

    @Test func inheritedAddressesAreShiftedAndOwnOnesAreNot() throws {
        let heir = try profile(
            """
            address-shift: 0x4000
            registers:
              error-code: { at: 50, type: u16 }
              currents: { at: 70 }
            """)
        let addresses = ["mode", "setpoint", "error-code", "currents"].map { name in
            heir.registers.first { $0.name == name }.map { Int($0.address) }
        }
        #expect(addresses == [0x4000 + 10, 0x4000 + 40, 50, 70])
    }

    // MARK: - What is wrong

    @Test func aMistakeOfTheParentIsToldAtTheKeyThatInheritsIt() {
        let broken = SampleProfile.text.replacing("type: u32, unit: W", with: "type: u32, unit: A")
        let found = problems("", parent: { $0 == "acme-box" ? broken : nil })
        #expect(
            found == [
                """
                heir:2:10: error: from 'acme-box', line 11: power cannot be in a unit of current. Use \
                one of: W, kW, mW, VA
                """
            ])
    }

    @Test func aParentThatIsNotThereIsNamed() {
        #expect(
            problems("") == [
                """
                heir:2:10: error: there is no profile 'acme-box' to extend. Give the name of a file \
                beside this one, without '.yaml'
                """
            ])
    }

    @Test func circlesEnd() {
        let found = problems(
            "",
            parent: {
                $0 == "heir"
                    ? Self.head : Self.head.replacing("extends: acme-box", with: "extends: heir")
            })
        #expect(
            found == [
                """
                heir:2:10: error: from 'acme-box', line 2: 'heir' extends 'acme-box' extends 'heir'. A \
                profile is extended by others that say what they have different
                """
            ])
    }

    @Test func aShiftWithoutAParentIsNoShift() throws {
        let found = try SampleProfile.problems([("title", "address-shift: 4\ntitle: Acme Box")])
        #expect(found.count == 1)
        #expect(found.first?.contains("there are no inherited registers to shift") == true)
    }

    @Test func ownKeysAreNotInherited() {
        let text = Self.head.split(separator: "\n").filter { !$0.hasPrefix("title") }
            .joined(separator: "\n")
        let compilation = DeviceProfile.compile(
            text, id: "heir", parent: { _ in SampleProfile.text })
        #expect(compilation.diagnostics.map(\.message) == ["the profile lacks 'title'"])
    }

    // MARK: - Connectors

    @Test func connectorsMoveRegistersBitsUnitsAndPorts() throws {
        let station = try SampleProfile.profile([
            (
                "electrical",
                """
                electrical: { phases: 3 }
                connectors: { count: 2, ports: [502, 1503], unit-ids: [1, 9], stride: 0x100 }
                """
            ),
            ("plug", "  plug: { at: 11, type: u16, bits: 0..3, connector-shift: 4 }"),
            (
                "alive",
                """
                  alive: { at: 41, type: u16, read: no, write: single, connector-stride: 1000 }
                  serial: { at: 50, type: u16, poll: once, connector: shared }
                  uptime: { at: 51, type: u16, unit: s, unit-id: 200 }
                """
            ),
        ])
        let second = station.selecting(connector: 2)
        func address(_ name: String) -> Int? {
            second.registers.first { $0.name == name }.map { Int($0.address) }
        }
        #expect(station.selecting(connector: 1).registers == station.registers)
        #expect(second.link.port == 1503)
        #expect(second.link.unit == 9)
        #expect(address("power") == 12 + 0x100)
        #expect(address("alive") == 1041)
        #expect(address("serial") == 50)
        #expect(address("uptime") == 51)
        let plug = second[try #require(second.register(named: "plug"))]
        #expect(plug.address == 11)
        #expect(plug.bits == BitSlice(mask: 0xF0, shift: 4))
        #expect(plug.decode([0x35]) == .number(canonical: 3, raw: 3))
        #expect(second.readPlan.contains { $0.address == 50 && $0.poll == .once })
        #expect(!second.readPlan.contains { $0.address == 12 })
    }
}
