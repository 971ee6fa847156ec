import ChargeModel

/// Wallboxes that are set in watts: the keys `nominal-voltage` and `bands` of `control`.
extension ProfileCompiler {
    private static let maximumBands = 8
    /// 100 V in Japan to 300 V, above which a milliampere on three phases is more than a watt and
    /// limits could not be told apart.
    private static let voltageRange = Millivolts(100_000)...Millivolts(300_000)

    /// In the unit of the register that takes limits.
    mutating func domain(
        _ control: Section, _ dimension: Dimension, _ electrical: ElectricalTraits?
    ) -> SetpointDomain? {
        guard dimension == .power else {
            for key in ["nominal-voltage", "bands"] {
                guard let node = control[key] else { continue }
                diagnostics.error(
                    node.place, "'\(key)' is for limits in watts, and these are in amperes",
                    "Remove '\(key)', or give the setpoint a unit of power")
            }
            return .current
        }
        let voltage = nominalVoltage(control)
        let bands = control["bands"].map { self.bands($0, electrical) } ?? []
        guard let voltage, let bands else { return nil }
        return .power(nominalVoltage: voltage, bands: bands)
    }

    private mutating func nominalVoltage(_ control: Section) -> Millivolts? {
        guard let node = control["nominal-voltage"] else {
            diagnostics.error(
                control.place, "limits are in watts and there is no 'nominal-voltage'",
                "Say at which voltage the wallbox makes amperes of watts: 'nominal-voltage: 230V'")
            return nil
        }
        return value(node, "a voltage from 100V to 300V, such as 230V") {
            ScalarSyntax.quantity($0, .voltage).map { Millivolts($0) }
                .flatMap { Self.voltageRange ~= $0 ? $0 : nil }
        }
    }

    /// `[ { from: 1380W, to: 4190W, phases: 1 }, ... ]`.
    private mutating func bands(
        _ node: DocumentNode, _ electrical: ElectricalTraits?
    ) -> [PowerBand]? {
        let elements = elements(node)
        guard 1...Self.maximumBands ~= elements.count else {
            diagnostics.error(
                node.place, "'bands' has \(elements.count) bands",
                "Give 1 to \(Self.maximumBands): '- { from: 1380W, to: 4190W, phases: 1 }'")
            return nil
        }
        var bands: [PowerBand] = []
        for element in elements {
            guard let band = band(element, electrical) else { continue }
            if bands.contains(where: { $0.watts.overlaps(band.watts) }) {
                diagnostics.error(
                    element.place, "this band overlaps another",
                    "One power means one number of phases: correct 'from' and 'to'")
            }
            bands.append(band)
        }
        return bands.count == elements.count ? bands : nil
    }

    private mutating func band(
        _ node: DocumentNode, _ electrical: ElectricalTraits?
    ) -> PowerBand? {
        guard let section = section(node, "a band", .band) else { return nil }
        let from = power(section, "from")
        let to = power(section, "to")
        let phases = required(section, "phases").flatMap {
            value($0, "1 or 3, the phases that the wallbox charges with") { ["1": 1, "3": 3][$0] }
        }
        guard let from, let to, let phases else { return nil }
        guard from <= to else {
            diagnostics.error(section.place, "'from' is greater than 'to'", "Swap them")
            return nil
        }
        if let electrical, phases > electrical.phases {
            diagnostics.error(
                section.place, "this band has 3 phases and the model has 1",
                "Correct 'phases' here or in 'electrical'")
        }
        return PowerBand(watts: from...to, phases: phases)
    }

    private mutating func power(_ section: Section, _ key: String) -> Int? {
        guard let node = required(section, key) else { return nil }
        return value(node, "a power above 0 with its unit, such as 4.2kW") {
            ScalarSyntax.quantity($0, .power).flatMap { 1...1_000_000 ~= $0 ? $0 : nil }
        }
    }

    /// Whether and how the number of phases that share a power can be known.
    mutating func checkPhaseCount(_ control: ControlTraits, _ electrical: ElectricalTraits?) {
        guard control.isSetInWatts, electrical?.phases == 3 else { return }
        let known: [MeasuredQuantity] = [.livePhases, .currents]
        guard !registers.contains(where: { $0.register.quantity.map(known.contains) ?? false })
        else { return }
        diagnostics.warning(
            draft(control.setpoint).place,
            "limits are in watts, and nothing tells how many phases share them",
            "Add 'live-phases' or 'currents': otherwise one phase is assumed for every vehicle")
    }
}
