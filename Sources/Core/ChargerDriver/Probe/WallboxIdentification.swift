import ChargeModel
import DeviceProfiles
import Modbus

/// Finds out which profiles describe the device at an address, by their identity rules. It reads, and
/// never writes. Pure: it is asked ``next()`` and told what came of it with ``completed(_:)``.
///
/// A register that several profiles ask for is read once. A unit id that was silent twice is not
/// asked again: each silence costs a timeout and a new connection.
package struct WallboxIdentification: Sendable {
    private var candidates: [Candidate]
    private var answers: [Answer] = []
    private var pending: ModbusRequest?

    /// Silences of one unit id before it counts as not there.
    package static let patience = 2

    private struct Candidate: Sendable {
        var profile: DeviceProfile
        var unit: UInt8

        func request(of rule: IdentityRule) -> ModbusRequest {
            let register = profile[rule.register]
            return ModbusRequest(
                unit: register.unit.resolved(charger: unit), operation: register.readOperation())
        }
    }

    private struct Answer: Sendable {
        var request: ModbusRequest
        var result: Result<[UInt16], ModbusError>
    }

    /// What the device says of one profile.
    package enum Verdict: Hashable, Sendable {
        /// Every rule that could be asked fits; the evidence is for people.
        case fits(evidence: [String])
        case differs(reason: String)
        /// Nothing tells whether it is this one.
        case untold(reason: String)

        package var isFitting: Bool {
            if case .fits = self { true } else { false }
        }
    }

    /// - Parameter unit: The unit id to ask; nil asks each profile's own.
    package init(_ profiles: [DeviceProfile], unit: UInt8?) {
        candidates = profiles.map { Candidate(profile: $0, unit: unit ?? $0.link.unit) }
    }

    // MARK: - Asking

    /// The next read; nil when all has been asked.
    package mutating func next() -> ModbusRequest? {
        pending = candidates.lazy.flatMap { candidate in
            candidate.profile.identity.map { candidate.request(of: $0) }
        }.first { request in
            !isAnswered(request) && silences(of: request.unit) < Self.patience
        }
        return pending
    }

    package mutating func completed(_ result: Result<ModbusResponse, ModbusError>) {
        guard let pending else { return }
        self.pending = nil
        let words = result.flatMap { response in
            Result<[UInt16], ModbusError>.success(response.words)
        }
        answers.append(Answer(request: pending, result: words))
    }

    private func isAnswered(_ request: ModbusRequest) -> Bool {
        answers.contains { $0.request == request }
    }

    private func silences(of unit: UInt8) -> Int {
        let ofUnit = answers.filter { $0.request.unit == unit }
        // Whoever has answered once is there.
        guard !ofUnit.contains(where: { $0.result.isFromUnit }) else { return 0 }
        return ofUnit.count
    }

    // MARK: - What was found

    /// Unit ids that have answered, be it with an exception.
    package var answeringUnits: [UInt8] {
        var units: [UInt8] = []
        for answer in answers
        where answer.result.isFromUnit && !units.contains(answer.request.unit) {
            units.append(answer.request.unit)
        }
        return units
    }

    /// Unit ids that were asked and did not answer.
    package var silentUnits: [UInt8] {
        var units: [UInt8] = []
        for answer in answers
        where !answeringUnits.contains(answer.request.unit) && !units.contains(answer.request.unit)
        {
            units.append(answer.request.unit)
        }
        return units
    }

    /// What the newest failure was; nil when the last read succeeded.
    package var lastFailure: ModbusError? {
        guard case .failure(let error)? = answers.last?.result else { return nil }
        return error
    }

    /// The verdict on every profile, in the order given; those that fit with the most evidence come
    /// first.
    package var verdicts: [(profile: DeviceProfile, unit: UInt8, verdict: Verdict)] {
        let all = candidates.map { (profile: $0.profile, unit: $0.unit, verdict: verdict(on: $0)) }
        let fitting = all.filter { $0.verdict.isFitting }
        let ranked = fitting.indices.sorted { left, right in
            let (first, second) = (fitting[left].verdict, fitting[right].verdict)
            return first.evidenceCount == second.evidenceCount
                ? left < right : first.evidenceCount > second.evidenceCount
        }
        return ranked.map { fitting[$0] } + all.filter { !$0.verdict.isFitting }
    }

    private func verdict(on candidate: Candidate) -> Verdict {
        guard !candidate.profile.identity.isEmpty else {
            return .untold(reason: "nothing in this map tells which device it is")
        }
        var evidence: [String] = []
        var doubts: [String] = []
        for rule in candidate.profile.identity {
            let register = candidate.profile[rule.register]
            switch answer(to: candidate.request(of: rule)) {
            case nil:
                doubts.append("unit \(candidate.unit) does not answer")
            case .failure(.exception(let exception))
            where exception.handling == .permanent && !register.isOptional:
                return .differs(reason: "\(register.name) is not there: \(exception)")
            case .failure(let error):
                doubts.append("\(register.name): \(error)")
            case .success(let words):
                let value = register.decode(words.prefix(register.width))
                let told = "\(register.name) reads \(value.forPeople)"
                guard rule.match.accepts(value) else { return .differs(reason: told) }
                evidence.append(told)
            }
        }
        guard let doubt = doubts.first, evidence.isEmpty else { return .fits(evidence: evidence) }
        return .untold(reason: doubt)
    }

    private func answer(to request: ModbusRequest) -> Result<[UInt16], ModbusError>? {
        answers.first { $0.request == request }?.result
    }
}

extension WallboxIdentification.Verdict {
    fileprivate var evidenceCount: Int {
        if case .fits(let evidence) = self { evidence.count } else { 0 }
    }
}

extension ModbusResponse {
    /// What a read gave, a word for each register or bit.
    var words: [UInt16] {
        switch self {
        case .registers(let words): words
        case .bits(let bits): bits.map { $0 ? 1 : 0 }
        case .written: []
        }
    }
}

extension Result where Failure == ModbusError {
    /// Whether the unit itself has answered: a gateway's own exceptions say that it has not.
    fileprivate var isFromUnit: Bool {
        switch self {
        case .success: true
        case .failure(.exception(let exception)):
            exception != .gatewayPathUnavailable && exception != .gatewayTargetFailedToRespond
        case .failure: false
        }
    }
}
