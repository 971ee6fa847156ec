import ChargeModel
import DeviceProfiles

/// Knows which blocks of a read plan there are on this unit: those behind conditions once these are
/// known to hold, and those of optional registers until they turn out not to be there.
///
/// ```
/// block            event                              then
/// gated            its registers read, all hold       readable, or probed if it is optional
/// gated            its registers read, one does not   missing
/// optional         answered                           readable
/// optional         permanent exception                missing
/// optional, there  permanent exception, twice         missing
/// optional         no answer, twice                   missing
/// any              new contact                        as in the beginning
/// ```
/// A device that refuses everything tells nothing of what it has: an exception counts when something else
/// was answered, since the contact began or since the one before.
///
/// A link that is lost right after an optional block was refused, or over its silence, was lost by
/// asking: a timeout closes a link, and some wallboxes close it after an exception. The contact after
/// that is no reason to ask again, or it would be lost again; what was learnt is kept.
struct BlockPresence: Hashable, Codable, Sendable {
    private var blocks: [Block]
    private let hasGates: Bool
    private let hasOptional: Bool
    /// The optional block that was asked last and got no value, while nothing was answered since.
    private var suspect: Int?

    /// Whether something was answered since the contact began, and since the first exception to an
    /// optional block that had been there.
    private var isAnswering = false

    /// How often no answer to an optional block may be a loss on the wire.
    private static let silencesToJudge = 2
    /// How often an exception to a block that was there may be due to something else.
    private static let refusalsToJudge = 2

    private struct Block: Hashable, Codable, Sendable {
        let gate: [RegisterCondition]
        let isOptional: Bool
        let registers: [RegisterID]
        /// Whether this contact has told what its registers hold.
        var isRead = false
        var isOpen: Bool
        var isAnswered = false
        var isAbsent = false
        var silences = 0
        var refusals = 0
    }

    init(_ profile: DeviceProfile) {
        blocks = profile.readPlan.map { block in
            let registers = block.entries.map(\.register)
            // The read plan mixes neither conditions nor optional registers.
            let first = registers.first.map { profile[$0] }
            let gate = first?.gate ?? []
            return Block(
                gate: gate, isOptional: first?.isOptional ?? false, registers: registers,
                isOpen: gate.isEmpty)
        }
        hasGates = blocks.contains { !$0.gate.isEmpty }
        hasOptional = blocks.contains(where: \.isOptional)
    }

    // MARK: - What is there

    func isReadable(_ block: Int) -> Bool { blocks[block].isOpen && !blocks[block].isAbsent }

    /// Whether asking may cost the link: such blocks come last.
    func isProbe(_ block: Int) -> Bool { blocks[block].isOptional && !blocks[block].isAnswered }

    /// Whether it tells what else is there.
    func isDeciding(_ block: Int) -> Bool {
        let registers = blocks[block].registers
        return blocks.contains { $0.gate.contains { registers.contains($0.register) } }
    }

    /// The registers that are not there, as far as this contact can tell.
    var missing: [RegisterID] {
        guard hasGates || hasOptional else { return [] }
        return blocks.indices.filter { !isReadable($0) }.flatMap { blocks[$0].registers }
    }

    // MARK: - What happened

    /// A block was read.
    mutating func answered(_ block: Int, _ values: RegisterValues) {
        suspect = nil
        isAnswering = true
        blocks[block].isAnswered = true
        blocks[block].silences = 0
        blocks[block].refusals = 0
        settle(block, values)
    }

    /// A block was refused: for good if there is no such register.
    mutating func refused(_ block: Int, isPermanent: Bool, _ values: RegisterValues) {
        suspect = nil
        if blocks[block].isOptional, isPermanent, isAnswering {
            blocks[block].refusals += 1
            let needed = blocks[block].isAnswered ? Self.refusalsToJudge : 1
            blocks[block].isAbsent = blocks[block].refusals >= needed
            isAnswering = blocks[block].isAbsent
            suspect = block
        }
        settle(block, values)
    }

    /// Something else than a read was answered.
    mutating func otherwiseAnswered() {
        suspect = nil
    }

    /// A block was not answered.
    mutating func silent(_ block: Int) {
        guard blocks[block].isOptional, !blocks[block].isAnswered else { return }
        blocks[block].silences += 1
        blocks[block].isAbsent = blocks[block].silences >= Self.silencesToJudge
        suspect = block
    }

    /// The link was lost, or another device answers.
    mutating func restart(isAnotherDevice: Bool) {
        let keepsAbsent = suspect != nil && !isAnotherDevice
        suspect = nil
        isAnswering = false
        for index in blocks.indices {
            blocks[index].isRead = false
            blocks[index].isOpen = blocks[index].gate.isEmpty
            blocks[index].isAnswered = false
            if !keepsAbsent {
                blocks[index].isAbsent = false
                blocks[index].silences = 0
                blocks[index].refusals = 0
            }
        }
    }

    /// Opens what waited for these registers.
    private mutating func settle(_ block: Int, _ values: RegisterValues) {
        blocks[block].isRead = true
        guard hasGates else { return }
        for index in blocks.indices where !blocks[index].gate.isEmpty {
            blocks[index].isOpen = blocks[index].gate.allSatisfy { condition in
                guard isKnown(condition.register), let value = values[condition.register] else {
                    return false
                }
                return condition.test.holds(value)
            }
        }
    }

    private func isKnown(_ register: RegisterID) -> Bool {
        blocks.contains { $0.isRead && $0.registers.contains(register) }
    }
}
