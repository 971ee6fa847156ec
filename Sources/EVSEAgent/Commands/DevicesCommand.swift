import ArgumentParser
import DeviceProfiles
import Foundation

struct DevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices", abstract: "Lists device profiles, or checks profile files.",
        subcommands: [List.self, Check.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the device profiles (default).")

        @OptionGroup var deviceOptions: DeviceOptions

        func run() async throws {
            let catalog = try deviceOptions.catalog()
            let width = catalog.profiles.map(\.id.count).max() ?? 0
            for profile in catalog.profiles {
                let name = profile.id.padding(toLength: width, withPad: " ", startingAt: 0)
                let hardware =
                    profile.source.isVerifiedOnHardware
                    ? "verified on hardware" : "not verified on hardware"
                print(
                    "\(name)  \(profile.title) (\(profile.source.confidence.rawValue), \(hardware))"
                )
            }
            for complaint in catalog.complaints { tell(complaint) }
            if !catalog.broken.isEmpty { throw ExitCode(1) }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Checks profile files and prints every problem with line, column and remedy.")

        @Argument(help: "Profile files; without any, all of the profile directory.")
        var files: [String] = []

        @OptionGroup var deviceOptions: DeviceOptions

        func run() async throws {
            guard !files.isEmpty else {
                let catalog = try deviceOptions.catalog()
                for complaint in catalog.complaints { print(complaint) }
                print("\(catalog.profiles.count) profiles compile, \(catalog.broken.count) do not")
                if !catalog.broken.isEmpty { throw ExitCode(1) }
                return
            }
            var hasErrors = false
            for file in files { hasErrors = try check(file) || hasErrors }
            if hasErrors { throw ExitCode(1) }
        }

        /// - Returns: Whether the file has errors.
        private func check(_ file: String) throws -> Bool {
            guard let data = FileManager.default.contents(atPath: file),
                let text = String(data: data, encoding: .utf8)
            else { throw CommandFailure("cannot read \(file) as UTF-8 text") }
            let url = URL(fileURLWithPath: file)
            let id = url.deletingPathExtension().lastPathComponent
            let result = DeviceProfile.compile(text, id: id, parent: parents(beside: url))
            for diagnostic in result.diagnostics { print(diagnostic.rendered(file: file)) }
            if result.profile != nil { print("\(file): fine") }
            return result.profile == nil
        }

        /// What a file may extend: a profile beside it, or one of the directory that is named.
        private func parents(beside file: URL) -> (String) -> String? {
            let folders =
                [file.deletingLastPathComponent().path] + [deviceOptions.devices].compactMap { $0 }
            let texts = folders.map { ProfileCatalog.texts(in: $0) }
            return { id in texts.lazy.compactMap { $0(id) }.first }
        }
    }
}
