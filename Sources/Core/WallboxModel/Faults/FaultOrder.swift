import ChargeModel
import DeviceProfiles

/// A fault as somebody asks for it: its name, its figures, and when it strikes.
package struct FaultOrder: Hashable, Sendable {
    package var name: String
    package var milliseconds: Int?
    package var bytes: Int?
    package var code: Int?
    package var amperes: Double?
    package var words: [UInt16]?
    /// The register that it concerns.
    package var register: String?

    /// How many of a million answers it strikes.
    package var perMillion: Int?
    /// How often it strikes.
    package var count: Int?
    /// The first request that it may strike, counted from 1.
    package var start: Int?
    /// all, reads or writes.
    package var on: String?
    /// own, or any for requests to units that the wallbox is not.
    package var unit: String?
    package var seed: UInt64?

    package init(_ name: String) {
        self.name = name
    }

    /// What is wrong with it, for a person.
    package struct Complaint: Error, Hashable, CustomStringConvertible {
        package let description: String

        init(_ description: String) { self.description = description }
    }

    package enum Meaning: Hashable, Sendable {
        case wire(WireFaultRule)
        /// Everything that is wrong with the wallbox then.
        case wallbox(WallboxFaults)
    }

    /// What it comes to on one medium, on top of what is wrong with the wallbox already.
    package func meaning(
        for wallbox: SimulatedWallbox, on medium: FaultMedia
    ) throws(Complaint) -> Meaning {
        guard let mode = FaultCatalog.mode(named: name) else {
            let names = FaultCatalog.modes.map(\.name)
            throw Complaint(
                "fault: there is none named \"\(name)\". \(Spelling.suggestion(for: name, among: names))"
            )
        }
        guard mode.media.contains(medium) else {
            throw Complaint(
                "\(name): there is no such thing on this wire, only on \(mode.media.words)")
        }
        let figures = try figures(of: mode)
        switch mode.effect {
        case .wire(let make):
            let fault = make(figures)
            if let complaint = fault.complaint { throw Complaint("\(name): \(complaint)") }
            return .wire(try rule(fault))
        case .wallbox(let change):
            try refuseTimes()
            var faults = wallbox.faults
            change(&faults, figures)
            if let complaint = faults.complaint { throw Complaint("\(name): \(complaint)") }
            return .wallbox(faults)
        case .register(let kind):
            try refuseTimes()
            var faults = wallbox.faults
            let id = try register(of: wallbox.profile)
            faults.registers.removeAll { $0.register == id }
            faults.registers.append(WallboxFaults.RegisterFault(id, kind(figures)))
            return .wallbox(faults)
        }
    }

    // MARK: - When

    private func rule(_ fault: WireFault) throws(Complaint) -> WireFaultRule {
        var rule = WireFaultRule(fault)
        guard !fault.isStanding else {
            try refuseTimes()
            return rule
        }
        if let perMillion { rule.perMillion = try checked(perMillion, "perMillion", 0...1_000_000) }
        rule.count = try count.map { count throws(Complaint) in
            try checked(count, "count", 1...1_000_000)
        }
        if let start { rule.start = try checked(start, "start", 1...1_000_000_000) }
        if let on {
            guard let scope = WireFaultRule.Scope(rawValue: on) else {
                throw Complaint("on: all, reads or writes, not \"\(on)\"")
            }
            rule.scope = scope
        }
        if let unit {
            guard unit == "own" || unit == "any" else {
                throw Complaint("unit: own or any, not \"\(unit)\"")
            }
            rule.isForAnyUnit = unit == "any"
        }
        rule.seed = seed
        return rule
    }

    /// What stands until it is ended strikes no single request.
    private func refuseTimes() throws(Complaint) {
        let given =
            perMillion.map { _ in "perMillion" } ?? count.map { _ in "count" }
            ?? start.map { _ in "start" } ?? on.map { _ in "on" } ?? unit.map { _ in "unit" }
        guard let given else { return }
        throw Complaint("\(given): \(name) stands until it is ended and has none")
    }

    // MARK: - Figures

    private func figures(of mode: FaultMode) throws(Complaint) -> FaultFigures {
        let given: [(FaultFigure.Name, Bool)] = [
            (.milliseconds, milliseconds != nil), (.bytes, bytes != nil), (.code, code != nil),
            (.amperes, amperes != nil), (.words, words != nil),
        ]
        for (name, isGiven) in given
        where isGiven && !mode.needs.contains(where: { $0.name == name }) {
            throw Complaint("\(name): \(mode.name) takes none")
        }
        guard register == nil || mode.needsRegister else {
            throw Complaint("register: \(mode.name) takes none")
        }
        var figures = FaultFigures()
        for figure in mode.needs { try fill(figure, into: &figures) }
        return figures
    }

    private func fill(_ figure: FaultFigure, into figures: inout FaultFigures) throws(Complaint) {
        switch figure.name {
        case .milliseconds: figures.time = .milliseconds(try value(milliseconds, figure))
        case .bytes: figures.bytes = try value(bytes, figure)
        case .code where figure.isOptional && code == nil: figures.code = nil
        case .code: figures.code = try value(code, figure)
        case .amperes:
            guard let amperes else { throw missing(figure) }
            guard
                (Double(figure.range.lowerBound)...Double(figure.range.upperBound)).contains(
                    amperes)
            else { throw outside(figure, "\(amperes)") }
            figures.current = Milliamperes(Int((amperes * 1000).rounded(.down)))
        case .words:
            guard let words else { throw missing(figure) }
            guard figure.range.contains(words.count) else {
                throw outside(figure, "\(words.count) of them")
            }
            figures.words = words
        }
    }

    private func value(_ value: Int?, _ figure: FaultFigure) throws(Complaint) -> Int {
        guard let value else { throw missing(figure) }
        guard figure.range.contains(value) else { throw outside(figure, "\(value)") }
        return value
    }

    private func checked(
        _ value: Int, _ field: String, _ range: ClosedRange<Int>
    ) throws(Complaint) -> Int {
        guard range.contains(value) else {
            throw Complaint("\(field): \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
        return value
    }

    private func missing(_ figure: FaultFigure) -> Complaint {
        Complaint("\(figure.name): \(name) needs it")
    }

    private func outside(_ figure: FaultFigure, _ given: String) -> Complaint {
        Complaint(
            "\(figure.name): \(figure.range.lowerBound) to \(figure.range.upperBound), not \(given)"
        )
    }

    private func register(of profile: DeviceProfile) throws(Complaint) -> RegisterID {
        if let register, let id = profile.register(named: register) { return id }
        let names = profile.registers.map(\.name).joined(separator: ", ")
        throw Complaint("register: \(name) needs the name of one; there are \(names)")
    }
}
