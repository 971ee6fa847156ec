/// One thing that is wrong or worth knowing in the configuration: where, what, and what to do.
struct ConfigurationDiagnostic: Hashable, Sendable {
    var severity: Severity
    var place: ConfigurationPlace
    /// What is wrong, without a full stop.
    var message: String
    /// What to do about it, without a full stop.
    var remedy: String

    enum Severity: String, Hashable, Sendable {
        /// The agent does not start.
        case error
        case warning
    }

    /// `FILE:LINE:COLUMN: error: message. remedy`, as compilers write it and editors read it.
    func rendered(file: String) -> String {
        "\(file):\(place.line):\(place.column): \(severity.rawValue): \(message). \(remedy)"
    }
}

/// A place in the file; both numbers from 1.
struct ConfigurationPlace: Hashable, Sendable, Comparable {
    var line: Int
    var column: Int

    static let start = ConfigurationPlace(line: 1, column: 1)

    static func < (left: ConfigurationPlace, right: ConfigurationPlace) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// Why a text is not the value that it should be. The place is added by who knows it.
struct ConfigurationProblem: Error, Hashable, Sendable {
    var message: String
    var remedy: String

    init(_ message: String, _ remedy: String) {
        self.message = message
        self.remedy = remedy
    }
}
