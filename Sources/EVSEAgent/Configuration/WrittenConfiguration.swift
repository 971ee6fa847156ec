import Yams

/// A configuration file as its keys and what they say, whatever keys there are: to tell one from the
/// one before (requirement R44).
enum WrittenConfiguration {
    /// The keys are paths such as `api.listen` or `chargers[device_ev_001].max-current`: what is in a
    /// list goes by its name and not by its place, so that one more changes nothing of the others.
    ///
    /// - Parameter text: A file that ``ConfigurationParser`` has taken.
    static func values(of text: String) -> [(key: String, value: String)] {
        do {
            guard let root = try Yams.compose(yaml: text, .basic) else { return [] }
            return values(of: root, at: "")
        } catch {
            // Nothing is started with a file that is no YAML.
            return []
        }
    }

    private static func values(of node: Node, at path: String) -> [(key: String, value: String)] {
        switch node {
        case .scalar(let scalar):
            return [(path, scalar.string)]
        case .mapping(let mapping):
            return mapping.flatMap { key, value in
                let name = key.scalar?.string ?? ""
                return values(of: value, at: path.isEmpty ? name : "\(path).\(name)")
            }
        case .sequence(let sequence):
            let names = sequence.enumerated().map { name(of: $1) ?? "\($0 + 1)" }
            return [(path, names.joined(separator: "\n"))]
                + zip(names, sequence).flatMap { name, item in
                    item.scalar == nil ? values(of: item, at: "\(path)[\(name)]") : []
                }
        case .alias:
            return []
        }
    }

    private static func name(of item: Node) -> String? {
        item.scalar?.string ?? item.mapping?["id"]?.scalar?.string
            ?? item.mapping?["name"]?.scalar?.string
    }
}
