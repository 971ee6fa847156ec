import HTTPTypes
import HummingbirdCore
import NIOCore

/// One whole request as it leaves the channel: nothing of it is still under way, so an answer never
/// waits for a client that sends slowly.
struct ReceivedRequest: Sendable {
    var head: HTTPRequest
    /// The body, or the error that reading it throws: it is over ``HTTPLimits/bodyBytes``.
    var body: Result<ByteBuffer, NIOTooManyBytesError>

    var request: Request {
        switch body {
        case .success(let buffer): Request(head: head, body: RequestBody(buffer: buffer))
        case .failure(let error):
            Request(head: head, body: RequestBody(asyncSequence: RefusedBody(error: error)))
        }
    }
}

/// A body that is not there to be read: the first read throws.
private struct RefusedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer

    var error: NIOTooManyBytesError

    struct AsyncIterator: AsyncIteratorProtocol {
        var error: NIOTooManyBytesError

        mutating func next() async throws -> ByteBuffer? { throw error }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(error: error) }
}
