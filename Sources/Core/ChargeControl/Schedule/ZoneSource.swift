/// The zones that an engine goes by. They are no part of its state: whoever decodes an engine brings
/// them along (``Swift/CodingUserInfoKey/zones``).
struct ZoneSource: Codable, Sendable {
    let directory: any ZoneDirectory

    private enum NoKey: CodingKey {}

    init(_ directory: any ZoneDirectory) {
        self.directory = directory
    }

    init(from decoder: any Decoder) throws {
        directory = try decoder.zones
    }

    func encode(to encoder: any Encoder) throws {
        // An empty object: something has to stand there.
        _ = encoder.container(keyedBy: NoKey.self)
    }
}

/// The rules of one zone, which are kept by its name.
struct NamedZone: Codable, Sendable {
    let rules: any ZoneRules

    init(_ rules: any ZoneRules) {
        self.rules = rules
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let rules = try decoder.zones.zone(named: name) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "the zone \(name) is not known here")
        }
        self.rules = rules
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rules.name)
    }
}

extension CodingUserInfoKey {
    /// Where a decoder of engines has its ``ZoneDirectory``.
    package static var zones: CodingUserInfoKey? { CodingUserInfoKey(rawValue: "zones") }
}

extension Decoder {
    fileprivate var zones: any ZoneDirectory {
        get throws {
            let found = CodingUserInfoKey.zones.flatMap { userInfo[$0] }
            guard let zones = found as? any ZoneDirectory else {
                throw DecodingError.dataCorrupted(
                    DecodingError.Context(
                        codingPath: codingPath,
                        debugDescription: "engines are decoded with the zones of this machine"))
            }
            return zones
        }
    }
}
