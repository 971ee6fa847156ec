import HTTPTypes

extension HTTPField.Name {
    static let apiKey = literal("x-api-key")
    static let origin = literal("Origin")
    static let requestID = literal("x-request-id")
    static let idempotencyKey = literal("Idempotency-Key")
    static let lastEventID = literal("Last-Event-ID")

    private static func literal(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else {
            preconditionFailure("`\(text)` is not the name of a header field")
        }
        return name
    }
}
