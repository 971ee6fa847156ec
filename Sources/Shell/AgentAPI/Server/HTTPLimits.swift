/// Every bound of the HTTP server in one place; the defaults are the figures of requirement R34.
///
/// A connection costs the agent memory, a descriptor and a place among ``connections``, so each
/// phase of its life has a bound that the client cannot extend by sending slowly.
package struct HTTPLimits: Hashable, Sendable {
    /// Bytes of the request target, of the names and of the values of a request's fields together.
    package var headerBytes = 16 * 1024
    /// Fields of one request, trailers included.
    package var headerFields = 64
    /// Bytes of the request target (path and query).
    package var uriBytes = 2 * 1024
    /// Bytes of a request body after its transfer coding is taken off.
    package var bodyBytes = 64 * 1024

    /// From the first byte of a request, or from the opening of a connection, to the end of the
    /// head. Absolute: bytes that drip in do not extend it.
    package var headerDeadline = Duration.seconds(5)
    /// From the end of the head to the end of the body. Absolute.
    package var bodyDeadline = Duration.seconds(10)
    /// From the end of an answer to the first byte of the next request.
    package var idle = Duration.seconds(60)

    /// Open connections in total.
    package var connections = 64
    /// Open connections from one source address.
    package var connectionsPerSource = 16
    /// How long a connection must have been waiting for its client before it has to give its place
    /// to a new one when ``connections`` or ``connectionsPerSource`` is reached. A request that is
    /// being answered never gives way.
    package var yieldAfter = Duration.seconds(1)

    /// How long the network may take nothing of what was written before the client counts as gone.
    package var stalledWrite = Duration.seconds(30)
    /// How long an answer may still take after its client has closed its sending half.
    package var abandonedAnswer = Duration.seconds(5)
    /// How long input is read and dropped after the last answer, so that a reset caused by unread
    /// input does not destroy that answer on its way.
    package var linger = Duration.seconds(1)
    /// Bytes that are read and dropped after the last answer.
    package var lingerBytes = 1024 * 1024
    /// Bytes a client may send ahead while its request is being answered.
    package var pipelinedBytes = 16 * 1024
    /// From the request to shut down to the forceful end of what is still open.
    package var drain = Duration.seconds(1)

    package init() {}

    /// Raw bytes before a head is complete: leaves room for separators, and bounds padding (empty
    /// lines, spaces) that the limits of the parser do not count.
    var rawHeaderBytes: Int { 2 * headerBytes + 8 * headerFields }

    /// Raw bytes between a head and the end of its body. What goes beyond the body itself is framing:
    /// sizes of chunks, their extensions, trailers. A chunk of one byte takes six on the wire and
    /// costs the parser as much as a large one, so a body made of them ends well before its limit.
    var rawBodyBytes: Int { 2 * bodyBytes + rawHeaderBytes }
}
