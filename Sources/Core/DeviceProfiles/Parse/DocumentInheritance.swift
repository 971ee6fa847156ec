/// The stage between text and meaning: a document that extends another becomes one document.
///
/// Mappings are merged key by key; lists and single values are replaced; a key that is given nothing
/// (`~`) is removed. What says which wallbox this is (``ownKeys``) is never inherited.
struct DocumentInheritance {
    private let text: (String) -> String?
    private var diagnostics = DiagnosticList()

    /// What every profile says of itself.
    private static let ownKeys = [
        "profile", "title", "vendor", "model", "source", "extends", "address-shift",
    ]
    /// More generations than these nobody can read.
    private static let maximumDepth = 4

    /// - Parameter text: The text of the profile of a name; nil when there is none.
    static func resolve(
        _ document: DocumentNode, id: String, text: @escaping (String) -> String?
    ) -> (document: DocumentNode?, diagnostics: DiagnosticList) {
        var inheritance = DocumentInheritance(text: text)
        let resolved = inheritance.resolved(document, line: [id])
        return (resolved, inheritance.diagnostics)
    }

    private init(text: @escaping (String) -> String?) {
        self.text = text
    }

    /// - Parameter line: The profile itself and its descendants, the youngest first.
    private mutating func resolved(_ document: DocumentNode, line: [String]) -> DocumentNode? {
        guard let extends = document["extends"] else {
            if let shift = document["address-shift"] {
                diagnostics.error(
                    shift.place, "there are no inherited registers to shift",
                    "Say with 'extends' whose they are, or remove 'address-shift'")
            }
            return document
        }
        guard case .scalar(let name) = extends.content, ScalarSyntax.isName(name) else {
            diagnostics.error(
                extends.place, "\(extends.kind) stands where the name of a profile belongs",
                "Give the name of a file beside this one, without '.yaml'")
            return nil
        }
        guard !line.contains(name), line.count < Self.maximumDepth else {
            let names = (line + [name]).map { "'\($0)'" }.joined(separator: " extends ")
            diagnostics.error(
                extends.place, line.contains(name) ? "\(names)" : "\(names): that is too deep",
                "A profile is extended by others that say what they have different")
            return nil
        }
        guard let parent = parent(name, extends.place, line: line) else { return nil }
        let shift = shift(document)
        let inherited = parent.inherited(from: name, at: extends.place).without(Self.ownKeys)
        return inherited.shifted(by: shift).overlaid(with: document)
    }

    private mutating func parent(
        _ name: String, _ place: Place, line: [String]
    ) -> DocumentNode? {
        guard let text = text(name) else {
            diagnostics.error(
                place, "there is no profile '\(name)' to extend",
                "Give the name of a file beside this one, without '.yaml'")
            return nil
        }
        let parsed = DocumentParser.parse(text)
        diagnostics.append(parsed.diagnostics, inheritedFrom: name, at: place)
        guard let document = parsed.document else { return nil }
        let own = diagnostics
        diagnostics = DiagnosticList()
        let resolved = resolved(document, line: line + [name])
        let found = diagnostics
        diagnostics = own
        diagnostics.append(found, inheritedFrom: name, at: place)
        return resolved
    }

    private mutating func shift(_ document: DocumentNode) -> Int {
        guard let node = document["address-shift"] else { return 0 }
        guard case .scalar(let text) = node.content, let shift = ScalarSyntax.whole(text),
            -65535...65535 ~= shift
        else {
            diagnostics.error(
                node.place, "\(node.kind) is not a whole number from -65535 to 65535",
                "Say how far every inherited register moves")
            return 0
        }
        return Int(shift)
    }
}

extension DocumentNode {
    fileprivate subscript(key: String) -> DocumentNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    private var isNothing: Bool { content == .scalar("") }

    fileprivate func without(_ keys: [String]) -> DocumentNode {
        guard case .mapping(let entries) = content else { return self }
        return DocumentNode(
            place: place, content: .mapping(entries.filter { !keys.contains($0.key) }))
    }

    /// The same with every place at the key that inherits it.
    fileprivate func inherited(from profile: String, at heir: Place) -> DocumentNode {
        let place = place.inherited(from: profile, at: heir)
        switch content {
        case .scalar: return DocumentNode(place: place, content: content)
        case .sequence(let elements):
            return DocumentNode(
                place: place,
                content: .sequence(elements.map { $0.inherited(from: profile, at: heir) }))
        case .mapping(let entries):
            return DocumentNode(
                place: place,
                content: .mapping(
                    entries.map {
                        Entry(
                            key: $0.key, keyPlace: $0.keyPlace.inherited(from: profile, at: heir),
                            value: $0.value.inherited(from: profile, at: heir))
                    }))
        }
    }

    fileprivate func overlaid(with heir: DocumentNode) -> DocumentNode {
        guard case .mapping(let old) = content, case .mapping(let new) = heir.content else {
            return heir
        }
        let kept = old.compactMap { entry -> Entry? in
            guard let own = new.first(where: { $0.key == entry.key }) else { return entry }
            guard !own.value.isNothing else { return nil }
            return Entry(
                key: own.key, keyPlace: own.keyPlace, value: entry.value.overlaid(with: own.value))
        }
        let added = new.filter { own in !old.contains { $0.key == own.key } }
        return DocumentNode(place: heir.place, content: .mapping(kept + added))
    }

    // MARK: - Addresses

    /// Moves everything that is an address of a register.
    fileprivate func shifted(by shift: Int) -> DocumentNode {
        guard shift != 0 else { return self }
        return changing("registers") { $0.changingAll { $0.changing("at") { $0.plus(shift) } } }
            .changing("link") {
                $0.changing("block") { $0.changing("barriers") { $0.plus(shift) } }
            }
            .changing("deny") {
                $0.changingAll { denied in
                    ["at", "from", "to"].reduce(denied) { node, key in
                        node.changing(key) { $0.plus(shift) }
                    }
                }
            }
    }

    private func changing(_ key: String, _ change: (DocumentNode) -> DocumentNode) -> DocumentNode {
        guard case .mapping(let entries) = content else { return self }
        let changed = entries.map { entry in
            guard entry.key == key else { return entry }
            return Entry(key: entry.key, keyPlace: entry.keyPlace, value: change(entry.value))
        }
        return DocumentNode(place: place, content: .mapping(changed))
    }

    private func changingAll(_ change: (DocumentNode) -> DocumentNode) -> DocumentNode {
        switch content {
        case .scalar: return self
        case .sequence(let elements):
            return DocumentNode(place: place, content: .sequence(elements.map(change)))
        case .mapping(let entries):
            let changed = entries.map {
                Entry(key: $0.key, keyPlace: $0.keyPlace, value: change($0.value))
            }
            return DocumentNode(place: place, content: .mapping(changed))
        }
    }

    /// A number, or every one of a list; what is none stays, and is reported where it is read.
    private func plus(_ shift: Int) -> DocumentNode {
        switch content {
        case .sequence: return changingAll { $0.plus(shift) }
        case .scalar(let text):
            guard let number = ScalarSyntax.whole(text) else { return self }
            return DocumentNode(place: place, content: .scalar("\(number + Int128(shift))"))
        case .mapping: return self
        }
    }
}

extension Place {
    fileprivate func inherited(from profile: String, at heir: Place) -> Place {
        var place = heir
        place.origin = origin ?? Origin(profile: profile, line: line)
        return place
    }
}
