import ChargeModel
import LibmodbusBus
import Modbus
import Testing

@testable import EVSEAgent

@Suite("What connect says")
struct WallboxConnectionTests {
    @Test(
        arguments: [
            ("tcp://10.0.0.1", .tcp(host: "10.0.0.1", port: nil), nil),
            ("tcp://Wallbox.local:1502", .tcp(host: "wallbox.local", port: 1502), nil),
            ("tcp://10.0.0.1?unit=0", .tcp(host: "10.0.0.1", port: nil), 0),
            ("tcp://[fe80::1]:502?unit=255", .tcp(host: "fe80::1", port: 502), 255),
            ("rtu+tcp://Gateway:4001?unit=247", .gateway(host: "gateway", port: 4001), 247),
            ("serial:///dev/ttyS0", .serial(path: "/dev/ttyS0"), nil),
        ] as [(String, WallboxConnection.Medium, Int?)])
    func aConnectionIsTakenApart(
        _ text: String, _ medium: WallboxConnection.Medium, _ unit: Int?
    ) throws {
        let connection = try WallboxConnection(text)
        #expect(connection.medium == medium)
        #expect(connection.unit == unit)
    }

    @Test func aSerialLineIsDescribedInFull() throws {
        let connection = try WallboxConnection(
            "serial:///dev/serial/by-id/a-b_c?unit=3&baud=57600&parity=odd&stop=2&rs485=kernel&gap=100ms"
        )
        #expect(connection.medium == .serial(path: "/dev/serial/by-id/a-b_c"))
        #expect(connection.unit == 3)
        #expect(connection.baud == 57_600)
        #expect(connection.parity == .odd)
        #expect(connection.stopBits == 2)
        #expect(connection.direction == .kernel)
        #expect(connection.gap == .milliseconds(100))
    }

    @Test(arguments: [
        "", "10.0.0.1", "tcp://", "tcp://:502", "tcp://a:0", "tcp://a:65536", "tcp://a:x",
        "tcp://a:", "tcp://a b", "tcp://a?unit=256", "tcp://a?unit=", "tcp://a?unit=-1",
        "tcp://a?id=1", "tcp://a?", "tcp://[::1", "tcp://[::1]x", "tcp://a/b", "http://a",
        "tcp://u@a", "tcp://a?unit=1&unit=2", "tcp://a?baud=9600", "rtu+tcp://a",
        "rtu+tcp://a:1?baud=9600", "rtu+tcp://a:1?unit=0", "rtu+tcp://a:1?unit=248", "serial://",
        "serial:///", "serial://dev/ttyS0", "serial:///dev/ttyS0?unit=0",
        "serial:///dev/ttyS0?unit=248", "serial:///dev/ttyS0?baud=9601",
        "serial:///dev/ttyS0?parity=mark", "serial:///dev/ttyS0?stop=3",
        "serial:///dev/ttyS0?stop=1.5", "serial:///dev/ttyS0?rs485=on",
        "serial:///dev/ttyS0?gap=3s", "serial:///dev/ttyS0?gap=100", "serial:///dev/ttyS0?unit=1&",
    ])
    func whatIsNoConnectionIsRefused(_ text: String) {
        #expect(throws: ConfigurationProblem.self) { try WallboxConnection(text) }
    }
}

@Suite("Chargers on one bus")
struct ConfigurationBusTests {
    private func site(_ connections: (profile: String, connect: String)...)
        -> ConfigurationParser
        .Result
    {
        let chargers = connections.enumerated().map { index, charger in
            """
              - id: box\(index + 1)
                profile: \(charger.profile)
                connect: \(charger.connect)
                max-current: 16
            """
        }
        return parse("chargers:\n" + chargers.joined(separator: "\n"))
    }

    @Test func aSerialLineIsSetAsTheProfileSaysUnlessItIsWritten() throws {
        let path = "/dev/serial/by-id/adapter"
        let result = site(
            ("heidelberg", "serial://\(path)"),
            ("heidelberg", "serial:///dev/ttyS1?parity=none&stop=2"))
        #expect(result.diagnostics == [])
        let chargers = try #require(result.configuration).chargers
        #expect(chargers[0].address == .serial(path: path))
        #expect(chargers[0].unit == 1)
        #expect(chargers[0].line?.serial == SerialSettings(baud: 19_200, parity: .even))
        #expect(chargers[0].line?.direction == .off)
        #expect(
            chargers[1].line?.serial
                == SerialSettings(baud: 19_200, parity: .none, stopBits: 2))
    }

    @Test func aProfileWithoutSerialSettingsNeedsThemWritten() {
        #expect(
            lines(site(("abl-emh1", "serial:///dev/ttyS0?baud=9600"))) == """
                site.yaml:4:14: error: connect: the profile 'abl-emh1' does not say how its line \
                is set. Write it as it is set in the wallbox, such as ?baud=9600&parity=none&stop=1
                """)
        let result = site(("abl-emh1", "serial:///dev/ttyS0?baud=9600&parity=none"))
        #expect(result.diagnostics == [])
        #expect(result.configuration?.chargers[0].line?.serial == SerialSettings(baud: 9_600))
    }

    @Test func aNameThatMayMoveIsWarnedOf() {
        let result = site(("heidelberg", "serial:///dev/ttyUSB0"))
        #expect(result.configuration != nil)
        #expect(
            lines(result) == """
                site.yaml:4:14: warning: connect: /dev/ttyUSB0 may be another adapter after the \
                next start. Write its path in /dev/serial/by-id; ls -l /dev/serial/by-id shows it
                """)
    }

    @Test func wallboxesOnOneLineMustBeSetAlike() {
        let result = site(
            ("heidelberg", "serial:///dev/ttyS0?unit=1"),
            ("heidelberg", "serial:///dev/ttyS0?unit=2"),
            ("heidelberg", "serial:///dev/ttyS0?unit=3&baud=9600"))
        #expect(result.configuration == nil)
        #expect(
            lines(result) == """
                site.yaml:12:14: error: connect: the line is at 19200 8E1, rs485=off for 'box1' \
                and at 9600 8E1, rs485=off here. All wallboxes on one line are set alike; set them \
                so, and write baud, parity, stop and rs485 to match
                """)
    }

    @Test func unitsDifferOnALineAndAtAGateway() {
        for connect in ["serial:///dev/ttyS0", "rtu+tcp://gateway:4001"] {
            let result = site(("heidelberg", connect), ("heidelberg", connect + "?unit=1"))
            #expect(
                lines(result).contains("connect: 'box1' is at \(connect) with unit 1 too"))
            let fine = site(("heidelberg", connect), ("heidelberg", connect + "?unit=2"))
            #expect(fine.diagnostics == [])
        }
    }

    @Test func aUnitThatNoSerialLineHasMustBeWritten() {
        #expect(
            lines(site(("keba-p30", "rtu+tcp://gateway:4001"))) == """
                site.yaml:4:14: error: connect: unit 255, the profile's, is none on a serial line. \
                Write the one that is set in the wallbox: ?unit=N, 1 to 247
                """)
    }
}
