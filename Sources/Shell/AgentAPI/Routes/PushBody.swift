import ChargeControl
import ChargeModel

/// The body of `POST /ev-charger/{id}`, checked for form: every field is honoured or refused.
///
/// What makes no sense at all is 400 and comes first; what only this agent does not do is 422.
struct PushBody: Hashable {
    let command: ChargeCommand
    /// nil for an immediate action.
    let times: PushTimes?
    let onConflict: ConflictStrategy?
    let sandbox: SandboxOutcome?

    init(_ json: JSON) throws(APIError) {
        var body = try FieldReader(json)
        var action = try body.object("action")
        let strategy = try body.optionalString("onConflict")
        sandbox = try body.optionalObject("sandbox").map { object throws(APIError) in
            try Self.sandboxOutcome(object)
        }
        try body.finish()

        let commandName = try action.string("command")
        let parameters = try action.optionalObject("parameters")
        let start = try action.optionalString("start")
        let end = try action.optionalString("end")
        try action.finish()

        onConflict = try strategy.map { name throws(APIError) in try Self.strategy(name) }
        command = try Self.command(commandName)
        if let names = parameters?.names, !names.isEmpty {
            throw .unsupportedParameters(names, of: command)
        }
        guard start != nil || end == nil else { throw .startRequired }
        times = start.map { PushTimes(start: $0, end: end) }
    }

    var execution: ActionExecution {
        guard let times else { return .immediate }
        return times.end == nil ? .scheduled : .windowed
    }

    private static func command(_ name: String) throws(APIError) -> ChargeCommand {
        guard let command = ChargeCommand(rawValue: name) else {
            throw .commandNotSupported(name, supported: ChargeCommand.allCases)
        }
        return command
    }

    private static func strategy(_ name: String) throws(APIError) -> ConflictStrategy {
        guard let strategy = ConflictStrategy(rawValue: name) else {
            let names = ConflictStrategy.allCases.map(\.rawValue)
            throw APIError(
                .conflictStrategyNotSupported,
                "this strategy is not supported here; supported: \(names.joined(separator: ", "))",
                details: ["strategies": .strings(names)])
        }
        return strategy
    }

    /// `{"outcome": "failed", "errorCode": "DEVICE_OFFLINE", "delayMs": 2000}`; the last two may be
    /// left out.
    private static func sandboxOutcome(
        _ object: FieldReader
    ) throws(APIError) -> SandboxOutcome {
        var object = object
        let outcome = try object.string("outcome")
        let codeName = try object.optionalString("errorCode")
        let delay = try object.optionalInteger("delayMs", in: 0...60_000) ?? 0
        try object.finish()
        switch outcome {
        case "completed":
            guard codeName == nil else {
                throw .invalid("sandbox.errorCode", "goes with `outcome` `failed` only")
            }
            return SandboxOutcome(failure: nil, delay: .milliseconds(delay))
        case "failed":
            let name = codeName ?? ActionErrorCode.deviceOffline.rawValue
            guard let code = ActionErrorCode(rawValue: name) else {
                let names = ActionErrorCode.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalid("sandbox.errorCode", "must be one of: \(names)")
            }
            return SandboxOutcome(failure: code, delay: .milliseconds(delay))
        default:
            throw .invalid("sandbox.outcome", "must be `completed` or `failed`")
        }
    }
}

extension APIError {
    static func commandNotSupported(
        _ name: String, supported: [ChargeCommand]
    ) -> APIError {
        let names = supported.map(\.rawValue)
        return APIError(
            .commandNotSupported,
            "`\(name)` is no command of this charger; supported: \(names.joined(separator: ", "))",
            details: ["supportedCommands": .strings(names)])
    }

    fileprivate static func unsupportedParameters(
        _ names: [String], of command: ChargeCommand
    ) -> APIError {
        APIError(
            .unsupportedParameter, "`\(command.rawValue)` takes no parameters",
            details: [
                "unsupportedParameters": .strings(names.map { $0.prefix(ofScalars: 128) })
            ])
    }
}
