import ChargeModel
import DeviceProfiles

/// What a vector file leaves out of its profile.
struct VectorCoverage {
    private let profile: DeviceProfile
    private let vectors: ProfileVectors

    init(_ profile: DeviceProfile, _ vectors: ProfileVectors) {
        self.profile = profile
        self.vectors = vectors
    }

    var gaps: [String] {
        profile.registers.flatMap { $0.isReadable ? readGaps($0) : writeGaps($0) }
            + stateGaps + commandGaps
    }

    /// Every element, every named value and every sentinel has been read.
    private func readGaps(_ register: Register) -> [String] {
        let vectors = vectors.registers.filter { $0.name == register.name }
        var gaps: [String] = []
        for element in 0..<register.count
        where !vectors.contains(where: { ($0.element ?? 0) == element && $0.absent == nil }) {
            gaps.append("\(register.name) \(element) has no vector")
        }
        for named in register.names where !vectors.contains(where: { $0.named == named.name }) {
            gaps.append("\(register.name) has no vector for '\(named.name)'")
        }
        let absent = vectors.filter { $0.absent != nil }.compactMap {
            VectorSyntax.words($0.answer)
        }
        for raw in register.invalid
        where !absent.contains(where: { $0 == register.encode(raw: raw) }) {
            gaps.append("\(register.name) has no vector for the sentinel \(raw)")
        }
        return gaps
    }

    /// Every write-only register has been written, with each of its named values.
    private func writeGaps(_ register: Register) -> [String] {
        let frames = vectors.commands.flatMap(\.frames).compactMap(VectorSyntax.bytes)
        let address = [UInt8(register.address >> 8), UInt8(register.address & 0xFF)]
        let written = frames.filter { Array($0.dropFirst(2).prefix(2)) == address }
            .compactMap { frame in
                VectorSyntax.words(
                    frame.suffix(register.width * 2)
                        .map { String(Int($0) + 0x100, radix: 16).suffix(2) }.joined())
            }
        guard !written.isEmpty else { return ["nothing writes \(register.name)"] }
        return register.names.compactMap { named in
            let words = register.encode(named.raw)
            return written.contains { $0 == words }
                ? nil : "\(register.name) has no vector for '\(named.name)'"
        }
    }

    /// Every rule is the first to hold for some row, and every value in it is met.
    private var stateGaps: [String] {
        let rows = vectors.state.compactMap { VectorCheck.values($0, profile) }
        var gaps = rows.count == vectors.state.count ? [] : ["a row names no register"]
        for (index, rule) in profile.stateRules.enumerated() {
            let hits = rows.filter { row in
                profile.stateRules.firstIndex { $0.holdsWith(row) } == index
            }
            if hits.isEmpty { gaps.append("state rule \(index + 1) is met by no row") }
            for condition in rule.conditions {
                gaps += condition.alternatives.filter { alternative in
                    !hits.contains { row in
                        row[condition.register].map(alternative.holds) ?? false
                    }
                }.map { "state rule \(index + 1) has no row for \($0)" }
            }
        }
        if !vectors.state.contains(where: { $0["is"] == "none" }) {
            gaps.append("no row has an unknown state")
        }
        return gaps
    }

    private var commandGaps: [String] {
        let commands = ["charge", "limit", "idle", "heartbeat", "failsafe"]
        let given = vectors.commands.map(\.name)
        return commands.filter { !given.contains($0) }.map { "the command \($0) has no vector" }
    }
}

extension StateRule {
    fileprivate func holdsWith(_ values: RegisterValues) -> Bool {
        conditions.allSatisfy { condition in
            values[condition.register].map(condition.test.holds) ?? false
        }
    }
}

extension RegisterCondition {
    /// One test for each value that it accepts.
    var alternatives: [Test] {
        switch test {
        case .oneOf(let values): values.map { .oneOf([$0]) }
        case .text(let texts): texts.map { .text([$0]) }
        case .allBitsSet, .noBitSet, .range: [test]
        }
    }
}
