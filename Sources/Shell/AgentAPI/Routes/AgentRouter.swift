import ChargeControl
import ChargeModel
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging

/// The HTTP API of the agent: takes requests apart, lets keys in, asks the ``AgentService`` and puts
/// answers into envelopes. It decides nothing about charging, and it never waits for a wallbox but
/// where a client asks for that.
///
/// The way of a request: site, route, key, permission, rate, handler, envelope. Without a key nothing but
/// the bare liveness probe answers, not even whether a path exists.
///
/// What the public API leaves open is decided so:
/// - A request under a name that is not the agent's, or from the page of another site, is 403 on
///   every path, `HOST_NOT_ALLOWED` or `ORIGIN_NOT_ALLOWED`. There are no CORS headers.
/// - Paths are exact: no other slashes, no percent encoding, no other case. `HEAD` and `OPTIONS` are
///   methods like others: 405 where they are not in the table.
/// - Unknown and repeated fields and query parameters are errors; so are a body of a `GET` or
///   a `DELETE`, two different keys, and a body that is not said to be JSON.
/// - In a push, what makes no sense at all (400) comes before what this agent does not do (422).
/// - A push is answered with what was accepted, so a repeated one is answered alike. What has become
///   of it is under `links.self`.
/// - Times are judged against the arrival of the request: a start may be up to 30 days ahead, an end
///   up to 31. A delay is a decimal number of minutes or hours. While the wall clock is not trusted,
///   a start that is past or far away is not found out, and a shape that a command has not (422)
///   comes before a time that cannot be read.
/// - A repeated push with its `Idempotency-Key` is answered alike even when its start has passed, and
///   so is what sets or removes a schedule, whatever is in force by then.
/// - A schedule that is understood and cannot be kept is 422 `INVALID_SCHEDULE`, with the field.
///   Its slots may charge only: outside of them the charger is idle. It is answered with its slots
///   and days in order and its durations in the shortest form. `DELETE` answers with the id of what
///   it removed.
/// - A device type that is not ours, like a device that the key does not see, matches no action.
/// - A key that is bound to a user sees the chargers that the configuration gives to this user only.
/// - A good key is let in however many bad ones came from its address; an `idle` is let in however
///   many requests came with its key.
/// - Event ids belong to one run of the agent: after a restart a client is told all that is kept.
/// - The document of the API comes without an envelope; what is not ready is a 503 with the report
///   in `details`.
package struct AgentRouter: HTTPResponder {
    package typealias Context = AgentRequestContext

    /// Bounds of what clients may do.
    package struct Limits: Sendable {
        /// By source address.
        package var failedAuthentications = RateLimiter.failedAuthentications
        /// By key.
        package var requestsOfAKey = RateLimiter.requestsOfAKey
        /// In bytes (requirement R34).
        package var body = HTTPLimits().bodyBytes
        /// Open at the same time; the other connections stay free for requests, so that a stop
        /// always finds one.
        package var eventStreams = 24
        /// Of those, from one source address.
        package var eventStreamsPerSource = 8
        /// Between comment lines on an event stream.
        package var eventComment = Duration.seconds(15)
        /// Between looks at whether the key of an event stream is still good. Together with the time
        /// until ``KeyRing/replace(_:)`` below 1 s (requirement R32).
        package var eventKeyCheck = Duration.milliseconds(250)

        package init() {}
    }

    let service: any AgentService
    let keys: KeyRing
    /// Of the plant: what times without an offset are meant in.
    let zone: any ZoneRules
    /// For schedules, which name theirs.
    let zones: any ZoneDirectory
    let site: SiteCheck
    let limits: Limits
    let budgets: RequestBudgets
    let places: EventStreamPlaces
    /// Tells the event ids of this process from those of others.
    let run = RandomText.base62(count: 6)
    let events: (any EventLog)?
    private let routes: RouteTable
    private let logger: Logger

    /// - Parameters:
    ///   - keys: Shared with whoever tells it of new and revoked keys.
    ///   - zone: Of the plant.
    ///   - zones: What a schedule may name.
    ///   - site: Under which names browsers may ask.
    ///   - events: Where failed authentications are noted.
    ///   - routes: All, but in tests.
    package init(
        service: any AgentService, keys: KeyRing, zone: any ZoneRules,
        zones: any ZoneDirectory, site: SiteCheck = SiteCheck(), limits: Limits = Limits(),
        events: (any EventLog)? = nil, logger: Logger, routes: RouteTable = AgentRouter.table
    ) {
        self.service = service
        self.keys = keys
        self.zone = zone
        self.zones = zones
        self.site = site
        self.limits = limits
        self.events = events
        self.logger = logger
        self.routes = routes
        budgets = RequestBudgets(limits)
        places = EventStreamPlaces(
            maximum: limits.eventStreams, perSource: limits.eventStreamsPerSource)
    }

    package func respond(
        to request: Request, context: AgentRequestContext
    ) async throws -> Response {
        try await respond(to: request, from: context.source)
    }

    /// - Parameter source: The address that the request comes from; failed authentications are
    ///   counted by it.
    /// - Throws: Only what the connection threw while the body was read.
    package func respond(to request: Request, from source: String) async throws -> Response {
        let trace = RequestTrace(
            id: "req_" + RandomText.base62(count: 12), method: request.method.rawValue,
            path: request.uri.path, source: source, startedAt: service.now())
        var key: APIKey?
        let response: Response
        do {
            let reply = try await answer(request, trace: trace, key: &key)
            response = trace.response(reply, environment: key?.environment, at: service.now())
        } catch let error as BodyUnreadable {
            logger.debug("request body not received", metadata: trace.metadata(key: key))
            throw error.underlying
        } catch let error as RequestRefusal {
            response = trace.response(APIError(error), at: service.now())
        } catch let error as APIError {
            response = trace.response(error, at: service.now())
        } catch {
            logger.error(
                "request failed unexpectedly",
                metadata: trace.metadata(key: key).merging(
                    ["error": .string(LogText.escaped(String(describing: error)))],
                    uniquingKeysWith: { $1 }))
            response = trace.response(.unexpected, at: service.now())
        }
        logger.debug(
            "request",
            metadata: trace.metadata(key: key, status: response.status, at: service.now()))
        return response
    }

    private func answer(
        _ request: Request, trace: RequestTrace, key admitted: inout APIKey?
    ) async throws -> Reply {
        try site.check(request.head)
        let match = routes.match(request.method, request.uri.path)
        if case .found(let route, _) = match, case .open(let handler) = route.handler {
            return handler()
        }
        let key = try await admitOrNote(request, trace: trace)
        admitted = key
        switch match {
        case .none:
            try budgets.spend(key.id, at: trace.startedAt.monotonic)
            throw APIError(.notFound, "there is no such path; see GET /openapi.json")
        case .wrongMethod(let allowed):
            try budgets.spend(key.id, at: trace.startedAt.monotonic)
            throw APIError.methodNotAllowed(request.method, allowed: allowed)
        case .found(let route, let parameter):
            try permit(route, to: key, request, at: trace.startedAt.monotonic)
            let exchange = Exchange(
                request: request, parameter: parameter, key: key, now: trace.startedAt,
                source: trace.source)
            switch route.handler {
            case .open(let handler): return handler()
            case .keyed(let handler): return try await handler(self, exchange)
            }
        }
    }

    private func permit(
        _ route: Route, to key: APIKey, _ request: Request, at now: MonotonicInstant
    ) throws(APIError) {
        let isPermitted = route.access != .control || !key.isReadOnly
        if route.budget == .everyRequest || !isPermitted { try budgets.spend(key.id, at: now) }
        guard isPermitted else {
            throw APIError(.insufficientPermissions, "this API key may only read")
        }
        let takesBody = route.method != .get && route.method != .delete
        guard takesBody || !request.announcesBody else {
            throw APIError.invalid("body", "is not part of a \(route.method.rawValue) request")
        }
    }

    /// The key of a request; who has none is noted for whoever asks later.
    private func admitOrNote(_ request: Request, trace: RequestTrace) async throws -> APIKey {
        do throws(APIError) {
            return try admit(request, trace: trace)
        } catch {
            await events?.record(
                SecurityEvent(.authenticationFailed(source: trace.source), at: trace.startedAt))
            throw error
        }
    }

    private func admit(_ request: Request, trace: RequestTrace) throws(APIError) -> APIKey {
        let refusal: APIError
        switch Credentials(request.headers) {
        case .absent: refusal = .noKey
        case .malformed: refusal = .unknownKey
        case .presented(let text):
            switch keys.verdict(on: text, at: trace.startedAt.wall) {
            case .valid(let key): return key
            case .expired: refusal = .expiredKey
            case .unknown: refusal = .unknownKey
            }
        }
        logger.warning(
            "authentication failed",
            metadata: trace.metadata(key: nil).merging(
                ["reason": .string(refusal.code.rawValue)], uniquingKeysWith: { $1 }))
        try budgets.failAuthentication(of: trace.source, at: trace.startedAt.monotonic)
        throw refusal
    }
}

extension APIError {
    /// RFC 9110 wants a 401 to name a scheme; browsers ask nobody for a bearer token.
    private static let challenge = [HTTPField(name: .wwwAuthenticate, value: "Bearer")]

    fileprivate static var noKey: APIError {
        APIError(
            .unauthorized,
            "an API key is needed, as `x-api-key: KEY` or `Authorization: Bearer KEY`",
            headers: challenge)
    }

    fileprivate static var unknownKey: APIError {
        APIError(.invalidAPIKey, "this API key is not valid", headers: challenge)
    }

    fileprivate static var expiredKey: APIError {
        APIError(.expiredToken, "this API key has expired; ask for a new one", headers: challenge)
    }

    fileprivate static var unexpected: APIError {
        APIError(
            .internalError,
            "something went wrong in the agent; its log has more under this request id")
    }

    fileprivate static func methodNotAllowed(
        _ method: HTTPRequest.Method, allowed: [HTTPRequest.Method]
    ) -> APIError {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        return APIError(
            .methodNotAllowed, "this path takes \(names)",
            headers: [HTTPField(name: .allow, value: names)])
    }
}
