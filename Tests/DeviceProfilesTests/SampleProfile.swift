import DeviceProfiles
import Testing

/// A small profile without faults, whose lines the tests replace.
enum SampleProfile {
    static let id = "acme-box"

    static let text = """
        profile: acme-box
        title: Acme Box
        vendor: Acme
        model: Box
        source: { document: "Manual 1.0, page 7", confidence: manual, verified-on-hardware: no }
        link: { unit-id: 1, block: { registers: 16, gap: 2 } }
        electrical: { phases: 3, rated-power: 22kW }
        registers:
          mode:     { at: 10, type: u16, values: { 0: idle, 1: waiting, 2: charging } }
          plug:     { at: 11, type: u16 }
          power:    { at: 12, type: u32, unit: W }
          currents: { at: 14, type: u16, count: 3, scale: 0.1, unit: A }
          setpoint: { at: 40, type: u16, scale: 0.1, unit: A, write: single, persistence: volatile }
          alive:    { at: 41, type: u16, read: no, write: single, persistence: volatile }
          fallback: { at: 42, type: u16, scale: 0.1, unit: A, write: single }
          patience: { at: 43, type: u16, unit: s, write: single }
        state:
          - { plug: { lacks: 0b1 }, is: A }
          - { mode: charging, is: C2 }
          - { mode: waiting, is: B2 }
          - { mode: idle, is: B1 }
        control:
          range: { minimum: 6A, maximum: 32A, step: 100mA }
          enabled: read-back
          charge: [ setpoint = limit, wait 500ms ]
          limit: [ setpoint = limit ]
          idle: [ setpoint = 0 ]
        heartbeat: { by: alive = 0x55AA, timeout: 60s }
        failsafe:
          direction: down
          current: fallback
          timeout: { write: patience, read: patience, value: 60s }
          accepts-zero: yes
        """

    /// A profile that extends this one under another name, and uses the words of a station with two
    /// connectors, of coded values, and of what is there on some units only.
    static let station = """
        profile: acme-box
        extends: acme-base
        address-shift: 0x10
        title: Acme Station
        vendor: Acme
        model: Station
        source: { document: "Manual 2.0", confidence: manual, verified-on-hardware: no }
        link:
          single-connection: yes
          delay-after-connect: 200ms
          serial: { baud: 19200, parity: even, stop-bits: 1 }
          block: { barriers: [0x100] }
        connectors: { count: 2, ports: [502, 503], unit-ids: [1, 2], stride: 0x200 }
        registers:
          power: ~
          firmware: { at: 0x100, type: u32, version: bytes, byte-order: low-first, poll: once }
          serial: { at: 0x102, type: text, registers: 4, encoding: hex, poll: once, connector: shared }
          sockets: { at: 0x106, type: u16, is: connectors, poll: once, connector: shared }
          live-phases: { at: 0x108, type: u16, table: { 5: 1, 1: 3 }, optional: yes }
          voltages: { at: 0x110, type: u16, count: 3, unit: V, phases: [3, 2, 1], outside-charging: absent, if: { firmware: { from: v1.2.1 } } }
          lock: { at: 0, space: coil, read: no, write: single, if: { firmware: { from: v1.2 } } }
          relays: { at: 0x120, type: u16, bits: 0..3, connector-shift: 4, is: error-code }
        derived:
          power: [ { product: [currents, voltages] }, { product: [currents, 230V] } ]
        control:
          on-connect: [ lock = 1 ]
        """

    /// The text with some lines replaced: by their beginnings, blanks aside. A new line of "" is
    /// left out.
    static func replacing(_ edits: [(line: String, with: String)]) throws -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for edit in edits {
            let index = try #require(
                lines.firstIndex { $0.drop { $0 == " " }.hasPrefix(edit.line) }, "\(edit.line)")
            lines[index] = edit.with
        }
        return lines.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    static func compile(_ edits: [(line: String, with: String)]) throws -> ProfileCompilation {
        DeviceProfile.compile(try replacing(edits), id: id)
    }

    /// What a compilation complains about, one line for each problem.
    static func problems(_ edits: [(line: String, with: String)]) throws -> [String] {
        try compile(edits).diagnostics.map { $0.rendered(file: "f") }
    }

    static func profile(_ edits: [(line: String, with: String)] = []) throws -> DeviceProfile {
        let compilation = try compile(edits)
        let problems = compilation.diagnostics.map { $0.rendered(file: "f") }
        return try #require(compilation.profile, "\(problems)")
    }

    /// One readable register with these keys, on its own: `register("type: u16, scale: 0.1")`.
    static func register(_ keys: String) throws -> Register {
        let line = "  error-code: { at: 100, \(keys) }"
        let profile = try profile([
            ("alive", "  alive: { at: 41, type: u16, write: single }\n\(line)")
        ])
        return profile[try #require(profile.register(named: "error-code"))]
    }
}
