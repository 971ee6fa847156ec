import HTTPTypes

/// The codes that a client branches on.
package enum APIErrorCode: String, Sendable, CaseIterable {
    case invalidRequest = "INVALID_REQUEST"
    case unauthorized = "UNAUTHORIZED"
    case invalidAPIKey = "INVALID_API_KEY"
    case expiredToken = "EXPIRED_TOKEN"
    case insufficientPermissions = "INSUFFICIENT_PERMISSIONS"
    case hostNotAllowed = "HOST_NOT_ALLOWED"
    case originNotAllowed = "ORIGIN_NOT_ALLOWED"
    case notFound = "NOT_FOUND"
    case deviceNotFound = "DEVICE_NOT_FOUND"
    case actionNotFound = "ACTION_NOT_FOUND"
    case scheduleNotFound = "SCHEDULE_NOT_FOUND"
    case methodNotAllowed = "METHOD_NOT_ALLOWED"
    case conflict = "CONFLICT"
    case actionNotCancellable = "ACTION_NOT_CANCELLABLE"
    case payloadTooLarge = "PAYLOAD_TOO_LARGE"
    case unsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE"
    case commandNotSupported = "COMMAND_NOT_SUPPORTED"
    case executionNotSupported = "EXECUTION_NOT_SUPPORTED"
    case unsupportedParameter = "UNSUPPORTED_PARAMETER"
    case conflictStrategyNotSupported = "CONFLICT_STRATEGY_NOT_SUPPORTED"
    case startInPast = "START_IN_PAST"
    case startOutOfRange = "START_OUT_OF_RANGE"
    case invalidTimeWindow = "INVALID_TIME_WINDOW"
    case invalidSchedule = "INVALID_SCHEDULE"
    case idempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED"
    case unsupportedSetting = "UNSUPPORTED_SETTING"
    case unsupportedUnit = "UNSUPPORTED_UNIT"
    case settingOutOfRange = "SETTING_OUT_OF_RANGE"
    case rateLimitExceeded = "RATE_LIMIT_EXCEEDED"
    case internalError = "INTERNAL_ERROR"
    case serviceUnavailable = "SERVICE_UNAVAILABLE"
    case insufficientStorage = "INSUFFICIENT_STORAGE"

    /// The one status that goes with the code.
    package var status: HTTPResponse.Status {
        switch self {
        case .invalidRequest: .badRequest
        case .unauthorized, .invalidAPIKey, .expiredToken: .unauthorized
        case .insufficientPermissions, .hostNotAllowed, .originNotAllowed: .forbidden
        case .notFound, .deviceNotFound, .actionNotFound, .scheduleNotFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .conflict, .actionNotCancellable: .conflict
        case .payloadTooLarge: .contentTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .commandNotSupported, .executionNotSupported, .unsupportedParameter,
            .conflictStrategyNotSupported, .startInPast, .startOutOfRange, .invalidTimeWindow,
            .invalidSchedule, .idempotencyKeyReused, .unsupportedSetting, .unsupportedUnit,
            .settingOutOfRange:
            .unprocessableContent
        case .rateLimitExceeded: .tooManyRequests
        case .internalError: .internalServerError
        case .serviceUnavailable: .serviceUnavailable
        case .insufficientStorage: .init(code: 507, reasonPhrase: "Insufficient Storage")
        }
    }
}

/// An answer that is an error: what the client's program, and the person behind it, are told.
struct APIError: Error, Sendable {
    var code: APIErrorCode
    /// What is wrong, where, and what to do; never any internals.
    var message: String
    var details: JSON?
    var headers: [HTTPField] = []

    init(_ code: APIErrorCode, _ message: String, details: JSON? = nil, headers: [HTTPField] = []) {
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers
    }

    /// A field of the request, a query parameter or a header that cannot be used.
    static func invalid(_ field: String, _ message: String) -> APIError {
        let field = field.prefix(ofScalars: 128)
        return APIError(
            .invalidRequest, "`\(field)` \(message)", details: ["field": .string(field)])
    }

    /// A schedule that is understood and cannot be kept.
    static func invalidSchedule(_ field: String, _ message: String) -> APIError {
        APIError(
            .invalidSchedule, "`\(field)` \(message)", details: ["field": .string(field)])
    }

    /// An error that waiting cures.
    static func retryable(
        _ code: APIErrorCode, _ message: String, after delay: Duration, reason: String? = nil
    ) -> APIError {
        APIError(
            code, message, details: reason.map { ["reason": .string($0)] },
            headers: [HTTPField(name: .retryAfter, value: String(wholeSeconds(delay)))])
    }

    /// A duration in seconds for `Retry-After`, rounded up, at least 1.
    private static func wholeSeconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return max(1, seconds + (attoseconds > 0 ? 1 : 0))
    }
}

extension String {
    /// The first Unicode scalars, with a mark where something was cut off. (One character may have
    /// any number of them.)
    func prefix(ofScalars count: Int) -> String {
        let scalars = unicodeScalars
        guard let end = scalars.index(startIndex, offsetBy: count, limitedBy: endIndex),
            end < endIndex
        else { return self }
        return String(scalars[..<end]) + "..."
    }
}
