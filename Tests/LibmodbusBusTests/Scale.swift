import Foundation

/// How long the tests of R5 to R7 are. `scripts/check-lines` sets these for their full length, and
/// collects the rows of its table from what they print.
enum Scale {
    /// Transactions over TCP and with RTU frames on each kind of line; nil: as many as take seconds.
    static let transactions = setting("EVSE_LINE_TRANSACTIONS")
    /// Answers that come late, on each kind of line.
    static let lateAnswers = setting("EVSE_LATE_ANSWERS")

    /// How many links or lines there are at once: 64 in full, where nothing runs beside them.
    static func links(otherwise few: Int) -> Int { transactions == nil ? few : 64 }

    private static func setting(_ name: String) -> Int? {
        ProcessInfo.processInfo.environment[name].flatMap(Int.init)
    }

    /// Prints one row of the table.
    static func report(
        _ medium: String, _ client: String, transactions: Int, faults: Int, answered: Int,
        wrong: Int, seconds: Duration
    ) {
        let tenths = Int(seconds / .milliseconds(100))
        let columns = [
            medium, client, "\(transactions)", "\(faults)", "\(answered)", "\(wrong)",
            "\(tenths / 10).\(tenths % 10)",
        ]
        print("check-lines: \(columns.joined(separator: "|"))")
    }
}
