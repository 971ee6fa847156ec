/// One thing that the doctor has looked at.
struct Finding: Encodable, Equatable {
    enum Level: String, Encodable {
        case fine
        /// It works, and somebody should know.
        case warning
        /// The agent does not start, or not all of it works.
        case wrong
        /// It could not be looked at, for the reason given.
        case skipped
    }

    var level: Level
    /// What was looked at.
    var subject: String
    /// What was found.
    var detail: String
    /// What to do; empty where nothing is to be done.
    var remedy = ""

    static func fine(_ subject: String, _ detail: String) -> Finding {
        Finding(level: .fine, subject: subject, detail: detail)
    }

    static func skipped(_ subject: String, _ detail: String) -> Finding {
        Finding(level: .skipped, subject: subject, detail: detail)
    }
}

extension [Finding] {
    /// For a terminal: a line each, and what to do below it.
    var text: String {
        let width = map(\.subject.count).max() ?? 0
        return map { finding in
            let mark =
                switch finding.level {
                case .fine: "ok   "
                case .warning: "WARN "
                case .wrong: "WRONG"
                case .skipped: "-    "
                }
            let pad = String(repeating: " ", count: width - finding.subject.count)
            let indent = String(repeating: " ", count: width + 8)
            let remedy = finding.remedy.isEmpty ? "" : "\n\(indent)-> \(finding.remedy)"
            let detail = finding.detail.split(separator: "\n").joined(separator: "\n\(indent)")
            return "\(mark) \(finding.subject)\(pad)  \(detail)\(remedy)"
        }.joined(separator: "\n")
    }
}
