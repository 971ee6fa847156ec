/// Reads one JSON text (RFC 8259), strictly: valid UTF-8, no duplicate names, nothing after the value,
/// and bounds on depth and on the length of lists, so that no body is expensive.
///
/// Own code where the standard decoder would do for most: that one keeps one of two members with the
/// same name and says nothing, and requirement R37 wants every field honoured or named in an error.
package struct JSONParser {
    /// What no request of this API comes near to.
    package enum Bound {
        /// Objects and arrays within each other.
        package static let depth = 16
        /// Members of one object. Also keeps the search for duplicates short.
        package static let members = 64
        /// Elements of one array.
        package static let elements = 256
    }

    /// Why a text is not JSON as we take it. `path` names the place where that is known.
    package struct Failure: Error, Hashable, Sendable {
        /// Byte offset in the text.
        package var offset: Int
        /// Such as `action.command`; empty at the top.
        package var path: String
        package var reason: String
    }

    private let text: [UInt8]
    private var position = 0
    private var names: [String] = []

    private init(_ text: [UInt8]) {
        self.text = text
    }

    package static func parse(_ text: [UInt8]) throws(Failure) -> JSON {
        var parser = JSONParser(text)
        parser.skipSpace()
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == text.count else {
            throw parser.failure("there is more after the value")
        }
        return value
    }

    // MARK: Values

    private mutating func value(depth: Int) throws(Failure) -> JSON {
        guard depth < Bound.depth else {
            throw failure("nested deeper than \(Bound.depth) levels")
        }
        guard let byte = peek() else {
            throw failure("the text ends where a value was expected")
        }
        switch byte {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
        default: throw failure("a value was expected")
        }
    }

    private mutating func object(depth: Int) throws(Failure) -> [JSON.Member] {
        position += 1
        var members: [JSON.Member] = []
        skipSpace()
        if take("}") { return members }
        repeat {
            guard members.count < Bound.members else {
                throw failure("an object has more than \(Bound.members) fields")
            }
            skipSpace()
            guard peek() == UInt8(ascii: "\"") else {
                throw failure("a field name in quotes was expected")
            }
            let name = try string()
            names.append(name)
            guard !members.contains(where: { $0.name == name }) else {
                throw failure("the field is there twice")
            }
            skipSpace()
            guard take(":") else { throw failure("a colon was expected") }
            skipSpace()
            members.append(JSON.Member(name, try value(depth: depth + 1)))
            names.removeLast()
            skipSpace()
        } while take(",")
        guard take("}") else { throw failure("a comma or a closing brace was expected") }
        return members
    }

    private mutating func array(depth: Int) throws(Failure) -> [JSON] {
        position += 1
        var elements: [JSON] = []
        skipSpace()
        if take("]") { return elements }
        repeat {
            guard elements.count < Bound.elements else {
                throw failure("an array has more than \(Bound.elements) elements")
            }
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw failure("a comma or a closing bracket was expected") }
        return elements
    }

    private mutating func word(_ word: StaticString, _ value: JSON) throws(Failure) -> JSON {
        for offset in 0..<word.utf8CodeUnitCount {
            guard peek() == word.utf8Start[offset] else { throw failure("a value was expected") }
            position += 1
        }
        return value
    }

    // MARK: Numbers

    /// Digits beyond the 18th are dropped, towards zero.
    private mutating func number() throws(Failure) -> JSONNumber {
        let isNegative = take("-")
        var significand = 0
        var exponent = 0
        var digits = 0

        func add(_ digit: UInt8, isFraction: Bool) {
            if digits < 18 {
                significand = significand * 10 + Int(digit - UInt8(ascii: "0"))
                if significand > 0 { digits += 1 }
                if isFraction { exponent -= 1 }
            } else if !isFraction {
                exponent += 1
            }
        }

        if take("0") {
            guard digit() == nil else { throw failure("a number starts with a superfluous 0") }
        } else {
            guard digit() != nil else { throw failure("a digit was expected") }
            while let next = digit() {
                add(next, isFraction: false)
                position += 1
            }
        }
        if take(".") {
            guard digit() != nil else { throw failure("a digit was expected after the point") }
            while let next = digit() {
                add(next, isFraction: true)
                position += 1
            }
        }
        if take("e") || take("E") { exponent += try exponentPart() }
        return JSONNumber(
            significand: isNegative ? -significand : significand, exponent: exponent)
    }

    /// Clamped before it can overflow.
    private mutating func exponentPart() throws(Failure) -> Int {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard digit() != nil else { throw failure("a digit was expected in the exponent") }
        var exponent = 0
        while let next = digit() {
            let value = Int(next - UInt8(ascii: "0"))
            exponent = min(exponent * 10 + value, JSONNumber.maximumExponent)
            position += 1
        }
        return isNegative ? -exponent : exponent
    }

    private func digit() -> UInt8? {
        guard let byte = peek(), UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
        return byte
    }

    // MARK: Strings

    private mutating func string() throws(Failure) -> String {
        position += 1
        let start = position
        while let byte = peek(), byte != UInt8(ascii: "\"") {
            if byte == UInt8(ascii: "\\") { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw failure("a control character in a string") }
            position += 1
        }
        return try close(text[start..<position])
    }

    private mutating func escapedString(from start: Int) throws(Failure) -> String {
        var bytes = text[start..<position]
        while let byte = peek(), byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw failure("a control character in a string") }
            position += 1
            if byte == UInt8(ascii: "\\") {
                bytes.append(contentsOf: try escape().utf8)
            } else {
                bytes.append(byte)
            }
        }
        return try close(bytes)
    }

    private mutating func close(_ bytes: ArraySlice<UInt8>) throws(Failure) -> String {
        guard take("\"") else { throw failure("the text ends within a string") }
        guard let string = String(validating: bytes, as: UTF8.self) else {
            throw failure("a string is not valid UTF-8")
        }
        return string
    }

    private mutating func escape() throws(Failure) -> String {
        guard let byte = peek() else { throw failure("the text ends within a string") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return String(Character(try unicodeEscape()))
        default: throw failure("an unknown escape in a string")
        }
    }

    private mutating func unicodeEscape() throws(Failure) -> Unicode.Scalar {
        var code = try hexQuad()
        if 0xD800...0xDBFF ~= code, take("\\"), take("u") {
            let low = try hexQuad()
            guard 0xDC00...0xDFFF ~= low else { throw failure("half of a surrogate pair") }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw failure("half of a surrogate pair") }
        return scalar
    }

    private mutating func hexQuad() throws(Failure) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = peek().flatMap(hexDigitValue) else {
                throw failure("four hexadecimal digits were expected")
            }
            code = code << 4 | UInt32(digit)
            position += 1
        }
        return code
    }

    // MARK: Characters

    private func peek() -> UInt8? {
        position < text.count ? text[position] : nil
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 {
            position += 1
        }
    }

    private func failure(_ reason: String) -> Failure {
        Failure(offset: position, path: names.joined(separator: "."), reason: reason)
    }
}

/// The value of a hexadecimal digit; nil for any other byte.
func hexDigitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
