import HTTPTypes

/// One method on one path.
package struct Route: Sendable {
    /// Who may use it.
    package enum Access: Sendable {
        /// Anybody, without a key.
        case open
        /// Every key.
        case read
        /// Keys that are not read-only.
        case control
    }

    /// What counts toward the rate limit of a key.
    enum Budget {
        case everyRequest
        /// The handler decides, once it knows what is asked: a stop is never refused.
        case decidedByHandler
    }

    enum Handler: Sendable {
        case open(@Sendable () -> Reply)
        case keyed(@Sendable (AgentRouter, Exchange) async throws -> Reply)
    }

    package let method: HTTPRequest.Method
    /// Such as `/ev-charger/{id}`, as in the OpenAPI document.
    package let pattern: String
    package let access: Access
    let budget: Budget
    let handler: Handler
    private let segments: [Substring]

    /// A route that needs a key.
    init(
        _ method: HTTPRequest.Method, _ pattern: String, access: Access = .read,
        budget: Budget = .everyRequest,
        handler: @escaping @Sendable (AgentRouter, Exchange) async throws -> Reply
    ) {
        self.init(method, pattern, access, budget, .keyed(handler))
    }

    /// A route that anybody may use.
    static func open(
        _ method: HTTPRequest.Method, _ pattern: String, handler: @escaping @Sendable () -> Reply
    ) -> Route {
        Route(method, pattern, .open, .everyRequest, .open(handler))
    }

    private init(
        _ method: HTTPRequest.Method, _ pattern: String, _ access: Access, _ budget: Budget,
        _ handler: Handler
    ) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.budget = budget
        self.handler = handler
        segments = pattern.split(separator: "/", omittingEmptySubsequences: false)
    }

    /// The value of `{id}` where the path fits (empty where the pattern has none); else nil.
    ///
    /// Nothing is normalised: a slash too many, or a percent sign, fits nothing.
    func match(_ path: [Substring]) -> String? {
        guard path.count == segments.count else { return nil }
        var parameter = ""
        for (segment, part) in zip(segments, path) {
            if segment.first == "{" {
                guard 1...128 ~= part.utf8.count, !part.utf8.contains(UInt8(ascii: "%")) else {
                    return nil
                }
                parameter = String(part)
            } else if segment != part {
                return nil
            }
        }
        return parameter
    }
}

/// All routes, searched in order. A table of our own in place of the framework's router, because that
/// one answers a wrong method like an unknown path, and takes `/x/` and `//x` for `/x`; and because
/// tests walk this one, and hold it against the OpenAPI document.
package struct RouteTable: Sendable {
    package let routes: [Route]

    enum Match {
        case found(Route, parameter: String)
        /// The path exists, with other methods.
        case wrongMethod(allowed: [HTTPRequest.Method])
        case none
    }

    func match(_ method: HTTPRequest.Method, _ path: String) -> Match {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        var allowed: [HTTPRequest.Method] = []
        for route in routes {
            guard let parameter = route.match(parts) else { continue }
            if route.method == method { return .found(route, parameter: parameter) }
            allowed.append(route.method)
        }
        return allowed.isEmpty ? .none : .wrongMethod(allowed: allowed)
    }
}
