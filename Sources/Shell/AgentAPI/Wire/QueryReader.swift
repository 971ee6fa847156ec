/// Takes the query of a request apart, as ``FieldReader`` does with a body: unknown and repeated
/// parameters are errors.
///
/// Percent encoding is decoded; `+` stays a plus sign.
struct QueryReader {
    private var parameters: [(name: String, value: String)] = []
    private var taken: [String] = []

    /// - Parameter query: What is after the question mark; nil without one.
    init(_ query: String?) throws(APIError) {
        guard let query, !query.isEmpty else { return }
        for pair in query.split(separator: "&", omittingEmptySubsequences: false) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap({ Self.decode($0) }), !name.isEmpty,
                let value = Self.decode(parts.count > 1 ? parts[1] : "")
            else {
                throw APIError.invalid("query", "is not made of `name=value` in percent encoding")
            }
            guard !parameters.contains(where: { $0.name == name }) else {
                throw APIError.invalid(name, "is in the query twice")
            }
            parameters.append((name, value))
        }
    }

    /// nil where it is not there.
    mutating func string(_ name: String, maximumLength: Int = 128) throws(APIError) -> String? {
        taken.append(name)
        guard let value = parameters.first(where: { $0.name == name })?.value else { return nil }
        guard 1...maximumLength ~= value.utf8.count else {
            throw APIError.invalid(name, "must have 1 to \(maximumLength) bytes")
        }
        return value
    }

    /// Decimal digits only.
    mutating func integer(
        _ name: String, in range: ClosedRange<Int>, default: Int
    ) throws(APIError) -> Int {
        guard let text = try string(name) else { return `default` }
        guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
            let value = Int(text), range.contains(value)
        else {
            throw APIError.invalid(
                name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// `true` or `false`; false where it is not there.
    mutating func flag(_ name: String) throws(APIError) -> Bool {
        switch try string(name) {
        case nil, "false": return false
        case "true": return true
        default: throw APIError.invalid(name, "must be `true` or `false`")
        }
    }

    /// One of a list of words; nil where it is not there.
    mutating func word<Word: RawRepresentable<String> & CaseIterable>(
        _ name: String, as type: Word.Type
    ) throws(APIError) -> Word? {
        guard let text = try string(name) else { return nil }
        guard let word = Word(rawValue: text) else {
            let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError.invalid(name, "must be one of: \(words)")
        }
        return word
    }

    /// Ends the reading: what was not asked for is an error.
    func finish() throws(APIError) {
        guard let unknown = parameters.first(where: { !taken.contains($0.name) }) else { return }
        throw APIError.invalid(unknown.name, "is not a query parameter of this request")
    }

    /// nil where the encoding is broken, or does not give UTF-8 without control characters.
    private static func decode(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var source = text.utf8.makeIterator()
        while let byte = source.next() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = source.next().flatMap(hexDigitValue),
                let low = source.next().flatMap(hexDigitValue)
            else { return nil }
            bytes.append(high << 4 | low)
        }
        guard !bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
