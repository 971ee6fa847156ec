import ChargeControl
import ChargeModel
import HTTPTypes
import HummingbirdCore

/// One request that was let in, on its way through a handler.
struct Exchange: Sendable {
    let request: Request
    /// The value of `{id}` in the path; empty where there is none.
    let parameter: String
    let key: APIKey
    /// Both clocks as the request arrived.
    let now: TimePoint
    /// The address that the request comes from.
    let source: String

    /// Whether this key sees a charger: of its environment, and of its user if it is bound to one.
    func sees(_ charger: ChargerDescription) -> Bool {
        guard charger.isSimulated == (key.environment == .sandbox) else { return false }
        guard let user = key.user else { return true }
        return charger.user == user
    }

    /// The chargers of a view that this key sees, in the order of the configuration.
    func visible(in view: AgentView) -> [ChargerView] {
        view.chargers.filter { sees($0.description) }
    }

    /// The charger that the path names.
    func charger(in view: AgentView) throws(APIError) -> ChargerView {
        guard let charger = view[ChargerID(parameter)], sees(charger.description) else {
            throw .deviceNotFound
        }
        return charger
    }

    /// The query, for handlers that take parameters.
    func query() throws(APIError) -> QueryReader {
        try QueryReader(request.uri.query)
    }
}

/// What a handler answers when all is well.
enum Reply: Sendable {
    /// The `data` of an envelope.
    case data(JSON, status: HTTPResponse.Status = .ok)
    /// Bytes as they are.
    case document([UInt8], contentType: String)
    case stream(ResponseBody, contentType: String)
}
