import ChargeModel

/// The section `derived`: values that no register tells. It may be missing.
extension ProfileCompiler {
    mutating func derived(_ file: Section) -> [DerivedValue] {
        guard let node = file["derived"], let section = mapping(node, "'derived'") else {
            return []
        }
        return section.entries.flatMap { derivedValues($0) }
    }

    /// A formula, or a list of them: the first that has its values counts.
    private mutating func derivedValues(_ entry: DocumentNode.Entry) -> [DerivedValue] {
        let names = MeasuredQuantity.allCases.filter(\.isDerivable).map(\.rawValue)
        guard let quantity = MeasuredQuantity(rawValue: entry.key), quantity.isDerivable else {
            diagnostics.error(
                entry.keyPlace, "'\(entry.key)' cannot be derived",
                Spelling.suggestion(for: entry.key, among: names))
            return []
        }
        return elements(entry.value).compactMap { derivedValue($0, quantity) }
    }

    private mutating func derivedValue(
        _ node: DocumentNode, _ quantity: MeasuredQuantity
    ) -> DerivedValue? {
        guard
            let section = section(node, "the formula of \(quantity.rawValue)", .formula)
        else { return nil }
        switch (section["sum"], section["product"]) {
        case (let node?, nil): return sum(node, quantity)
        case (nil, let node?): return product(node, quantity)
        default:
            diagnostics.error(
                section.place, "\(section.name) is one of 'sum' and 'product'",
                "Write '{ sum: powers }' or '{ product: [currents, voltages] }'")
            return nil
        }
    }

    private mutating func sum(_ node: DocumentNode, _ quantity: MeasuredQuantity) -> DerivedValue? {
        guard let id = readable(node), let dimension = quantity.dimensions.first else { return nil }
        require(dimension, id, node.place)
        if draft(id).register.count == 1, !draft(id).isBroken {
            diagnostics.error(
                node.place, "'\(draft(id).register.name)' has one value and nothing to add",
                "Give it 'count', or say with 'is:' what it measures")
        }
        return DerivedValue(quantity: quantity, formula: .sum(id))
    }

    /// `[currents, voltages]` or `[currents, 230V]`.
    private mutating func product(
        _ node: DocumentNode, _ quantity: MeasuredQuantity
    ) -> DerivedValue? {
        let factors = elements(node)
        guard factors.count == 2, quantity == .power else {
            diagnostics.error(
                node.place, "a product is the power of currents and voltages",
                "Write 'power: { product: [currents, voltages] }' or '[currents, 230V]'")
            return nil
        }
        guard let currents = readable(factors[0]) else { return nil }
        require(.current, currents, factors[0].place)
        if case .scalar(let text) = factors[1].content,
            let voltage = ScalarSyntax.quantity(text, .voltage)
        {
            guard 100_000...480_000 ~= voltage else {
                diagnostics.error(
                    factors[1].place, "'\(text)' is no voltage of a phase",
                    "It is 230V in most of the world")
                return nil
            }
            return DerivedValue(
                quantity: quantity,
                formula: .nominal(currents: currents, voltage: Millivolts(voltage)))
        }
        guard let voltages = readable(factors[1]) else { return nil }
        require(.voltage, voltages, factors[1].place)
        let counts = [currents, voltages].map { draft($0).register.count }
        if counts[0] != counts[1], !draft(currents).isBroken, !draft(voltages).isBroken {
            diagnostics.error(
                node.place, "there are \(counts[0]) currents and \(counts[1]) voltages",
                "Both have one value for each phase")
        }
        return DerivedValue(
            quantity: quantity, formula: .product(currents: currents, voltages: voltages))
    }
}

extension MeasuredQuantity {
    /// Whether it can be computed from others.
    fileprivate var isDerivable: Bool {
        self == .power || self == .energyTotal || self == .energySession
    }
}
