import Testing

@testable import EVSEAgent

struct PhaseSwitchingConfigurationTests {
    /// A wallbox that can be switched.
    private let switching = """
        chargers:
          - id: a
            profile: duo-ports
            connect: tcp://station
            max-current: 16
        """

    @Test func phasesAreSwitchedOnlyWhereTheProfileKnowsHowAndThreeAreConnected() {
        let known = parse(switching + "\n    phase-switching: true")
        #expect(known.diagnostics == [])
        #expect(known.configuration?.chargers.map(\.switchesPhases) == [true])
        let unknown = parse(minimal + "\n    phase-switching: true")
        #expect(
            lines(unknown) == """
                site.yaml:6:22: error: phase-switching: nobody knows how to switch the phases of a \
                'keba-p30'. Remove 'phase-switching'
                """)
        let single = parse(
            switching + "\n    phases: 1\n    phase-switching: true")
        #expect(
            lines(single) == """
                site.yaml:7:22: error: phase-switching: an installation of 1 phase has nothing to \
                switch. Remove 'phase-switching', or 'phases' where all three are connected
                """)
        let off = parse(minimal + "\n    phase-switching: false")
        #expect(off.configuration?.chargers.map(\.switchesPhases) == [false])
    }
}
