/// The problems found so far. Every stage adds to it and goes on, so that one run tells them all.
struct DiagnosticList: Hashable, Sendable {
    private(set) var all: [ProfileDiagnostic] = []

    var errorCount: Int { all.count { $0.severity == .error } }

    var hasErrors: Bool { errorCount > 0 }

    mutating func error(_ place: Place, _ message: String, _ remedy: String) {
        add(.error, place, message, remedy)
    }

    mutating func warning(_ place: Place, _ message: String, _ remedy: String) {
        add(.warning, place, message, remedy)
    }

    mutating func append(_ other: DiagnosticList) {
        all += other.all
    }

    /// The problems of a profile that is extended, at the place of the key that does so.
    mutating func append(_ other: DiagnosticList, inheritedFrom profile: String, at place: Place) {
        for problem in other.all {
            var heir = place
            heir.origin = Place.Origin(profile: profile, line: problem.line)
            add(problem.severity, heir, problem.message, problem.remedy)
        }
    }

    /// In the order of the file; at one place in the order of finding.
    var sorted: [ProfileDiagnostic] {
        all.enumerated().sorted { left, right in
            (left.element.line, left.element.column, left.offset)
                < (right.element.line, right.element.column, right.offset)
        }.map(\.element)
    }

    private mutating func add(
        _ severity: ProfileDiagnostic.Severity, _ place: Place, _ message: String,
        _ remedy: String
    ) {
        let inherited = place.origin.map { "from '\($0.profile)', line \($0.line): " } ?? ""
        all.append(
            ProfileDiagnostic(
                severity, line: place.line, column: place.column, message: inherited + message,
                remedy: remedy))
    }
}
