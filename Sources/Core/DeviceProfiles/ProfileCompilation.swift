/// The profile language and what it compiles to.
///
/// This target owns the way from the text of a file in `devices/` to a ``DeviceProfile`` (`Parse`,
/// `Language`, `Compile`, `Diagnostics`), the codec of registers (`Codec`), states (`State`) and
/// commands (`Command`) in both directions, and the read plan. It reads no files, knows no clock, and
/// nothing in it is about one wallbox: what a wallbox needs and the language lacks is added to the
/// language.

/// What came of a profile file.
package struct ProfileCompilation: Hashable, Sendable {
    /// nil when there is any error.
    package var profile: DeviceProfile?
    /// Every problem of the file, in the order of its lines.
    package var diagnostics: [ProfileDiagnostic]
}
