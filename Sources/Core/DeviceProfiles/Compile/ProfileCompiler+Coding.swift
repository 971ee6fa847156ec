import ChargeModel

/// How words become a value: types, orders, versions and tables.
extension ProfileCompiler {
    private static let types: [(name: String, type: RegisterType)] = [
        ("u16", .u16), ("s16", .s16), ("u32", .u32), ("s32", .s32), ("u64", .u64),
        ("s64", .s64), ("f32", .f32), ("f64", .f64),
    ]

    mutating func type(_ section: Section, _ space: RegisterSpace) -> RegisterType? {
        guard !space.isBits else { return bit(section, space) }
        guard let node = required(section, "type"), let name = scalar(node, "a type") else {
            return nil
        }
        if name == "text" { return text(section) }
        for key in ["registers", "encoding"] {
            guard let node = section[key] else { continue }
            diagnostics.error(
                node.place,
                "the type \(name) has its own \(key == "registers" ? "length" : "encoding")",
                "Remove '\(key)'; it is for texts")
        }
        if let type = Self.types.first(where: { $0.name == name })?.type { return type }
        diagnostics.error(
            node.place, "there is no type '\(name)' of a register",
            name == "bit"
                ? "A bit is a coil or a discrete input ('space:'); of a register, use 'bits'"
                : Spelling.suggestion(for: name, among: Self.types.map(\.name) + ["text"]))
        return nil
    }

    /// In the spaces of bits every value is one, so it need not be said.
    private mutating func bit(_ section: Section, _ space: RegisterSpace) -> RegisterType {
        if let node = section["type"], node.content != .scalar("bit") {
            diagnostics.error(
                node.place, "in the space '\(space.rawValue)' every value is one bit",
                "Remove 'type', or correct 'space'")
        }
        for key in ["registers", "encoding", "scale", "offset", "unit", "version"] {
            guard let node = section[key] else { continue }
            diagnostics.error(node.place, "a bit has no \(key)", "Remove '\(key)'")
        }
        return .bit
    }

    private mutating func text(_ section: Section) -> RegisterType? {
        let encoding = word(section, "encoding") as TextEncoding?
        let registers = whole(section, "registers")
        guard let encoding, let registers else { return nil }
        return .text(registers: registers, encoding: encoding)
    }

    // MARK: - Orders

    mutating func readOrder(_ section: Section, _ draft: inout RegisterDraft) {
        let type = draft.register.type
        if let node = section["order"] {
            if type.width == 1 || type.isText {
                diagnostics.error(
                    node.place, "\(section.name) has no words to order", "Remove 'order'")
            }
            draft.register.wordOrder = word(node, "'order'") ?? .highFirst
        }
        guard let node = section["byte-order"] else { return }
        if type == .bit {
            diagnostics.error(node.place, "a bit has no bytes to order", "Remove 'byte-order'")
        }
        draft.register.byteOrder = word(node, "'byte-order'") ?? .highFirst
    }

    /// `phases: [3, 2, 1]`: which phase comes first on the wire.
    mutating func readPhases(_ section: Section, _ draft: inout RegisterDraft) {
        guard let node = section["phases"] else { return }
        let count = draft.register.count
        let phases = elements(node).compactMap { element in
            value(element, "a phase from 1 to \(count)") {
                ScalarSyntax.whole($0).flatMap { Int(exactly: $0) }
                    .flatMap { 1...count ~= $0 ? $0 - 1 : nil }
            }
        }
        guard phases.count == elements(node).count else { return }
        guard count > 1, phases.sorted() == Array(0..<count) else {
            diagnostics.error(
                node.place, "'phases' does not name each of the \(count) values once",
                "Give the phases in the order of the wire, such as [3, 2, 1] with 'count: 3'")
            return
        }
        draft.register.phaseOrder = phases
    }

    // MARK: - Versions

    mutating func readVersion(_ section: Section, _ draft: inout RegisterDraft) {
        guard let node = section["version"], let version: VersionEncoding = word(node, "'version'")
        else { return }
        let isFitting =
            version == .text
            ? draft.register.type.isText : [.u16, .u32].contains(draft.register.type)
        if !isFitting {
            diagnostics.error(
                node.place, "the type of \(section.name) does not hold such a version",
                "'bytes' and 'decimal' take u16 or u32, 'text' takes a text")
        }
        for key in ["unit", "scale", "offset", "bits", "values", "table"] {
            guard let node = section[key] else { continue }
            diagnostics.error(node.place, "a version has no \(key)", "Remove '\(key)'")
        }
        draft.register.version = version
    }

    // MARK: - Tables

    /// `table: { 5: 1, 1: 3 }`: canonical values of single raw ones, quantities with their unit.
    mutating func readTable(_ section: Section, _ draft: inout RegisterDraft) {
        guard let node = section["table"],
            let table = mapping(node, "'table' of \(section.name)")
        else { return }
        if draft.register.type.isText || draft.register.type.isFloat {
            diagnostics.error(
                node.place, "only whole numbers are looked up in a table", "Remove 'table'")
            return
        }
        for key in ["unit", "scale", "offset"] {
            guard let node = section[key] else { continue }
            diagnostics.error(
                node.place, "the values of a table are final and have no \(key)",
                "Remove '\(key)', and write units in the table: '2: 30s'")
        }
        if table.entries.isEmpty {
            diagnostics.error(node.place, "the table is empty", "Write '{ raw: value }'")
        }
        draft.dimension = draft.dimension ?? draft.register.quantity?.dimensions.first
        for entry in table.entries { readTableEntry(entry, &draft) }
    }

    private mutating func readTableEntry(
        _ entry: DocumentNode.Entry, _ draft: inout RegisterDraft
    ) {
        let key = DocumentNode(place: entry.keyPlace, content: .scalar(entry.key))
        guard let raw = rawNumber(key, draft), let canonical = tableValue(entry.value, &draft)
        else { return }
        if draft.register.invalid.contains(raw) {
            diagnostics.error(
                entry.keyPlace, "the value \(entry.key) is invalid and in the table",
                "Remove it from one of the two")
        }
        if draft.register.table.contains(where: { $0.raw == raw }) {
            diagnostics.error(entry.keyPlace, "the value \(entry.key) is in it already", "Keep one")
        }
        draft.register.table.append(TableEntry(raw: raw, canonical: canonical))
    }

    private mutating func tableValue(
        _ node: DocumentNode, _ draft: inout RegisterDraft
    ) -> Int? {
        if let quantity = draft.register.quantity, quantity.dimensions.isEmpty {
            let range = quantity == .livePhases ? 0...3 : 0...Int(Int32.max)
            return value(node, "a whole number from \(range.lowerBound) to \(range.upperBound)") {
                ScalarSyntax.whole($0).flatMap { Int(exactly: $0) }
                    .flatMap { range ~= $0 ? $0 : nil }
            }
        }
        guard let text = scalar(node, "a value") else { return nil }
        let measured = ScalarSyntax.quantity(text)
        // Without a quantity, the first value tells what all of them are.
        if draft.register.table.isEmpty, draft.register.quantity == nil {
            draft.dimension = measured?.dimension
        }
        if let measured, measured.dimension == draft.dimension { return measured.canonical }
        let number = ScalarSyntax.whole(text).flatMap { Int(exactly: $0) }
        if draft.dimension == nil, let number { return number }
        let wanted = draft.dimension.map { "a \($0.rawValue) with its unit" } ?? "a whole number"
        diagnostics.error(node.place, "'\(text)' is not \(wanted)", "")
        return nil
    }
}

extension RegisterSpace {
    /// Whether its values are single bits.
    package var isBits: Bool { self == .coil || self == .discrete }
}
