import ChargeModel

/// The last two stages: a document becomes a compiled profile, and everything that is wrong with it
/// becomes diagnostics.
///
/// Sections are read in an order in which each can refer to what came before: registers first. A
/// part that cannot be read gets a harmless stand-in, so that the rest is still checked; a profile
/// comes out only when there was no error at all.
struct ProfileCompiler {
    let id: String
    var diagnostics: DiagnosticList
    var registers: [RegisterDraft] = []
    /// The section `connectors`, which registers refer to.
    var connectors: ConnectorDraft?
    /// Where the profile says that the wallbox has no meter.
    var measuresNothing: Place?
    /// Everything that any section writes, as they are read.
    var writes: [RecordedWrite] = []

    init(id: String, diagnostics: DiagnosticList) {
        self.id = id
        self.diagnostics = diagnostics
    }

    mutating func compile(_ document: DocumentNode) -> DeviceProfile? {
        guard let file = section(document, "the profile", .profile) else { return nil }
        checkID(file)
        let title = text(file, "title")
        let vendor = text(file, "vendor")
        let model = text(file, "model")
        let source = source(file)
        let link = link(file)
        let electrical = electrical(file)
        readConnectors(file)
        readRegisters(file)
        let errors = diagnostics.errorCount
        let derived = derived(file)
        let stateRules = stateRules(file)
        let control = control(file, electrical)
        let failsafe = failsafe(file, control)
        let heartbeat = heartbeat(file, control, failsafe)
        let identity = identity(file)
        let denied = denied(file, control, failsafe)
        let manners = manners(file)
        checkRegisters(link, electrical, areSectionsRead: diagnostics.errorCount == errors)
        checkMeasurements(derived)
        checkConnectors()
        guard !diagnostics.hasErrors, let title, let vendor, let model, let source, let link,
            let electrical, let control, let heartbeat
        else { return nil }
        return DeviceProfile(
            id: id, title: title, vendor: vendor, model: model, source: source, link: link,
            electrical: electrical, connectors: connectors?.traits,
            registers: registers.map(\.register),
            readPlan: ReadPlanner.plan(registers.map(\.register), link), stateRules: stateRules,
            derived: derived, control: control, heartbeat: heartbeat, failsafe: failsafe,
            identity: identity, denied: denied, manners: manners)
    }

    /// The id is the file's name, and the file says it itself: a copied file that kept the name of
    /// its model is caught here.
    private mutating func checkID(_ file: Section) {
        guard let node = required(file, "profile"), let name = text(file, "profile") else { return }
        if !ScalarSyntax.isName(name) {
            diagnostics.error(
                node.place, "'\(name)' is no profile name",
                "Use lower-case letters, digits and hyphens: <vendor>-<model>")
        } else if name != id {
            diagnostics.error(
                node.place, "the profile is called '\(name)' and its file '\(id)'",
                "Give both the same name")
        }
    }
}

/// A register as it is read, with what the checks need to point at it.
struct RegisterDraft {
    var register: Register
    /// Of its name in the file.
    var place: Place
    var dimension: Dimension?
    /// The conditions of `if`, which are read once all registers are known.
    var gate: DocumentNode?
    /// Something about it could not be read: nothing more is concluded from it.
    var isBroken = false
    /// A rule, a command or another section refers to it.
    var isUsed = false
    /// It has been reported that it is written and has no `write`: once is enough.
    var isKnownUnwritable = false
}

extension DeviceProfile {
    /// Compiles the text of a profile file.
    ///
    /// Stages: parse (YAML with places), read and check (diagnostics with place and remedy),
    /// compile. All problems come out of one run; `profile` is nil when any of them is an error.
    ///
    /// - Parameters:
    ///   - id: The file's name without `.yaml`.
    ///   - parent: The text of the profile of a name, for one that extends it; nil when there is
    ///     none. Without it nothing can be extended.
    package static func compile(
        _ text: String, id: String, parent: @escaping (String) -> String? = { _ in nil }
    ) -> ProfileCompilation {
        var (document, diagnostics) = DocumentParser.parse(text)
        if let own = document {
            let resolved = DocumentInheritance.resolve(own, id: id, text: parent)
            document = resolved.document
            diagnostics.append(resolved.diagnostics)
        }
        guard let document else {
            return ProfileCompilation(profile: nil, diagnostics: diagnostics.sorted)
        }
        var compiler = ProfileCompiler(id: id, diagnostics: diagnostics)
        let profile = compiler.compile(document)
        return ProfileCompilation(
            profile: profile, diagnostics: compiler.diagnostics.sorted)
    }
}
