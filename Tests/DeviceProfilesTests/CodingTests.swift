import ChargeModel
import DeviceProfiles
import Modbus
import Testing

/// How coded values become numbers and texts, and how these become words again.
@Suite("Codes of registers")
struct CodingTests {
    private func register(_ line: String) throws -> Register {
        let profile = try SampleProfile.profile([
            ("alive", "  alive: { at: 41, type: u16, write: single }\n  \(line)")
        ])
        return try #require(profile.registers.first { $0.address == 100 })
    }

    // MARK: - Orders

    @Test(arguments: [
        ("type: u16, byte-order: low-first", [0x3412], 0x1234),
        ("type: u32, byte-order: low-first", [0x3412, 0x7856], 0x1234_5678),
        // Everything the other way round.
        ("type: u32, byte-order: low-first, order: low-first", [0x7856, 0x3412], 0x1234_5678),
    ])
    func bytesAreSwappedInsideRegisters(_ keys: String, _ words: [Int], _ number: Int) throws {
        let register = try register("error-code: { at: 100, \(keys) }")
        let words = words.map { UInt16($0) }
        #expect(register.decode(words[...]).canonical == number)
        #expect(register.encode(canonical: number, rounding: .down) == words)
    }

    @Test func phasesMayStandInAnyOrder() throws {
        let register = try register(
            "voltages: { at: 100, type: u16, count: 3, unit: V, phases: [3, 1, 2] }")
        #expect((0..<3).map { register.address(ofElement: $0) } == [101, 102, 100])
    }

    // MARK: - Bits

    @Test func aCoilIsReadAndWrittenAsOneBit() throws {
        let register = try register("lock: { at: 100, space: coil, write: single, is: error-code }")
        #expect(register.type == .bit)
        #expect(register.decode([1]) == .number(canonical: 1, raw: 1))
        #expect(register.encode(raw: 1) == [1])
        #expect(register.encode(raw: 2) == nil)
    }

    // MARK: - Texts

    @Test func utf16TakesARegisterForEachCharacter() throws {
        let register = try register(
            "serial: { at: 100, type: text, registers: 4, encoding: utf16 }")
        let words: [UInt16] = [0x0041, 0x00C4, 0x0042, 0]
        #expect(register.decode(words[...]) == .text("AÄB"))
        #expect(register.encode(text: "AÄB") == words)
        #expect(register.encode(text: "ABCDE") == nil)
        #expect(register.decode([0xD800, 0x0041, 0, 0]) == .unavailable(.implausible))
    }

    @Test func hexadecimalTextIsTheDigitsOfTheRegisters() throws {
        let register = try register("serial: { at: 100, type: text, registers: 2, encoding: hex }")
        #expect(register.decode([0x0123, 0xABCD]) == .text("0123ABCD"))
        #expect(register.encode(text: "0123ABCD") == [0x0123, 0xABCD])
        #expect(register.decode([0, 0]) == .unavailable(.notAvailable))
        #expect(register.decode([0xFFFF, 0xFFFF]) == .unavailable(.notAvailable))
        #expect(register.encode(text: "XYZ") == nil)
    }

    @Test func swappedTextReadsLikeText() throws {
        let register = try register(
            "serial: { at: 100, type: text, registers: 2, byte-order: low-first }")
        #expect(register.decode([0x4241, 0x0043]) == .text("ABC"))
        #expect(register.encode(text: "ABC") == [0x4241, 0x0043])
    }

    // MARK: - Versions

    @Test(arguments: [
        ("type: u32, version: bytes", [0x0116, 0x02FF], 1_022_002),
        ("type: u16, version: bytes", [0x0108], 1_008_000),
        ("type: u16, version: decimal", [10_201], 1_002_001),
        ("type: text, registers: 3, version: text", [0x312E, 0x3232, 0x7E32], 1_022_002),
    ])
    func versionsAreOneNumber(_ keys: String, _ words: [Int], _ number: Int) throws {
        let register = try register("firmware: { at: 100, \(keys) }")
        let words = words.map { UInt16($0) }
        let value = register.decode(words[...])
        #expect(value.canonical == number)
        let encoded = try #require(register.encode(canonical: number, rounding: .down))
        #expect(register.decode(encoded[...]).canonical == number)
        let text = [1_022_002: "1.22.2", 1_008_000: "1.8.0", 1_002_001: "1.2.1"][number]
        #expect(register.text(of: value) == text)
    }

    @Test func textWithoutANumberIsNoVersion() throws {
        let register = try register(
            "firmware: { at: 100, type: text, registers: 2, version: text }")
        #expect(register.decode([0x4142, 0x4344]) == .unavailable(.implausible))
        #expect(register.decode([0, 0]) == .unavailable(.notAvailable))
    }

    // MARK: - Tables

    @Test func tablesGiveWhatANumberStandsFor() throws {
        let register = try register(
            "pause: { at: 100, type: u16, is: uptime, table: { 2: 2s, 3: 5s, 9: 1min } }")
        #expect(register.decode([3]) == .number(canonical: 5000, raw: 3))
        #expect(register.decode([4]) == .unavailable(.implausible))
        // A limit never grows by being looked up.
        #expect(register.encode(canonical: 59_999, rounding: .down) == [3])
        #expect(register.encode(canonical: 1999, rounding: .down) == nil)
        #expect(register.encode(canonical: 59_999, rounding: .nearest) == [9])
    }

    // MARK: - Reads

    private func plan(_ lines: String, link: String = "") throws -> [[Int]] {
        let profile = try SampleProfile.profile([
            (
                "link",
                "link: { unit-id: 1, block: { registers: 16, gap: 2\(link) } }"
            ), ("alive", "  alive: { at: 41, type: u16, write: single }\n\(lines)"),
        ])
        return profile.readPlan.filter { $0.address >= 100 }
            .map { [Int($0.address), Int($0.count)] }
    }

    @Test func readsStopAtBarriers() throws {
        let lines = """
              error-code: { at: 100, type: u16 }
              serial:     { at: 101, type: u16 }
              uptime:     { at: 102, type: u16, unit: s }
            """
        #expect(try plan(lines) == [[100, 3]])
        #expect(try plan(lines, link: ", barriers: [101]") == [[100, 1], [101, 2]])
    }

    @Test func conditionsAndOptionalRegistersAreReadApart() throws {
        let lines = """
              firmware:   { at: 90, type: u16, version: bytes, poll: once }
              error-code: { at: 100, type: u16 }
              serial:     { at: 101, type: u16, if: { firmware: { from: v1.2 } } }
              uptime:     { at: 102, type: u16, unit: s, if: { firmware: { from: v1.2 } } }
              voltages:   { at: 103, type: u16, count: 3, unit: V, optional: yes }
              energy-total: { at: 106, type: u16, unit: Wh, optional: yes }
            """
        #expect(try plan(lines) == [[100, 1], [103, 3], [106, 1], [101, 2]])
    }
}
