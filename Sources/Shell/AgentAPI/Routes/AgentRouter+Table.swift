import HTTPTypes

extension AgentRouter {
    /// Every route there is.
    package static let table = RouteTable(routes: [
        .open(.get, "/health") { .data(["status": "up"]) },
        Route(.get, "/health/ready") { try await $0.reportReadiness($1) },
        Route(.get, "/ev-charger") { try $0.listChargers($1) },
        Route(.get, "/ev-charger/{id}") { try await $0.showCharger($1) },
        Route(.post, "/ev-charger/{id}", access: .control, budget: .decidedByHandler) {
            try await $0.pushAction($1)
        },
        Route(.post, "/ev-charger/{id}/settings", access: .control) {
            try await $0.changeSettings($1)
        },
        Route(.get, "/ev-charger/{id}/schedule") { try $0.showSchedule($1) },
        Route(.put, "/ev-charger/{id}/schedule", access: .control) {
            try await $0.replaceSchedule($1)
        },
        Route(.delete, "/ev-charger/{id}/schedule", access: .control) {
            try await $0.removeSchedule($1)
        },
        Route(.get, "/ev-charger/{id}/decision") { try $0.explainDecision($1) },
        Route(.get, "/ev-charger/{id}/events") { try $0.streamChargerEvents($1) },
        Route(.get, "/actions") { try await $0.listActions($1) },
        Route(.get, "/actions/{id}") { try await $0.showAction($1) },
        Route(.post, "/actions/{id}/cancel", access: .control) { try await $0.cancelAction($1) },
        Route(.get, "/events") { try $0.streamEvents($1) },
        Route(.get, "/openapi.json") { try $0.showOpenAPI($1) },
    ])
}
