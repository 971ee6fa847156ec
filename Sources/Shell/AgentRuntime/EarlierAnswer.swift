import ChargeControl
import ChargeModel
import Logging

// What a repeated request is answered with (requirement R20).
extension LineEnvironment {
    /// What was answered before under the same idempotency key; nil where nothing was.
    ///
    /// - Throws: ``RequestRefusal/idempotencyKeyReused`` where the body was another one.
    func answer(under key: IdempotencyKey) async throws(RequestRefusal) -> AcceptedRequest? {
        let record: IdempotencyRecord?
        var action: Action?
        do throws(StoreError) {
            record = try await repository.idempotencyRecord(
                scope: key.scope, key: key.key, now: clock.now().wall)
            if let id = record?.action { action = try await repository.action(id) }
        } catch {
            throw refusal(error)
        }
        guard let record else { return nil }
        guard record.bodyHash == key.bodyHash else { throw .idempotencyKeyReused }
        if record.action != nil { return action.map { .action($0.asAccepted) } }
        return record.schedule.map { .schedule($0) } ?? .settings
    }

    /// What a client is told when the store cannot be read.
    func refusal(_ error: StoreError) -> RequestRefusal {
        log.error("the store cannot be read: \(error)")
        return error == .full ? .storeFull : .storeUnavailable(retryAfter: .seconds(5))
    }
}

extension Action {
    /// The action as it was when it was accepted: what the first answer said.
    fileprivate var asAccepted: Action {
        var action = Action(
            id: id, charger: charger, command: command,
            state: start == nil ? .acknowledged : .scheduled, createdAt: createdAt,
            sandbox: sandbox)
        if start == nil { action.acknowledgedAt = acknowledgedAt }
        action.start = start
        action.startDelay = startDelay
        action.end = end
        return action
    }
}
