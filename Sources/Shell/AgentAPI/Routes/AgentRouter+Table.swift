import HTTPTypes

extension AgentRouter {
    /// Every route there is.
    package static let table = RouteTable(routes: [
        Route(.get, "/health", access: .open) { _, _ in .data(["status": "up"]) },
        Route(.get, "/ev-charger") { try $0.listChargers($1) },
        Route(.get, "/ev-charger/{id}") { try await $0.showCharger($1) },
    ])
}
