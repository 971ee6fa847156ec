import ChargeControl
import ChargeModel
import ChargerDriver
import DeviceProfiles
import FlightRecorder
import Foundation
import Modbus

/// Lets engines take over what earlier builds of them kept: what they did not keep then is as it is in
/// engines that begin. Whether that is good enough shows when the decisions are compared.
struct RecordingUpgrade {
    let zones: any ZoneDirectory
    let decoder: JSONDecoder

    /// More keys than these make other engines.
    private static let mostKeys = 100

    /// The head of a recording, with what is missing in the engines of its lines.
    func upgraded(_ json: Data) throws -> Data {
        var head = try decoder.decode(JSONTree.self, from: json)
        let lines = try (head["lines"]?.elements ?? []).map { try upgraded(line: $0) }
        head["lines"] = .list(lines)
        return try JSONEncoder().encode(head)
    }

    private func upgraded(line: JSONTree) throws -> JSONTree {
        guard var start = line["start"], let state = start["state"] else { return line }
        let template = try tree(of: try beginning(state, line["profiles"] ?? .list([])))
        start["state"] = try completed(LineState.self, state, like: template).tree
        var line = line
        line["start"] = start
        return line
    }

    /// Engines for the same chargers as they begin, which have told something.
    private func beginning(_ state: JSONTree, _ profiles: JSONTree) throws -> LineState {
        let now = TimePoint(
            monotonic: MonotonicInstant(nanoseconds: 0), wall: WallInstant(milliseconds: 0))
        let texts = try decoded([ProfileText].self, profiles)
        let line = state["line"]
        let drivers = try zip(texts, line?["drivers"]?.elements ?? []).compactMap { text, driver in
            try text.profile.map { profile in
                DriverEngine(
                    profile: profile,
                    configuration: try configuration(
                        driver["configuration"], like: Self.anyDriver), at: now)
            }
        }
        let controls = try (state["controls"]?.elements ?? []).map { control in
            let configuration = try configuration(
                control["configuration"], like: Self.anyControl)
            return ControlEngine(
                configuration: configuration,
                restored: RestoredCharger(charger: configuration.description.id), zones: zones,
                at: now)
        }
        guard drivers.count == controls.count, !drivers.isEmpty else { return try notKnown() }
        let policy = try configuration(line?["policy"], like: LinkPolicy())
        var begun = RecordedLine(
            LineState(
                line: LineEngine(drivers: drivers, policy: policy, seed: 0, at: now.monotonic),
                controls: controls), limits: nil)
        _ = begun.tell(.openFailed(.timeout), at: now)
        return begun.state
    }

    private func notKnown() throws -> LineState {
        throw DecodingError.dataCorrupted(
            DecodingError.Context(
                codingPath: [], debugDescription: "the profiles in it do not compile any more"))
    }

    private static var anyDriver: DriverConfiguration {
        DriverConfiguration(
            unit: 1, installationMaximum: .pilotMinimum, safeCurrent: .zero, phases: 1,
            poll: .seconds(1))
    }

    private static var anyControl: ControlConfiguration {
        ControlConfiguration(
            description: ChargerDescription(
                id: ChargerID(""), vendor: "", model: "", user: nil, isSimulated: true, profile: "",
                phases: 1, effectivePoll: .seconds(1)),
            installationMaximum: .pilotMinimum, safeCurrent: .zero, minimum: .pilotMinimum,
            profileMaximum: .pilotMinimum, step: .pilotMinimum, ratedPower: nil)
    }

    private func configuration<Value: Codable>(
        _ tree: JSONTree?, like template: Value
    ) throws -> Value {
        try completed(Value.self, tree ?? .null, like: try self.tree(of: template)).value
    }

    /// Decodes a value, with keys of a template where there are none.
    private func completed<Value: Decodable>(
        _ type: Value.Type, _ tree: JSONTree, like template: JSONTree
    ) throws -> (value: Value, tree: JSONTree) {
        var tree = tree
        var added: [String] = []
        while true {
            do {
                return (try decoded(type, tree), tree)
            } catch DecodingError.keyNotFound(let key, let context) {
                guard !added.contains(key.stringValue), added.count < Self.mostKeys else {
                    throw DecodingError.keyNotFound(key, context)
                }
                added.append(key.stringValue)
                tree = tree.adding(key.stringValue, from: template)
            }
        }
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, _ tree: JSONTree) throws -> Value {
        try decoder.decode(type, from: JSONEncoder().encode(tree))
    }

    private func tree(of value: some Encodable) throws -> JSONTree {
        try decoder.decode(JSONTree.self, from: JSONEncoder().encode(value))
    }
}
