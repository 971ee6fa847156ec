import ActionStore
import ArgumentParser
import ChargeControl

struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Looks at the log of security and safety events.",
        subcommands: [Verify.self])

    /// What verifying shows, and what it cannot show, is in the help: a chain of hashes without an
    /// anchor outside of the computer proves less than it seems to.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract: "Checks that no line of the log was changed, removed or moved.",
            discussion: """
                Each line carries the hash of the one before. So a changed, missing or swapped line \
                shows, and the first one is printed. What does not show: lines missing at the end, \
                and a log that somebody who may write the files has made anew altogether. Against \
                that, note the last hash, which is printed, somewhere else from time to time, and \
                look later whether its line is still there.
                """)

        @Option(help: ArgumentHelp("The state directory.", valueName: "dir"))
        var stateDir: String?

        @Option(help: "The configuration file; its state-dir holds the log.")
        var config: String?

        @OptionGroup var deviceOptions: DeviceOptions

        func validate() throws {
            guard (stateDir == nil) != (config == nil) else {
                throw ValidationError("give either --state-dir or --config")
            }
        }

        func run() async throws {
            let directory = try directory()
            let verification: SecurityLog.Verification
            do throws(StoreError) {
                verification = try SecurityLog.verify(directory: directory)
            } catch {
                throw CommandFailure(error.forPeople)
            }
            switch verification {
            case .empty:
                throw CommandFailure("there is no log in \(directory)")
            case .broken(let file, let line, let reason):
                throw CommandFailure("\(file):\(line): \(reason)")
            case .intact(let first, let last, let hash):
                print("entries \(first) to \(last) are intact; the last hash is \(hash)")
            }
        }

        private func directory() throws -> String {
            if let stateDir { return stateDir }
            let catalog = try deviceOptions.catalog()
            return try ConfigurationFile.load(config ?? "", catalog: catalog).stateDirectory
        }
    }
}
