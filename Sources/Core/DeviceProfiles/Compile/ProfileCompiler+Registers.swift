import ChargeModel

/// The section `registers`: one line for each.
extension ProfileCompiler {
    /// Words that mean something else where register names stand.
    private static let reservedNames = ["is", "limit", "wait"]

    mutating func readRegisters(_ file: Section) {
        guard let node = required(file, "registers"), let section = mapping(node, "'registers'")
        else { return }
        for entry in section.entries { readRegister(entry) }
        readGates()
    }

    private mutating func readRegister(_ entry: DocumentNode.Entry) {
        let errors = diagnostics.all.count
        var draft = RegisterDraft(register: Register(name: entry.key), place: entry.keyPlace)
        defer {
            draft.isBroken = diagnostics.all[errors...].contains { $0.severity == .error }
            registers.append(draft)
        }
        if !ScalarSyntax.isName(entry.key) || Self.reservedNames.contains(entry.key) {
            diagnostics.error(
                entry.keyPlace, "'\(entry.key)' is no register name",
                "Use lower-case letters, digits and hyphens, and no word of the language")
        }
        guard
            let section = section(entry.value, "register '\(entry.key)'", .register)
        else { return }
        readPlace(section, &draft)
        readAccess(section, &draft)
        readMeaning(section, &draft)
        readScale(section, &draft)
        readBits(section, &draft)
        readVersion(section, &draft)
        readNamedValues(section, &draft)
        readTable(section, &draft)
        readPresence(section, &draft)
        readConnector(section, &draft)
    }

    // MARK: - Where it is

    private mutating func readPlace(_ section: Section, _ draft: inout RegisterDraft) {
        if let address = whole(section, "at") {
            draft.register.address = UInt16(address)
        }
        draft.register.space = word(section, "space") ?? .holding
        if section["unit-id"] != nil,
            let unit = whole(section, "unit-id")
        {
            draft.register.unit = .fixed(UInt8(unit))
        }
        draft.register.type = type(section, draft.register.space) ?? .u16
        let width = draft.register.width
        readOrder(section, &draft)
        draft.register.count = whole(section, "count") ?? 1
        draft.register.stride =
            section["stride"].flatMap { whole($0, in: width...1000) } ?? width
        if let node = section["stride"], draft.register.count == 1 {
            diagnostics.error(
                node.place, "\(section.name) has one value and a stride",
                "Remove 'stride', or say how many values there are with 'count'")
        }
        readPhases(section, &draft)
        let last = Int(draft.register.address) + (draft.register.count - 1) * draft.register.stride
        if last + width - 1 > 65535 {
            diagnostics.error(
                section["at"]?.place ?? section.place,
                "\(section.name) reaches to address \(last + width - 1)",
                "Addresses end at 65535; they count from 0 and carry no 4xxxx prefix")
        }
    }

    // MARK: - How it is used

    private mutating func readAccess(_ section: Section, _ draft: inout RegisterDraft) {
        draft.register.isReadable = truth(section, "read") ?? true
        let standard: PollClass = draft.register.isReadable ? .fast : .never
        draft.register.poll = word(section, "poll", otherwise: standard) ?? standard
        if let node = section["poll"], !draft.register.isReadable {
            diagnostics.error(
                node.place, "\(section.name) cannot be read and has a poll class",
                "Remove 'poll' or 'read: no'")
        }
        if let node = section["write"] {
            draft.register.write = word(node, "'write'")
            checkWrite(node, section, draft.register)
        } else if !draft.register.isReadable {
            diagnostics.error(
                draft.place, "\(section.name) can be neither read nor written",
                "Say how it is written: 'write: single' (function 6) or 'write: multiple' (16)")
        }
        if let node = section["persistence"] {
            draft.register.persistence = word(node, "'persistence'") ?? .unknown
            if draft.register.write == nil {
                diagnostics.error(
                    node.place, "\(section.name) is never written and has a persistence",
                    "Remove 'persistence', or say how it is written")
            }
        }
        readBudget(section, &draft)
    }

    /// Flash memory of 100,000 cycles lasts for years at this rate.
    private static let retentiveWritesPerDay = 100

    private mutating func readBudget(_ section: Section, _ draft: inout RegisterDraft) {
        if draft.register.persistence == .retentive {
            draft.register.writesPerDay = Self.retentiveWritesPerDay
        }
        guard let node = section["writes-per-day"] else { return }
        if draft.register.write == nil {
            diagnostics.error(
                node.place, "\(section.name) is never written and has a budget of writes",
                "Remove 'writes-per-day', or say how it is written")
        }
        draft.register.writesPerDay = whole(section, "writes-per-day")
    }

    private mutating func checkWrite(
        _ node: DocumentNode, _ section: Section, _ register: Register
    ) {
        if register.write == .single, register.width > 1 {
            diagnostics.error(
                node.place,
                "\(section.name) takes \(register.width) registers and function 6 writes one",
                "Use 'write: multiple'")
        }
        if register.space == .input || register.space == .discrete {
            diagnostics.error(
                node.place, "\(section.name) is an input, which nothing writes",
                "Use 'space: \(register.space == .input ? "holding" : "coil")', or remove 'write'")
        }
        if register.space == .coil, register.write == .multiple {
            diagnostics.error(
                node.place, "function 16 writes no coils",
                "Use 'write: single', which is function 5 for a coil")
        }
        if register.count > 1 || register.type.isText || section["bits"] != nil {
            diagnostics.error(
                node.place, "\(section.name) is an array, a text or a slice and has 'write'",
                "Only single whole numbers and floats can be written")
        }
    }
}

extension Register {
    /// The stand-in that a file's entry fills in.
    fileprivate init(name: String) {
        self.init(
            name: name, quantity: nil, unit: .charger, space: .holding, isReadable: true,
            address: 0, type: .u16, wordOrder: .highFirst, count: 1, stride: 1,
            scale: RegisterScale(), bits: nil, invalid: [], names: [], poll: .fast, write: nil,
            persistence: .unknown)
    }
}
