import ChargeControl
import ChargeModel

extension AgentRouter {
    /// `GET /ev-charger/{id}/decision`: why the charger does what it does.
    func explainDecision(_ exchange: Exchange) throws -> Reply {
        try exchange.query().finish()
        let view = service.view
        let charger = try exchange.charger(in: view)
        return .data(
            charger.decisionJSON(
                in: view.groups.first { $0.contains(charger.description.id) },
                seeing: exchange.visible(in: view).map(\.description.id)))
    }

    /// `GET /health/ready`: 200 when everything works, else 503 with the same content in `details`.
    /// Buses without a charger that the key sees are left out.
    func reportReadiness(_ exchange: Exchange) async throws -> Reply {
        try exchange.query().finish()
        let readiness = await service.readiness()
        let visible = exchange.visible(in: service.view).map(\.description.id)
        let report = readiness.json(seeing: visible)
        guard readiness.isReady else {
            var error = APIError.retryable(
                .serviceUnavailable, "not all parts of the agent work; see `details`",
                after: .seconds(5))
            error.details = report
            throw error
        }
        return .data(report)
    }

    /// `GET /openapi.json`: the document itself, without an envelope.
    func showOpenAPI(_ exchange: Exchange) throws -> Reply {
        try exchange.query().finish()
        return .document(PackageResources.openapi_json, contentType: "application/json")
    }
}
