import ChargeModel

/// How the current of one fuse is shared, at one moment: a pure function of who needs what.
///
/// Equal shares first, and what one cannot use goes to the others (max-min fairness, per phase). Nobody
/// gets less than its minimum but 0: where not all can have it, those who come first in the list do.
package enum ShareRule {
    /// One charger, in the order of precedence.
    package struct Entry: Hashable, Sendable {
        package var phases: PhaseSet
        package var minimum: Milliamperes
        package var step: Milliamperes
        /// The most that it can use.
        package var cap: Milliamperes
        /// What it may take whatever its share is: kept free for it.
        package var reserved: Milliamperes
        package var role: Role

        package init(
            phases: PhaseSet, minimum: Milliamperes, step: Milliamperes = Milliamperes(1),
            cap: Milliamperes, reserved: Milliamperes = .zero, role: Role
        ) {
            self.phases = phases
            self.minimum = minimum
            self.step = step
            self.cap = cap
            self.reserved = reserved
            self.role = role
        }
    }

    package enum Role: Hashable, Sendable {
        /// Has a place.
        case runs
        /// Waits for one: whoever waits behind it and needs one of its phases does not pass it.
        case waits
        /// Gets its minimum if nobody else can use it.
        case spare
        /// Gets nothing; what is reserved for it counts.
        case none
    }

    /// - Returns: A share for each entry: 0, or from its minimum to its cap, in steps.
    package static func shares(of entries: [Entry], fuse: Milliamperes) -> [Milliamperes] {
        let empty = Load(entries, fuse: fuse)
        var shares = fill(entries, admitted(entries, to: empty), fuse: fuse)
        var load = empty
        for (entry, share) in zip(entries, shares) { load.add(entry, upTo: share) }
        for (index, entry) in entries.enumerated()
        where entry.role == .spare && entry.cap >= entry.minimum {
            guard load.fits(entry, upTo: entry.minimum) else { continue }
            load.add(entry, upTo: entry.minimum)
            shares[index] = entry.minimum
        }
        return zip(entries, shares).map { entry, share in
            let step = entry.step.rawValue
            let rounded = Milliamperes(share.rawValue / step * step)
            return rounded >= entry.minimum ? rounded : .zero
        }
    }

    // MARK: - Places

    /// Who gets at least its minimum.
    private static func admitted(_ entries: [Entry], to empty: Load) -> [Int] {
        var load = empty
        var admitted: [Int] = []
        var closed: PhaseSet = []
        for (index, entry) in entries.enumerated() where entry.cap >= entry.minimum {
            switch entry.role {
            case .spare, .none: continue
            case .waits where !closed.isDisjoint(with: entry.phases): continue
            case .runs, .waits: break
            }
            if load.fits(entry, upTo: entry.minimum) {
                load.add(entry, upTo: entry.minimum)
                admitted.append(index)
            } else if entry.role == .waits, empty.fits(entry, upTo: entry.minimum) {
                closed.formUnion(entry.phases)
            }
        }
        return admitted
    }

    // MARK: - Amounts

    /// Raises the shares of all who have a place alike, until each has what it can use or a phase is
    /// full.
    private static func fill(
        _ entries: [Entry], _ admitted: [Int], fuse: Milliamperes
    ) -> [Milliamperes] {
        var shares = Array(repeating: Milliamperes.zero, count: entries.count)
        for index in admitted { shares[index] = entries[index].minimum }
        var rising = admitted
        // Every round settles one at least.
        while !rising.isEmpty {
            let others = load(of: entries, shares, without: rising, fuse: fuse)
            let level = highestLevel(of: rising, entries, beside: others)
            for index in rising { shares[index] = entries[index].share(at: level) }
            let next = Milliamperes(level.rawValue + 1)
            let full = others.adding(rising, of: entries, at: next).exceeded
            rising.removeAll { index in
                entries[index].cap <= level || !full.isDisjoint(with: entries[index].phases)
            }
        }
        return shares
    }

    /// The highest level at which none of their phases is overloaded; at the lowest none is, by
    /// admission.
    private static func highestLevel(
        of rising: [Int], _ entries: [Entry], beside others: Load
    ) -> Milliamperes {
        let phases = rising.reduce(into: PhaseSet()) { $0.formUnion(entries[$1].phases) }
        var fits = 0
        var exceeds = (rising.map { entries[$0].cap.rawValue }.max() ?? 0) + 1
        while exceeds - fits > 1 {
            let middle = (fits + exceeds) / 2
            let load = others.adding(rising, of: entries, at: Milliamperes(middle))
            if load.exceeded.isDisjoint(with: phases) { fits = middle } else { exceeds = middle }
        }
        return Milliamperes(fits)
    }

    private static func load(
        of entries: [Entry], _ shares: [Milliamperes], without rising: [Int], fuse: Milliamperes
    ) -> Load {
        var load = Load(entries, fuse: fuse)
        var isRising = Array(repeating: false, count: entries.count)
        for index in rising { isRising[index] = true }
        for (index, entry) in entries.enumerated() where !isRising[index] {
            load.add(entry, upTo: shares[index])
        }
        return load
    }
}

extension ShareRule.Entry {
    fileprivate func share(at level: Milliamperes) -> Milliamperes {
        min(cap, max(minimum, level))
    }
}

/// What the phases of a fuse carry.
private struct Load {
    private var l1 = 0
    private var l2 = 0
    private var l3 = 0
    private let fuse: Int

    /// With what is reserved for each.
    init(_ entries: [ShareRule.Entry], fuse: Milliamperes) {
        self.fuse = fuse.rawValue
        for entry in entries { add(entry.reserved.rawValue, on: entry.phases) }
    }

    private mutating func add(_ current: Int, on phases: PhaseSet) {
        if phases.rawValue & PhaseSet.l1.rawValue != 0 { l1 += current }
        if phases.rawValue & PhaseSet.l2.rawValue != 0 { l2 += current }
        if phases.rawValue & PhaseSet.l3.rawValue != 0 { l3 += current }
    }

    /// - Precondition: Each entry is added once.
    mutating func add(_ entry: ShareRule.Entry, upTo share: Milliamperes) {
        add(max(0, share.rawValue - entry.reserved.rawValue), on: entry.phases)
    }

    /// With those who rise, as they are at a level.
    func adding(
        _ rising: [Int], of entries: [ShareRule.Entry], at level: Milliamperes
    ) -> Load {
        var load = self
        for index in rising { load.add(entries[index], upTo: entries[index].share(at: level)) }
        return load
    }

    func fits(_ entry: ShareRule.Entry, upTo share: Milliamperes) -> Bool {
        var load = self
        load.add(entry, upTo: share)
        return load.exceeded.isDisjoint(with: entry.phases)
    }

    var exceeded: PhaseSet {
        var exceeded: PhaseSet = []
        if l1 > fuse { exceeded.insert(.l1) }
        if l2 > fuse { exceeded.insert(.l2) }
        if l3 > fuse { exceeded.insert(.l3) }
        return exceeded
    }
}
