import Modbus

/// Joins registers to as few reads as the link bears.
///
/// A block never mixes unit ids, spaces, poll classes or gates, never exceeds the longest block, never
/// covers more unused registers between two values than the link allows, never crosses a barrier, and
/// never splits a value. An optional register is read alone: its refusal says nothing of others. What
/// cannot be read or is never polled is in no block.
enum ReadPlanner {
    static func plan(_ registers: [Register], _ link: LinkTraits) -> [ReadBlock] {
        let gates = distinctGates(registers)
        let items = items(registers, gates)
            .sorted { $0.order.lexicographicallyPrecedes($1.order) }
        var blocks: [ReadBlock] = []
        var party: ReadItem.Party?
        for item in items {
            if party == item.party, let last = blocks.last, let joined = last.joining(item, link) {
                blocks[blocks.count - 1] = joined
            } else {
                blocks.append(item.block)
            }
            party = item.party
        }
        return blocks
    }

    /// In the order of the file; what is always there comes first.
    private static func distinctGates(_ registers: [Register]) -> [[RegisterCondition]] {
        registers.map(\.gate).reduce(into: [[]]) { gates, gate in
            if !gates.contains(gate) { gates.append(gate) }
        }
    }

    private static func items(
        _ registers: [Register], _ gates: [[RegisterCondition]]
    ) -> [ReadItem] {
        var items: [ReadItem] = []
        for (index, register) in registers.enumerated()
        where register.isReadable && register.poll != .never {
            for element in 0..<register.count {
                items.append(
                    ReadItem(
                        id: RegisterID(index), register: register, element: element,
                        gate: gates.firstIndex(of: register.gate) ?? 0))
            }
        }
        return items
    }
}

/// One element of one register.
private struct ReadItem {
    var id: RegisterID
    var register: Register
    var element: Int
    /// Which of the gates of the profile it has.
    var gate: Int

    /// What may be read together; what is optional, with itself only.
    var party: Party {
        Party(gate: register.gate, optional: register.isOptional ? id : nil)
    }

    struct Party: Hashable {
        var gate: [RegisterCondition]
        var optional: RegisterID?
    }

    var address: Int { Int(register.address(ofElement: element)) }

    /// What is needed most often comes first; the charger's own registers before common ones.
    var order: [Int] {
        let poll =
            switch register.poll {
            case .fast: 0
            case .slow: 1
            case .once: 2
            case .never: 3
            }
        let unit =
            switch register.unit {
            case .charger: -1
            case .fixed(let unit): Int(unit)
            }
        let space =
            switch register.space {
            case .holding: 0
            case .input: 1
            case .coil: 2
            case .discrete: 3
            }
        let optional = register.isOptional ? id.rawValue + 1 : 0
        return [poll, unit, space, gate, optional, address, id.rawValue]
    }

    var block: ReadBlock {
        ReadBlock(
            unit: register.unit, space: register.space, address: UInt16(address),
            count: UInt16(register.width), poll: register.poll,
            entries: [ReadBlock.Entry(register: id, element: element, offset: 0)])
    }
}

extension ReadBlock {
    /// The block with one more value, if it may be read together.
    fileprivate func joining(_ item: ReadItem, _ link: LinkTraits) -> ReadBlock? {
        let register = item.register
        guard unit == register.unit, space == register.space, poll == register.poll else {
            return nil
        }
        let offset = item.address - Int(address)
        let length = max(Int(count), offset + register.width)
        // Slices of the same registers are one value on the wire.
        let isSameSpan = offset == 0 && register.width == Int(count)
        if !isSameSpan {
            guard let gap = link.maximumGap, offset - Int(count) <= gap,
                length <= link.maximumBlock, !link.hasBarrier(from: Int(address), length: length)
            else { return nil }
        }
        var joined = self
        joined.count = UInt16(length)
        joined.entries.append(Entry(register: item.id, element: item.element, offset: offset))
        return joined
    }
}

extension LinkTraits {
    /// Whether a read would begin below a barrier and reach it.
    fileprivate func hasBarrier(from address: Int, length: Int) -> Bool {
        barriers.contains { address < Int($0) && Int($0) < address + length }
    }
}
