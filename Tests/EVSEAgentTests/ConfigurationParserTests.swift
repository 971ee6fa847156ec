import ChargeModel
import Modbus
import Testing

@testable import EVSEAgent

@Suite("The configuration")
struct ConfigurationParserTests {
    @Test func everyKeyIsRead() throws {
        let result = parse(
            """
            site: { timezone: Europe/Berlin, clock: trusted, start-delay: 10m }
            api: { listen: "[::1]:9090", hosts: [raspberrypi.local, EVSE] }
            state-dir: /srv/evse
            poll: 500ms
            chargers:
              - id: device_ev_001
                profile: keba-p30
                connect: tcp://192.168.1.20:1502?unit=7
                max-current: 13.5
                safe-current: 0
                phases: 1
                vendor: example_vendor_a
                model: Wallbox 7kW
                user: user_abc123
                simulated: true
                idle-ends-at-unplug: true
            """)
        #expect(result.diagnostics == [])
        let expected = AgentConfiguration(
            site: .init(
                timeZone: "Europe/Berlin", clock: .trusted, startDelay: .seconds(600)),
            api: .init(
                listen: .init(host: "::1", port: 9090), isLAN: false,
                hosts: ["raspberrypi.local", "evse"]),
            stateDirectory: "/srv/evse", poll: .milliseconds(500),
            chargers: [
                .init(
                    id: ChargerID("device_ev_001"), profile: "keba-p30",
                    address: .tcp(.init(host: "192.168.1.20", port: 1502)), unit: 7,
                    maxCurrent: Milliamperes(13_500), safeCurrent: .zero, phases: 1,
                    vendor: "example_vendor_a", model: "Wallbox 7kW", user: "user_abc123",
                    isSimulated: true, idleEndsAtUnplug: true)
            ])
        #expect(result.configuration == expected)
    }

    @Test func connectorsOfAStationAreChargersOfTheirOwn() throws {
        let byPort = parse(stations("duo-ports", [nil, "2"]))
        #expect(byPort.diagnostics == [])
        #expect(byPort.configuration?.chargers.map(\.connector) == [1, 2])
        #expect(
            byPort.configuration?.chargers.map(\.address) == [
                .tcp(.init(host: "station", port: 502)), .tcp(.init(host: "station", port: 503)),
            ])
        // These differ in nothing but their registers, and share a bus.
        let byStride = parse(stations("duo-stride", ["1", "2"]))
        #expect(byStride.diagnostics == [])
        #expect(byStride.configuration?.chargers.map(\.unit) == [7, 7])
    }

    @Test func aConnectorThatTheStationHasNotIsRefused() {
        let tooHigh = parse(stations("duo-stride", ["0", "3"]))
        #expect(
            lines(tooHigh) == """
                site.yaml:4:16: error: connector: '0' is not a connector of the station. Write a \
                whole number from 1 to 2
                site.yaml:9:16: error: connector: '3' is not a connector of the station. Write a \
                whole number from 1 to 2
                """)
        let single = parse(stations("keba-p30", ["2"]))
        #expect(
            lines(single) == """
                site.yaml:4:16: error: connector: the wallboxes of 'keba-p30' have one connector. \
                Remove 'connector'
                """)
        let twice = parse(stations("duo-stride", ["2", "2"]))
        #expect(
            lines(twice) == """
                site.yaml:10:14: error: connect: 's0' is at tcp://station:502 with unit 7 too. Give \
                each its own 'connector'
                """)
    }

    @Test func whatIsNotWrittenHasItsDefault() throws {
        let result = parse(minimal)
        #expect(result.diagnostics == [])
        let expected = AgentConfiguration(
            site: .init(timeZone: "Asia/Kolkata", clock: .auto),
            api: .init(listen: .init(host: "127.0.0.1", port: 8080), isLAN: false),
            stateDirectory: "/var/lib/evse-agent", poll: .seconds(1),
            chargers: [
                .init(
                    id: ChargerID("a"), profile: "keba-p30",
                    // Port and unit are the profile's.
                    address: .tcp(.init(host: "wallbox.local", port: 502)), unit: 255,
                    maxCurrent: .amperes(16), safeCurrent: .amperes(6), phases: 3, vendor: nil,
                    model: nil, user: nil, isSimulated: false)
            ])
        #expect(result.configuration == expected)
    }

    @Test func oneRunTellsEveryProblemInTheOrderOfTheFile() {
        let result = parse(
            """
            sit: {}
            api: { listen: 0.0.0.0:80 }
            poll: 1h
            chargers:
              - id: device 1
                profil: keba-p30
                connect: tcp://10.0.0.1
                max-current: 5
                safe-current: 3
              - id: b
                profile: keba-p3
                connect: rtu:///dev/ttyUSB0
                max-current: 16
                phases: 4
            """)
        #expect(result.configuration == nil)
        let expected = """
            site.yaml:1:1: error: the configuration has no key 'sit'. Did you mean 'site'?
            site.yaml:2:16: error: listen: the network can reach 0.0.0.0:80, which is not permitted. \
            Write 127.0.0.1, or permit it with 'lan: true' under 'api'
            site.yaml:3:7: error: poll: '1h' is not a duration. Write a whole number and its unit: \
            ms, s or m, such as 500ms, 1s or 2m
            site.yaml:5:5: error: 'profile' is missing. Add 'profile: ...'
            site.yaml:5:9: error: id: 'device 1' cannot be the id of a charger. Write 1 to 64 \
            letters, digits, _ or -, such as device_ev_001
            site.yaml:6:5: error: a charger has no key 'profil'. Did you mean 'profile'?
            site.yaml:8:18: error: max-current: 5 A is out of range. Write what the installation \
            carries per phase, 6 to 80 A
            site.yaml:9:19: error: safe-current: no vehicle can be offered 3 A. Write 0, or 6 A and \
            more
            site.yaml:11:14: error: profile: there is no device profile 'keba-p3'. Did you mean \
            'keba-p30'?
            site.yaml:12:14: error: connect: 'rtu:///dev/ttyUSB0' is not an address of a wallbox. \
            Write tcp://host[:port][?unit=N], such as tcp://192.168.1.20:502?unit=255, \
            serial:///dev/serial/by-id/NAME[?unit=N] or rtu+tcp://host:port[?unit=N]
            site.yaml:14:13: error: phases: '4' is not a number of phases. Write a whole number \
            from 1 to 3
            """
        #expect(lines(result) == expected)
    }

    @Test("R28: only simulated wallboxes are polled faster than ten times a second")
    func onlySimulatedWallboxesArePolledFast() {
        #expect(
            lines(parse("poll: 99ms\n" + minimal)) == """
                site.yaml:1:7: error: poll: 'a' is not simulated, and a wallbox is polled every \
                100ms at most. Write 100ms to 60s
                """)
        let simulated = minimal + "\n    simulated: true"
        #expect(parse("poll: 100ms\n" + minimal).diagnostics == [])
        #expect(parse("poll: 5ms\n" + simulated).configuration?.poll == .milliseconds(5))
        #expect(parse("poll: 4ms\n" + simulated).configuration == nil)
    }

    @Test func aDoubledKeyIsAnError() {
        let result = parse(minimal + "\n    phases: 1\n    phases: 3")
        #expect(result.configuration == nil)
        #expect(
            lines(result)
                == "site.yaml:6:5: error: given twice in one mapping: 'phases'. Keep one of the two"
        )
    }

    @Test(arguments: [
        ("", "site.yaml:1:1: error: the file is empty. List the chargers in it"),
        (
            "chargers: [",
            """
            site.yaml:2:1: error: this is not YAML: did not find expected node content. Look at \
            indentation, brackets and quotes here and just above
            """
        ),
        (
            "- a",
            """
            site.yaml:1:1: error: the configuration has to be a mapping. Write 'key: value' lines, \
            indented alike
            """
        ),
        ("poll: 1s", "site.yaml:1:1: error: 'chargers' is missing. Add 'chargers: ...'"),
        (
            "chargers: keba",
            """
            site.yaml:1:11: error: 'chargers' has to be a list. Begin every item with a dash on its \
            own line
            """
        ),
        ("chargers: []", "site.yaml:1:11: error: there are 0 chargers. List 1 to 64"),
        (
            "chargers: [a]",
            """
            site.yaml:1:12: error: a charger has to be a mapping. Write 'key: value' lines, indented \
            alike
            """
        ),
    ])
    func aFileThatIsNoConfigurationSaysSo(_ text: String, _ expected: String) {
        let result = parse(text)
        #expect(result.configuration == nil)
        #expect(lines(result) == expected)
    }

    @Test func chargersOfOneAddressNeedDifferentUnits() {
        func site(_ second: String) -> ConfigurationParser.Result {
            parse(minimal + charger("b", at: second))
        }
        // The port and the unit of the profile count as if they were written.
        for same in [
            "tcp://wallbox.local", "tcp://WALLBOX.local:502", "tcp://wallbox.local?unit=255",
        ] {
            #expect(
                lines(site(same)).contains(
                    """
                    connect: 'a' is at tcp://wallbox.local:502 with unit 255 too. Give each its own \
                    address, or its own ?unit=N
                    """), "\(same)")
        }
        for other in ["tcp://wallbox.local?unit=2", "tcp://wallbox.local:503", "tcp://10.0.0.1"] {
            let result = site(other)
            #expect(result.diagnostics == [], "\(other)")
            #expect(result.configuration?.chargers.count == 2)
        }
    }

    @Test func idsAreUnique() {
        let result = parse(minimal + charger("a", at: "tcp://10.0.0.1"))
        #expect(result.configuration == nil)
        #expect(lines(result).contains("id: 'a' is taken by the charger on line 2"))
    }

    @Test("R36: the network needs an explicit permission")
    func r36_theNetworkNeedsAnExplicitPermission() {
        for loopback in ["127.0.0.1:80", "127.1.2.3:80", "localhost:80", "\"[::1]:80\""] {
            #expect(parse("api: { listen: \(loopback) }\n" + minimal).diagnostics == [])
        }
        for open in [
            "0.0.0.0:80", "192.168.1.2:80", "\"[::]:80\"", "pi.local:80", "127.evil.example.org:80",
        ] {
            let refused = parse("api: { listen: \(open) }\n" + minimal)
            #expect(refused.configuration == nil)
            #expect(lines(refused).contains("'lan: true' under 'api'"))
            let permitted = parse("api: { listen: \(open), lan: true }\n" + minimal)
            #expect(permitted.configuration?.api.isLAN == true)
            #expect(permitted.diagnostics.map(\.severity) == [.warning])
        }
    }

    @Test(
        "R35: a name that no computer has is told with its place",
        arguments: [
            ("http://pi.local", "is not the name of a computer"),
            ("pi.local:8080", "is not the name"),
            ("\"*.local\"", "is not the name"), ("pi..local", "is not the name"),
            ("-pi.local", "is not the name"), ("wällbox.local", "is not the name"),
            ("\"\"", "'hosts' has to be one value"), ("[a]", "'hosts' has to be one value"),
            ("192.168.1.20", "is an address. Leave it out"),
        ])
    func r35_hostsAreNames(_ host: String, _ problem: String) {
        let result = parse("api:\n  hosts:\n    - pi.local\n    - \(host)\n" + minimal)
        #expect(result.configuration == nil)
        #expect(result.diagnostics.count == 1)
        #expect(lines(result).hasPrefix("site.yaml:4:7: error: "), "\(lines(result))")
        #expect(lines(result).contains(problem), "\(lines(result))")
    }

    @Test(
        "R45: the delay of starts is 0 to 1,800 s",
        arguments: [
            ("0s", 0), ("1800s", 1_800), ("30m", 1_800), ("1801s", nil), ("31m", nil), ("-1s", nil),
            ("10", nil),
        ])
    func r45_theDelayOfStartsHasItsBounds(_ text: String, _ seconds: Int?) {
        let result = parse("site: { start-delay: \(text) }\n" + minimal)
        #expect(result.configuration?.site.startDelay == seconds.map { .seconds($0) })
        guard seconds == nil else { return }
        #expect(lines(result).hasPrefix("site.yaml:1:22: error: start-delay: "), "\(lines(result))")
    }

    @Test func hostsAreAList() {
        #expect(lines(parse("api: { hosts: pi.local }\n" + minimal)).contains("has to be a list"))
        let many = (0..<17).map { "h\($0)" }.joined(separator: ", ")
        #expect(
            lines(parse("api: { hosts: [\(many)] }\n" + minimal))
                == "site.yaml:1:15: error: 'hosts' has 17 entries. List at most 16")
    }

    @Test func aMisspeltTimeZoneIsNamed() {
        let result = parse("site: { timezone: Europe/Berlim }\n" + minimal)
        #expect(
            lines(result) == """
                site.yaml:1:19: error: timezone: there is no time zone 'Europe/Berlim'. Did you \
                mean 'Europe/Berlin'?
                """)
    }

    @Test func anAliasStandsForItsValue() {
        let result = parse(minimal.replacing("16", with: "&a 16") + "\n    safe-current: *a")
        #expect(result.configuration?.chargers.map(\.safeCurrent) == [.amperes(16)])
    }

    @Test func nestingWithoutEndIsRefused() {
        let result = parse("chargers: " + String(repeating: "[", count: 100_000))
        #expect(result.configuration == nil)
        #expect(result.diagnostics.count == 1)
    }

    @Test("R38: whatever the file holds, there is an answer", arguments: 1...4)
    func r38_whateverTheFileHoldsThereIsAnAnswer(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        let scalars = Array((minimal + charger("b", at: "tcp://10.0.0.1?unit=3")).unicodeScalars)
        let pieces = Array("\n :-[]{}'\"&*#|>?!%@`~,0a\u{0}\u{85}\u{FEFF}é".unicodeScalars)
        for _ in 0..<500 {
            var text = scalars
            for _ in 0...Int.random(in: 0...4, using: &random) {
                let place = Int.random(in: text.indices, using: &random)
                let piece = pieces[Int.random(in: pieces.indices, using: &random)]
                switch Int.random(in: 0...2, using: &random) {
                case 0: text[place] = piece
                case 1: text.insert(piece, at: place)
                default: text.remove(at: place)
                }
            }
            let result = parse(String(String.UnicodeScalarView(text)))
            let hasErrors = result.diagnostics.contains { $0.severity == .error }
            #expect((result.configuration == nil) == hasErrors, "seed \(seed): \(text)")
        }
    }

    @Test func theComputersZonesAreFound() throws {
        let zones = TimeZoneNames.system
        for name in ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "Etc/UTC"] {
            #expect(try zones.checked(name) == name)
        }
        for name in ["Europe/Atlantis", "../etc/passwd", "/etc/passwd", "", "Europe/Berlin\n"] {
            #expect(throws: ConfigurationProblem.self, "\(name)") { try zones.checked(name) }
        }
    }
}

/// What a charger needs at least; the list goes on behind it.
let minimal = """
    chargers:
      - id: a
        profile: keba-p30
        connect: tcp://wallbox.local
        max-current: 16
    """

func charger(_ id: String, at address: String) -> String {
    """

      - id: \(id)
        profile: keba-p30
        connect: \(address)
        max-current: 32
    """
}

/// Chargers of one station, with these connectors.
private func stations(_ profile: String, _ connectors: [String?]) -> String {
    let items = connectors.enumerated().flatMap { index, connector in
        [
            "  - id: s\(index)", "    profile: \(profile)",
            connector.map { "    connector: \($0)" },
            "    connect: tcp://station", "    max-current: 16",
        ].compactMap { $0 }
    }
    return (["chargers:"] + items).joined(separator: "\n")
}

func parse(_ text: String) -> ConfigurationParser.Result {
    let profiles = [
        ConfigurationParser.KnownProfile(id: "keba-p30", port: 502, unit: 255),
        ConfigurationParser.KnownProfile(id: "abl-emh1", port: 502, unit: 1),
        ConfigurationParser.KnownProfile(
            id: "duo-ports", switchesPhases: true, connectors: [.init(port: 502), .init(port: 503)]),
        ConfigurationParser.KnownProfile(
            id: "duo-stride", connectors: [.init(unit: 7), .init(unit: 7)]),
        ConfigurationParser.KnownProfile(
            id: "heidelberg", unit: 1, serial: SerialSettings(baud: 19_200, parity: .even)),
    ]
    let zones = TimeZoneNames(
        current: { "Asia/Kolkata" }, known: { ["Europe/Berlin", "Europe/London"] },
        isInstalled: { ["Europe/Berlin", "Europe/London"].contains($0) })
    return ConfigurationParser.parse(text, profiles: profiles, timeZones: zones)
}

func lines(_ result: ConfigurationParser.Result) -> String {
    result.diagnostics.map { $0.rendered(file: "site.yaml") }.joined(separator: "\n")
}
