import ChargeModel

/// The steps of commands: `register = value`, `register set 0x80`, `wait 2s`, `{ until: ... }`,
/// `{ if: ..., do: ... }`.
extension ProfileCompiler {
    private static let maximumSteps = 16
    private static let waitRange: ClosedRange<Duration> = .milliseconds(1) ... .seconds(60)
    private static let expected =
        "a step: 'register = value', 'register = limit', 'register set 0x80' or 'wait 2s'"

    mutating func steps(_ section: Section, _ key: String) -> [CommandStep]? {
        guard let node = required(section, key) else { return nil }
        return steps(node, key)
    }

    mutating func steps(_ node: DocumentNode, _ key: String) -> [CommandStep]? {
        let elements = elements(node)
        guard 1...Self.maximumSteps ~= elements.count else {
            diagnostics.error(
                node.place, "'\(key)' has \(elements.count) steps",
                "Give 1 to \(Self.maximumSteps): '[ register = value, wait 2s ]'")
            return nil
        }
        let steps = elements.compactMap { step($0) }
        return steps.count == elements.count ? steps : nil
    }

    private mutating func step(_ node: DocumentNode) -> CommandStep? {
        if case .mapping(let entries) = node.content {
            return entries.contains { $0.key == "until" } ? until(node) : condition(node)
        }
        guard let text = scalar(node, Self.expected) else { return nil }
        if text.hasPrefix("wait ") {
            let pause = DocumentNode(
                place: node.place, content: .scalar(String(text.dropFirst(5)).trimmingBlanks()))
            return duration(pause, in: Self.waitRange).map { .wait($0) }
        }
        if let (name, value) = ScalarSyntax.assignment(text) {
            return assignment(name, value, node.place).map { .write($0.register, $0.value) }
        }
        let words = text.split(separator: " ").map(String.init)
        guard words.count == 3, words[1] == "set" || words[1] == "clear" else {
            diagnostics.error(node.place, "'\(text)' is not \(Self.expected)", "")
            return nil
        }
        return modification(words, node.place)
    }

    /// `NAME = VALUE`, of a command or a heartbeat.
    mutating func assignment(
        _ name: String, _ value: String, _ place: Place
    ) -> (register: RegisterID, value: CommandValue)? {
        guard let id = reference(name, place) else { return nil }
        requireWritable(id, place)
        guard value != "limit" else {
            if draft(id).dimension != .power { require(.current, id, place) }
            writes.append(RecordedWrite(register: id, value: .limit, place: place))
            return (id, .limit)
        }
        guard !draft(id).isBroken else { return nil }
        let node = DocumentNode(place: place, content: .scalar(value))
        guard let raw = rawNumber(node, draft(id)) else { return nil }
        writes.append(RecordedWrite(register: id, value: .fixed(raw), place: place))
        return (id, .raw(raw))
    }

    /// `NAME set MASK` or `NAME clear MASK`: the register is read, changed and written.
    private mutating func modification(_ words: [String], _ place: Place) -> CommandStep? {
        guard let id = reference(words[0], place) else { return nil }
        requireWritable(id, place)
        guard !draft(id).isBroken else { return nil }
        let register = draft(id).register
        guard register.isReadable, [.u16, .u32, .u64].contains(register.type), register.count == 1
        else {
            diagnostics.error(
                place, "bits of '\(register.name)' cannot be changed",
                "It must be one unsigned whole number that can be read and written")
            return nil
        }
        let node = DocumentNode(place: place, content: .scalar(words[2]))
        guard let mask = rawNumber(node, draft(id)) else { return nil }
        guard mask != 0 else {
            diagnostics.error(place, "a mask has at least one bit", "")
            return nil
        }
        writes.append(RecordedWrite(register: id, value: .unknown, place: place))
        return words[1] == "set"
            ? .modify(id, set: mask, clear: 0) : .modify(id, set: 0, clear: mask)
    }

    // MARK: - Conditions

    /// `{ until: { register: value }, within: 10s }`.
    private mutating func until(_ node: DocumentNode) -> CommandStep? {
        guard let section = section(node, "an 'until' step", .until) else { return nil }
        let conditions = section["until"].map { self.conditions($0, .whenever) }
        let bound = duration(section, "within")
        guard let conditions, let bound else { return nil }
        return .waitUntil(conditions, within: bound)
    }

    /// `{ if: { register: value }, do: [ ... ] }`.
    private mutating func condition(_ node: DocumentNode) -> CommandStep? {
        guard let section = section(node, "an 'if' step", .when) else { return nil }
        let conditions = required(section, "if").map { self.conditions($0, .whenever) }
        let steps = steps(section, "do")
        guard let conditions, let steps else { return nil }
        if steps.contains(where: { if case .when = $0 { true } else { false } }) {
            diagnostics.error(
                section.place, "an 'if' stands inside another", "Write its conditions in one")
            return nil
        }
        return .when(conditions, steps)
    }
}

/// Something that a section writes, for checks over all sections.
struct RecordedWrite {
    var register: RegisterID
    var value: Value
    var place: Place

    enum Value: Hashable {
        /// Any limit of the range.
        case limit
        /// Any failsafe current.
        case failsafeCurrent
        case fixed(UInt64)
        /// Whatever the register holds with some bits changed.
        case unknown
    }
}
