/// What came of a profile file.
package struct ProfileCompilation: Hashable, Sendable {
    /// nil when there is any error.
    package var profile: DeviceProfile?
    /// Every problem of the file, in the order of its lines.
    package var diagnostics: [ProfileDiagnostic]
}
