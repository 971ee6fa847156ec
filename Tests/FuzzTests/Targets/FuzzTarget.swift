/// One kind of input that comes from outside, and what has to hold whatever it is (requirement R38).
///
/// The same bodies run in two ways: `scripts/fuzz` links them with libFuzzer and AddressSanitizer, and
/// ``CorpusTests`` replays the corpus, and damage to it, in every test run.
struct FuzzTarget: Sendable {
    /// Also the name of its corpus.
    let name: String
    /// - Throws: ``Unsound`` where something does not hold; any other error is a finding, too.
    let check: @Sendable ([UInt8]) throws -> Void

    static let all = [
        FuzzTarget(name: "modbus-replies", check: ModbusReplies.check),
        FuzzTarget(name: "serial-answers", check: SerialAnswers.check),
        FuzzTarget(name: "modbus-requests", check: ModbusRequests.check),
        FuzzTarget(name: "profiles", check: Profiles.check),
        FuzzTarget(name: "configurations", check: Configurations.check),
        FuzzTarget(name: "http-bodies", check: HTTPBodies.check),
        FuzzTarget(name: "times", check: Times.check),
        FuzzTarget(name: "stored-rows", check: StoredRows.check),
        FuzzTarget(name: "log-lines", check: LogLines.check),
    ]
}

/// What did not hold.
struct Unsound: Error, CustomStringConvertible {
    let description: String
}

/// - Throws: ``Unsound`` where the condition is false.
func hold(_ condition: Bool, _ what: @autoclosure () -> String) throws {
    if !condition { throw Unsound(description: what()) }
}
