import ChargeModel
import Foundation
import Testing

@testable import AgentAPI

@Suite struct JSONTests {
    private func parse(_ text: String) throws(JSONParser.Failure) -> JSON {
        try JSONParser.parse(Array(text.utf8))
    }

    @Test func membersKeepTheirOrder() throws {
        #expect(
            try parse(#" {"b": [1, true, null, "x"], "a": {}} "#)
                == ["b": [1, true, .null, "x"], "a": [:]])
    }

    @Test func aBooleanIsNotANumberAndOneIsOneHoweverItIsWritten() throws {
        #expect(try parse("1.0") == 1)
        #expect(try parse("10e-1") == 1)
        #expect(try parse("true") != 1)
        #expect(try parse("-0.0") == 0)
    }

    @Test(arguments: [
        ("7.4", 7400), ("0.0009", 0), ("49.9999", 49_999), ("1e1", 10_000), ("-1.5", -1500),
        ("8.2000000000000000000000000001", 8200), ("1E+2", 100_000), ("123e-2", 1230),
    ])
    func aDecimalIsExact(_ text: String, _ thousandths: Int) throws {
        guard case .number(let number) = try parse(text) else {
            Issue.record("\(text) is no number")
            return
        }
        #expect(number.thousandths == thousandths)
    }

    /// Found by fuzzing: the exponent of the first was written as one that is read as another.
    @Test(arguments: [
        "1.5e-22222222222222222222222224", "15e-99999", "10e99999", "-0.001e-99999", "100e222222",
    ])
    func r37_aNumberBeyondEveryRangeIsWrittenAsItIsRead(_ text: String) throws {
        let number = try parse(text)
        #expect(try JSONParser.parse(number.utf8) == number)
    }

    @Test func aNumberThatFitsNowhereHasNoThousandths() throws {
        guard case .number(let number) = try parse("1e400") else {
            Issue.record("no number")
            return
        }
        #expect(number.thousandths == nil)
        #expect(number.integer == nil)
        #expect(!number.isThousandths(in: 0...50_000))
    }

    @Test(arguments: [
        ("50", true), ("50.0", true), ("50.0001", false), ("50.001", false), ("0", true),
        ("-0.0001", false), ("-1", false), ("49.99999", true), ("1e-30", true),
    ])
    func rangesAreExactAtBothEnds(_ text: String, _ isInside: Bool) throws {
        guard case .number(let number) = try parse(text) else {
            Issue.record("\(text) is no number")
            return
        }
        #expect(number.isThousandths(in: 0...50_000) == isInside)
    }

    @Test(arguments: [
        (7004, 2, "7"), (7360, 2, "7.36"), (7365, 2, "7.37"), (7360, 1, "7.4"), (22_080, 1, "22.1"),
        (22_000, 1, "22"), (0, 2, "0"), (4, 2, "0"), (5, 2, "0.01"), (-1500, 1, "-1.5"),
        (13_500, 3, "13.5"), (1, 3, "0.001"), (100_000, 2, "100"),
    ])
    func measurementsAreRoundedToTheirDecimals(
        _ thousandths: Int, _ decimals: Int, _ text: String
    ) {
        #expect(JSONNumber(thousandths: thousandths, decimals: decimals).description == text)
    }

    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{\"a\":}", "01", "-", "1.",
        ".5", "1e", "+1", "NaN", "Infinity", "tru", "nulll", "\"", "\"\\x\"", "\"\\u12\"",
        "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"a\nb\"", "1 2", "{} {}", "'a'",
        "\u{FEFF}{}", "[1 2]", "// x\n1", "\"\u{1}\"",
    ])
    func whatIsNotJSONIsRefused(_ text: String) {
        #expect(throws: JSONParser.Failure.self) { try parse(text) }
    }

    @Test func textThatIsNotUTF8IsRefused() {
        for bytes: [UInt8] in [
            [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
        ] {
            #expect(throws: JSONParser.Failure.self) {
                try JSONParser.parse([0x22] + bytes + [0x22])
            }
        }
    }

    @Test func aFieldThatIsThereTwiceIsNamedByItsPath() throws {
        let failure = #expect(throws: JSONParser.Failure.self) {
            try parse(#"{"action": {"command": "idle", "command": "charge"}}"#)
        }
        #expect(failure?.path == "action.command")
    }

    @Test func nestingEndsAtItsBoundAndNotInACrash() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        _ = try parse(nested(JSONParser.Bound.depth))
        #expect(throws: JSONParser.Failure.self) { try parse(nested(JSONParser.Bound.depth + 1)) }
        #expect(throws: JSONParser.Failure.self) {
            try parse(String(repeating: "[", count: 65_536))
        }
        #expect(throws: JSONParser.Failure.self) {
            try parse(String(repeating: #"{"a":"#, count: 10_000))
        }
    }

    @Test func listsEndAtTheirBounds() throws {
        func list(_ count: Int) -> String {
            "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]"
        }
        func object(_ count: Int) -> String {
            "{" + (0..<count).map { "\"f\($0)\":1" }.joined(separator: ",") + "}"
        }
        _ = try parse(list(JSONParser.Bound.elements))
        _ = try parse(object(JSONParser.Bound.members))
        #expect(throws: JSONParser.Failure.self) { try parse(list(JSONParser.Bound.elements + 1)) }
        #expect(throws: JSONParser.Failure.self) { try parse(object(JSONParser.Bound.members + 1)) }
    }

    @Test func whatIsWrittenIsReadBackByUsAndByFoundation() throws {
        let value: JSON = [
            "text": "quote \" backslash \\ line \n\r\t bell \u{7} delete \u{7F} é 🔌",
            "numbers": [0, -1, .number(JSONNumber(significand: 736, exponent: -2))],
            "large": .number(JSONNumber(significand: 12, exponent: 30)),
            "small": .number(JSONNumber(significand: 12, exponent: -30)),
            "nothing": .null, "yes": true,
        ]
        #expect(try JSONParser.parse(value.utf8) == value)
        #expect(!value.utf8.contains { $0 < 0x20 || $0 == 0x7F })
        let read = try JSONSerialization.jsonObject(with: Data(value.utf8)) as? [String: Any]
        #expect(
            read?["text"] as? String
                == "quote \" backslash \\ line \n\r\t bell \u{7} delete \u{7F} é 🔌")
        #expect((read?["numbers"] as? [Double])?.last == 7.36)
    }

    @Test func escapesAreUnderstood() throws {
        #expect(
            try parse(#""\"\\\/\b\f\n\r\t\u0041\ud83d\udd0c""#)
                == "\"\\/\u{8}\u{C}\n\r\tA🔌")
    }

    /// Random bytes, and random damage to a good body: an error or a value, never a crash.
    @Test func r37_noBytesCrashTheParser() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let good = Array(#"{"action":{"command":"charge","parameters":{}},"sandbox":null}"#.utf8)
        for _ in 0..<5000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            bytes.removeLast(Int.random(in: 0...bytes.count / 4, using: &random))
            do {
                let value = try JSONParser.parse(bytes)
                #expect(throws: Never.self) { try JSONParser.parse(value.utf8) }
            } catch {
                #expect(error.offset <= bytes.count)
            }
        }
    }
}
