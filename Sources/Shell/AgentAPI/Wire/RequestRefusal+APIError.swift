import ChargeControl
import ChargeModel

extension APIError {
    /// What a client is told when the agent does not accept a request.
    init(_ refusal: RequestRefusal) {
        switch refusal {
        case .unknownCharger: self = .deviceNotFound
        case .unknownAction: self = .actionNotFound
        case .executionNotSupported(let requested, let supported):
            self = .executionNotSupported(requested: requested, supported: supported)
        case .conflict(let reason, let actions, let strategies):
            self = .conflict(reason, actions: actions, strategies: strategies)
        case .notCancellable(let state):
            self.init(
                .actionNotCancellable,
                "only a scheduled action can be cancelled; this one is \(state.rawValue)",
                details: ["state": .string(state.rawValue)])
        case .invalidSchedule(let field, let message):
            self = .invalidSchedule(field, message)
        case .tooManyStarts(let delay):
            self = .retryable(
                .rateLimitExceeded,
                "more starts than 20 an hour would wear the contactor out; try again later",
                after: delay, reason: "too_many_starts")
        case .idempotencyKeyReused:
            self.init(
                .idempotencyKeyReused,
                "this `Idempotency-Key` came with another body before; use a new one",
                details: ["field": "Idempotency-Key"])
        case .busy(let delay):
            self = .retryable(
                .serviceUnavailable, "the agent has more to do than it can take now; try again",
                after: delay)
        case .storeUnavailable(let delay):
            self = .retryable(
                .serviceUnavailable, "the request could not be stored durably; try again",
                after: delay)
        case .storeFull:
            self.init(
                .insufficientStorage,
                "no room is left to store the request durably; free space on the agent's disk")
        }
    }

    static var deviceNotFound: APIError {
        APIError(.deviceNotFound, "there is no such charger for this API key")
    }

    static var actionNotFound: APIError {
        APIError(.actionNotFound, "there is no such action for this API key")
    }

    static var scheduleNotFound: APIError {
        APIError(.scheduleNotFound, "this charger has no recurring schedule")
    }

    static func executionNotSupported(
        requested: ActionExecution, supported: [ActionExecution]
    ) -> APIError {
        let names = supported.map(\.rawValue)
        return APIError(
            .executionNotSupported,
            "\(requested.rawValue) execution is not supported here; supported: "
                + names.joined(separator: ", "),
            details: [
                "requestedExecution": .string(requested.rawValue),
                "supportedExecution": .strings(names),
            ])
    }

    private static func conflict(
        _ reason: ConflictReason, actions: [Action.ID], strategies: [ConflictStrategy]?
    ) -> APIError {
        var details: [JSON.Member] = [
            .init("reason", .string(reason.rawValue)),
            .init("conflictingActionIds", .strings(actions.map(\.rawValue))),
        ]
        if let strategies {
            details.append(.init("strategies", .strings(strategies.map(\.rawValue))))
        }
        let message =
            switch reason {
            case .noStrategySupplied:
                "the charger has an unfinished action; say with `onConflict` what becomes of it"
            case .actionInFlight:
                "an action is being carried out on the charger; wait for its end, or push `idle`"
            }
        return APIError(.conflict, message, details: .object(details))
    }
}
