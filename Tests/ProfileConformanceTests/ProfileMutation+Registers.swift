import ChargeModel
import DeviceProfiles

extension ProfileMutation {
    static func registers(_ profile: DeviceProfile) -> [ProfileMutation] {
        profile.registers.indices.flatMap { index in
            alterations(of: profile.registers[index]).map { what, register in
                ProfileMutation("\(what) of \(register.name)", profile) {
                    $0.registers[index] = register
                }
            }
        }
    }

    /// One after another, all that the words of a register depend on.
    private static func alterations(of register: Register) -> [(String, Register)] {
        var all: [(String, Register)] = []
        func add(_ what: String, _ alter: (inout Register) -> Void) {
            var copy = register
            alter(&copy)
            if copy != register { all.append((what, copy)) }
        }
        add("address") { $0.address += 1 }
        add("unit id") { $0.unit = .fixed(99) }
        add("sentinels") { $0.invalid = [] }
        if register.write != nil, register.space == .holding {
            add("function") {
                $0.write = $0.write == .multiple && $0.width == 1 ? .single : .multiple
            }
        }
        if register.isReadable, register.write == nil { add("space") { $0.space.swap() } }
        add("type") { $0.type.swap(isWritten: register.write != nil) }
        addOrders(register, add)
        addMeaning(register, add)
        if register.connectorStride != 0 { add("connector stride") { $0.connectorStride += 1 } }
        if register.connectorShift != 0 { add("connector shift") { $0.connectorShift -= 1 } }
        return all
    }

    private typealias Add = (String, (inout Register) -> Void) -> Void

    private static func addOrders(_ register: Register, _ add: Add) {
        if register.count > 1 {
            add("stride") { $0.stride += 1 }
            add("order of the phases") {
                let order = $0.phaseOrder.isEmpty ? Array(0..<$0.count) : $0.phaseOrder
                $0.phaseOrder = Array(order.reversed())
            }
        }
        if register.width > 1, !register.type.isText {
            add("order") { $0.wordOrder = $0.wordOrder == .highFirst ? .lowFirst : .highFirst }
        }
        // What is only written may be the same both ways, as 0x5A5A is.
        if register.type != .bit, register.bits == nil, register.isReadable {
            add("byte order") { $0.byteOrder = $0.byteOrder == .highFirst ? .lowFirst : .highFirst }
        }
    }

    private static func addMeaning(_ register: Register, _ add: Add) {
        if register.quantity != nil, !register.type.isText, register.type != .bit,
            register.table.isEmpty, register.version == nil, register.names.isEmpty,
            register.write == nil
        {
            add("scale") { $0.scale.numerator *= 10 }
        }
        for index in register.table.indices {
            add("table") { $0.table[index].canonical += 1 }
        }
        if register.version == .bytes { add("version") { $0.version = .decimal } }
        if register.version == .decimal { add("version") { $0.version = .bytes } }
        if !register.gate.isEmpty {
            add("gate") { $0.gate = [] }
            add("gate") { $0.gate[0].test = .oneOf([]) }
        }
        if let bits = register.bits, bits.shift > 0 {
            add("bits") { $0.bits = BitSlice(mask: bits.mask >> 1, shift: bits.shift - 1) }
        }
        // The names of a write-only register are gone after compiling; its commands are altered.
        for index in register.names.indices where register.isReadable {
            if case .number = register.names[index].raw {
                add("value") { $0.names[index].raw = .number(0x77) }
            } else {
                add("value") { $0.names[index].raw = .text("\u{7F}") }
            }
        }
    }
}

extension RegisterSpace {
    fileprivate mutating func swap() {
        switch self {
        case .holding: self = .input
        case .input: self = .holding
        case .coil: self = .discrete
        case .discrete: self = .coil
        }
    }
}

extension RegisterType {
    /// Another type; one that holds what is written all the same.
    fileprivate mutating func swap(isWritten: Bool) {
        switch self {
        case .f32: self = .u32
        case .f64: self = .u64
        case .u16, .s16: if !isWritten { self = .u32 }
        case .u32, .s32: if !isWritten { self = .u16 }
        case .u64, .s64: if !isWritten { self = .u32 }
        case .text(let registers, let encoding):
            self = .text(registers: registers + 1, encoding: encoding)
        case .bit: break
        }
    }
}
