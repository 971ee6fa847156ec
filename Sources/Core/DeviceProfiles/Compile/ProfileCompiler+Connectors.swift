import ChargeModel

/// The section `connectors` as it is read.
struct ConnectorDraft {
    var traits: ConnectorTraits
    /// How far registers move that do not say it themselves.
    var stride: Int
    var place: Place
}

/// Stations with several connectors: what tells them apart.
extension ProfileCompiler {
    /// `{ count: 2, ports: [502, 503], unit-ids: [1, 2], stride: 0x100 }`.
    mutating func readConnectors(_ file: Section) {
        guard let node = file["connectors"],
            let section = section(node, "'connectors'", .connectors)
        else { return }
        let count = whole(section, "count")
        let stride = whole(section, "stride", otherwise: 0)
        guard let count, let stride else { return }
        let ports = numbers(section, "ports", in: 1...65535, count)
        let units = numbers(section, "unit-ids", in: 0...255, count)
        connectors = ConnectorDraft(
            traits: ConnectorTraits(
                count: count, units: units.map { UInt8($0) }, ports: ports.map { UInt16($0) }),
            stride: stride, place: node.place)
    }

    private mutating func numbers(
        _ section: Section, _ key: String, in range: ClosedRange<Int>, _ count: Int
    ) -> [Int] {
        guard let node = section[key] else { return [] }
        let numbers = elements(node).compactMap { element in
            value(element, "a whole number from \(range.lowerBound) to \(range.upperBound)") {
                ScalarSyntax.whole($0).flatMap { Int(exactly: $0) }
                    .flatMap { range ~= $0 ? $0 : nil }
            }
        }
        guard numbers.count != count else { return numbers }
        diagnostics.error(
            node.place, "there are \(count) connectors and \(numbers.count) '\(key)'",
            "Give one for each connector, in their order")
        return []
    }

    // MARK: - Registers

    mutating func readConnector(_ section: Section, _ draft: inout RegisterDraft) {
        let keys = ["connector", "connector-stride", "connector-shift"]
        guard let connectors else {
            for key in keys {
                guard let node = section[key] else { continue }
                diagnostics.error(
                    node.place, "\(section.name) has '\(key)', and there is one connector",
                    "Say how many there are: 'connectors: { count: 2 }'")
            }
            return
        }
        let given = keys.filter { section[$0] != nil }
        if given.count > 1 {
            diagnostics.error(
                section[given[1]]?.place ?? section.place,
                "\(section.name) has both '\(given[0])' and '\(given[1])'", "Keep one")
        }
        if let node = section["connector"] {
            _ = value(node, "'shared'") { $0 == "shared" ? true : nil }
        } else if section["connector-shift"] != nil {
            readShift(section, &draft, connectors)
        } else {
            // What has a unit id of its own belongs to the station.
            let standard = section["unit-id"] == nil ? connectors.stride : 0
            draft.register.connectorStride =
                whole(section, "connector-stride", otherwise: standard) ?? 0
            checkStride(section, draft.register, connectors)
        }
    }

    private mutating func readShift(
        _ section: Section, _ draft: inout RegisterDraft, _ connectors: ConnectorDraft
    ) {
        guard let shift = whole(section, "connector-shift") else {
            return
        }
        draft.register.connectorShift = shift
        let place = section["connector-shift"]?.place ?? section.place
        guard let bits = draft.register.bits else {
            diagnostics.error(
                place, "\(section.name) has no bits that could move",
                "Give the bits of the first connector with 'bits'")
            return
        }
        let highest = 63 - bits.mask.leadingZeroBitCount + shift * (connectors.traits.count - 1)
        if highest >= draft.register.width * 16 {
            diagnostics.error(
                place, "the bits of connector \(connectors.traits.count) are beyond the type",
                "The highest would be bit \(highest): check 'bits', 'type' and the shift")
        }
    }

    private mutating func checkStride(
        _ section: Section, _ register: Register, _ connectors: ConnectorDraft
    ) {
        let place = section["connector-stride"]?.place ?? draftPlace(section)
        let furthest = register.connectorStride * (connectors.traits.count - 1)
        let first = Int(register.address) + furthest
        let last = first + (register.count - 1) * register.stride + register.width - 1
        if first < 0 || last > 65535 {
            diagnostics.error(
                place, "connector \(connectors.traits.count) of \(section.name) is at \(first)",
                "Addresses are 0 to 65535: check the stride and the address")
        }
    }

    private func draftPlace(_ section: Section) -> Place { section["at"]?.place ?? section.place }

    // MARK: - All together

    /// The connectors differ in something, and the map of each is free of overlaps.
    mutating func checkConnectors() {
        guard let connectors else { return }
        let isTold =
            !connectors.traits.units.isEmpty || !connectors.traits.ports.isEmpty
            || registers.contains {
                $0.register.connectorStride != 0 || $0.register.connectorShift != 0
            }
        if !isTold {
            diagnostics.error(
                connectors.place, "nothing tells the connectors apart",
                "Give 'stride', 'unit-ids' or 'ports', or registers a 'connector-stride'")
        }
        for draft in registers where !draft.isBroken && draft.register.connectorShift == 0 {
            let other = draft.register.moved(to: 2)
            guard draft.register.address != other.address, draft.register.overlaps(other) else {
                continue
            }
            diagnostics.error(
                draft.place, "the connectors overlap in '\(draft.register.name)'",
                "Registers from one connector to the next are at least as many as its value takes")
        }
        guard !diagnostics.hasErrors else { return }
        for connector in 2...connectors.traits.count {
            let moved = registers.map { draft in
                var draft = draft
                draft.register = draft.register.moved(to: connector)
                return draft
            }
            checkOverlaps(moved, "of connector \(connector): ")
        }
    }
}
