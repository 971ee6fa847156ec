import ChargeControl
import ChargeModel
import Crypto
import HTTPTypes
import HummingbirdCore

extension AgentRouter {
    /// `POST /ev-charger/{id}`: an action. Answered when it is durable.
    func pushAction(_ exchange: Exchange) async throws -> Reply {
        let bytes: [UInt8]
        let body: PushBody
        do {
            try exchange.query().finish()
            bytes = try await exchange.request.jsonBytes(upTo: limits.body)
            body = try PushBody(try JSON.body(bytes))
        } catch let error as APIError {
            try budgets.spend(exchange.key.id, at: exchange.now.monotonic)
            throw error
        }
        // A stop is never refused for its rate: only what can start a charger counts.
        if body.command != .idle {
            try budgets.spend(exchange.key.id, at: exchange.now.monotonic)
        }
        let charger = try exchange.charger(in: service.view)
        try Self.check(body, isSupportedBy: charger)
        var request = ActionRequest(
            charger: charger.description.id, command: body.command,
            onConflict: body.onConflict,
            sandbox: charger.description.isSimulated ? body.sandbox : nil,
            idempotency: try exchange.idempotencyKey(bodyBytes: bytes))
        do {
            request.timing = try body.times?.timing(in: zone, at: exchange.now)
        } catch {
            // A repeated push is answered as it was at first, though its time has passed since.
            guard let key = request.idempotency,
                let earlier = try await service.earlierAction(under: key)
            else { throw error }
            return .data(earlier.acceptanceJSON, status: .accepted)
        }
        let action: Action
        do throws(RequestRefusal) {
            action = try await service.push(request)
        } catch {
            if case .tooManyStarts = error {
                await note("more starts in an hour than the contactor may bear", of: exchange)
            }
            throw error
        }
        return .data(action.acceptanceJSON, status: .accepted)
    }

    private static func check(
        _ body: PushBody, isSupportedBy charger: ChargerView
    ) throws(APIError) {
        guard let entry = charger.executions.first(where: { $0.command == body.command }) else {
            throw .commandNotSupported(
                body.command.rawValue, supported: charger.executions.map(\.command))
        }
        guard entry.executions.contains(body.execution) else {
            throw .executionNotSupported(
                requested: body.execution, supported: entry.executions)
        }
    }

    /// `POST /ev-charger/{id}/settings`.
    func changeSettings(_ exchange: Exchange) async throws -> Reply {
        try exchange.query().finish()
        let view = try exchange.charger(in: service.view)
        let charger = view.description.id
        let bytes = try await exchange.request.jsonBytes(upTo: limits.body)
        let body: SettingsBody
        do throws(APIError) {
            body = try SettingsBody(try JSON.body(bytes))
        } catch {
            if error.code == .settingOutOfRange { await note(error.message, of: exchange) }
            throw error
        }
        try await service.change(
            SettingsRequest(
                charger: charger, maxChargeRate: body.maxChargeRate,
                idempotency: try exchange.idempotencyKey(bodyBytes: bytes)))
        if body.maxChargeRate > view.uncappedPower {
            await note(
                "\(ChargeRateSetting.name) of \(body.maxChargeRate) is held to the "
                    + "\(view.uncappedPower) that the charger may draw", of: exchange)
        }
        return .data([
            "deviceId": .string(charger.rawValue),
            "updated": [.string(ChargeRateSetting.name)],
        ])
    }

    /// Notes for whoever asks later that more was asked of the charger than is allowed.
    private func note(_ reason: String, of exchange: Exchange) async {
        await events?.record(
            SecurityEvent(
                .limitRefused(charger: ChargerID(exchange.parameter), reason: reason),
                at: exchange.now))
    }
}

extension Exchange {
    /// The `Idempotency-Key` of a write; nil without one. Scope is API key, method and path.
    func idempotencyKey(bodyBytes: [UInt8]) throws(APIError) -> IdempotencyKey? {
        let name = HTTPField.Name.idempotencyKey
        let values = request.headers[values: name]
        guard let value = values.first else { return nil }
        guard values.count == 1, 1...255 ~= value.utf8.count,
            value.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else {
            throw .invalid(
                name.rawName, "must be one header of 1 to 255 visible ASCII characters")
        }
        return IdempotencyKey(
            scope: "\(key.id) \(request.method.rawValue) \(request.uri.path)", key: value,
            bodyHash: Array(SHA256.hash(data: bodyBytes)))
    }
}
