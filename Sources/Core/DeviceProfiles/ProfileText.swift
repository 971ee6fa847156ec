/// The text of a profile and of those that it extends: what it can be compiled from without their files.
package struct ProfileText: Hashable, Codable, Sendable {
    /// Which connector of a station it is for, counted from 1.
    package var connector: Int
    /// Its own first.
    package var files: [File]

    package struct File: Hashable, Codable, Sendable {
        package var id: String
        package var text: String

        package init(id: String, text: String) {
            self.id = id
            self.text = text
        }
    }

    package init(connector: Int, files: [File]) {
        self.connector = connector
        self.files = files
    }

    /// What it compiles to now; nil where it has errors.
    package var profile: DeviceProfile? {
        guard let own = files.first else { return nil }
        let compilation = DeviceProfile.compile(own.text, id: own.id) { id in
            files.first { $0.id == id }?.text
        }
        return compilation.profile?.selecting(connector: connector)
    }
}
