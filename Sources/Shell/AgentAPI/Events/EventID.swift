/// The `id` of an event on the wire: `run-sequence`, where `run` is random in each process. Sequence
/// numbers begin anew with the agent, so a bare one would be taken for one of this run.
struct EventID: Hashable {
    let run: String
    let sequence: UInt64

    init(run: String, sequence: UInt64) {
        self.run = run
        self.sequence = sequence
    }

    /// nil where the text is no id of any run.
    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, let sequence = UInt64(parts[1]) else {
            return nil
        }
        self.init(run: String(parts[0]), sequence: sequence)
    }
}

extension EventID: CustomStringConvertible {
    var description: String { "\(run)-\(sequence)" }
}
