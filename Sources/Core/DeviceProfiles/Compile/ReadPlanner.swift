import Modbus

/// Joins registers to as few reads as the link bears.
///
/// A block never mixes unit ids, spaces or poll classes, never exceeds the longest block, never
/// covers more unused registers between two values than the link allows, and never splits a value.
/// What cannot be read or is never polled is in no block.
enum ReadPlanner {
    static func plan(_ registers: [Register], _ link: LinkTraits) -> [ReadBlock] {
        let items = items(registers).sorted { $0.order.lexicographicallyPrecedes($1.order) }
        var blocks: [ReadBlock] = []
        for item in items {
            if let last = blocks.last, let joined = last.joining(item, link) {
                blocks[blocks.count - 1] = joined
            } else {
                blocks.append(item.block)
            }
        }
        return blocks
    }

    private static func items(_ registers: [Register]) -> [ReadItem] {
        var items: [ReadItem] = []
        for (index, register) in registers.enumerated()
        where register.isReadable && register.poll != .never {
            for element in 0..<register.count {
                items.append(
                    ReadItem(id: RegisterID(index), register: register, element: element))
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
        return [poll, unit, register.space == .holding ? 0 : 1, address, id.rawValue]
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
                length <= link.maximumBlock
            else { return nil }
        }
        var joined = self
        joined.count = UInt16(length)
        joined.entries.append(Entry(register: item.id, element: item.element, offset: offset))
        return joined
    }
}
