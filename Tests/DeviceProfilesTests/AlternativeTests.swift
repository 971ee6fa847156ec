import ChargeModel
import DeviceProfiles
import Testing

/// Several ways to one value: formulas in their order, and a register that tells whether another is
/// there.
struct AlternativeTests {
    @Test func firstFormulaThatHasItsValuesCounts() throws {
        let profile = try SampleProfile.profile([
            (
                "patience",
                """
                  patience: { at: 43, type: u16, unit: s, write: single }
                  voltages: { at: 60, type: u16, count: 3, unit: V }
                derived:
                  power: [ { product: [currents, voltages] }, { product: [currents, 230V] } ]
                """
            )
        ])
        let currents = try #require(profile.register(named: "currents"))
        let voltages = try #require(profile.register(named: "voltages"))
        #expect(
            profile.derived.map(\.formula) == [
                .product(currents: currents, voltages: voltages),
                .nominal(currents: currents, voltage: Millivolts(230_000)),
            ])
    }

    @Test func probeMayLookAtAPartOfWhatItDecidesAbout() throws {
        let voltages = "voltages: { at: 60, type: s32, count: 3, unit: V"
        func problems(_ gate: String) throws -> [String] {
            try SampleProfile.problems([
                (
                    "patience",
                    """
                      patience: { at: 43, type: u16, unit: s, write: single }
                      meter: { at: 60, type: s32, unit: V, poll: once }
                      \(voltages)\(gate) }
                    """
                )
            ])
        }
        #expect(try problems(", if: { meter: { from: 1V } }") == [])
        let overlaps = try problems("").filter { $0.contains("overlaps 'meter'") }
        #expect(overlaps.count == 1)
    }
}
