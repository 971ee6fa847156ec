/// One thing that is wrong, or doubtful, in a profile file: what, where, and what to do.
package struct ProfileDiagnostic: Hashable, Sendable {
    package var severity: Severity
    /// From 1.
    package var line: Int
    /// From 1, in characters.
    package var column: Int
    /// What is wrong, without a full stop.
    package var message: String
    /// What to do about it, without a full stop; empty when the message says it.
    package var remedy: String

    package enum Severity: String, Hashable, Sendable, CaseIterable {
        /// The file does not compile.
        case error
        /// It compiles, but probably does not mean what it says.
        case warning
        /// Something that a reader should know.
        case note
    }

    package init(
        _ severity: Severity, line: Int, column: Int, message: String, remedy: String = ""
    ) {
        self.severity = severity
        self.line = line
        self.column = column
        self.message = message
        self.remedy = remedy
    }

    /// `FILE:LINE:COLUMN: error: message. remedy`, as compilers write it and editors read it.
    package func rendered(file: String) -> String {
        let head = "\(file):\(line):\(column): \(severity.rawValue): \(message)"
        return remedy.isEmpty ? head : "\(head). \(remedy)"
    }
}
