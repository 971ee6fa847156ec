/// The identifier of a charger in the configuration and in the API, such as `device_ev_001`.
package struct ChargerID: RawRepresentable, Hashable, Codable, Sendable, Comparable {
    package var rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(_ value: String) { self.init(rawValue: value) }

    package static func < (left: ChargerID, right: ChargerID) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension ChargerID: CustomStringConvertible {
    package var description: String { rawValue }
}
