import ActionStore
import AgentRuntime
import ArgumentParser
import ChargeControl
import ChargeModel
import Foundation

extension APIEnvironment: ExpressibleByArgument {}

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Makes, lists and revokes API keys; also while the agent runs.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct StateOptions: ParsableArguments {
        @Option(help: "The configuration file; its state-dir holds the keys.")
        var config: String

        @OptionGroup var deviceOptions: DeviceOptions

        func store() throws -> ActionStore {
            try AgentComposition.openStore(try stateDirectory())
        }

        func stateDirectory() throws -> String {
            try ConfigurationFile.load(config, catalog: try deviceOptions.catalog()).stateDirectory
        }

        /// Notes in the security log what was done. It is done all the same if it cannot be noted.
        func note(_ kind: SecurityEvent.Kind, in directory: String) async {
            do throws(StoreError) {
                let log = try SecurityLog.open(directory: directory)
                await log.record(SecurityEvent(kind, at: SystemClock(trust: .auto).now()))
                guard log.lost > 0 else { return }
                tell("warning: the security log cannot be written")
            } catch {
                tell("warning: the security log cannot be written: \(error.forPeople)")
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create",
            abstract: "Makes a key and prints it, alone, on standard output. It is shown only once."
        )

        @OptionGroup var state: StateOptions

        @Option(help: "A name to know it by; without it one is made up.")
        var name: String?

        @Option(help: "sandbox sees simulated chargers, live sees the others.")
        var environment: APIEnvironment = .live

        @Option(help: "Only this user's chargers.")
        var user: String?

        @Flag(help: "May read and not change anything.")
        var readOnly = false

        func validate() throws {
            if let name, !(1...64 ~= name.count) || !name.allSatisfy(\.isNameCharacter) {
                throw ValidationError("a key name has 1 to 64 letters, digits, '-', '_' or '.'")
            }
        }

        func run() async throws {
            let made = APIKeyMaker.make(
                name: name ?? "key-\(Int.random(in: 100_000...999_999))",
                environment: environment, user: user, isReadOnly: readOnly, at: .current)
            let directory = try state.stateDirectory()
            let store = try AgentComposition.openStore(directory)
            do throws(StoreError) {
                let isTaken = try await store.keys().contains {
                    $0.name == made.key.name && $0.revokedAt == nil
                }
                guard !isTaken else { throw .unavailable(reason: taken(made.key.name)) }
                try await store.insert(made.key)
            } catch {
                throw CommandFailure("the key was not made: \(error.forPeople)")
            }
            await state.note(
                .keyCreated(id: made.key.id, name: made.key.name), in: directory)
            print(made.secret)
        }

        private func taken(_ name: String) -> String {
            "there is a key '\(name)' already. Choose another name, or revoke that one first"
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Lists the keys; what they are is not stored.")

        @OptionGroup var state: StateOptions

        func run() async throws {
            let keys = try await state.store().keys()
            if keys.isEmpty { tell("no keys yet; evse-agent keys create --config FILE makes one") }
            for key in keys {
                var words = [key.name, key.environment.rawValue]
                words.append(key.isReadOnly ? "read-only" : "read-write")
                if let user = key.user { words.append("user \(user)") }
                words.append("made \(key.createdAt.forPeople)")
                if let revoked = key.revokedAt { words.append("revoked \(revoked.forPeople)") }
                print(words.joined(separator: "  "))
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke",
            abstract: "Revokes a key; a running agent refuses it within a second.")

        @OptionGroup var state: StateOptions

        @Argument(help: "The key's name.")
        var name: String

        func run() async throws {
            let directory = try state.stateDirectory()
            let store = try AgentComposition.openStore(directory)
            guard try await store.revoke(name, at: .current) else {
                throw CommandFailure(
                    "there is no key '\(name)' that could be revoked; see evse-agent keys list")
            }
            await state.note(.keyRevoked(name), in: directory)
            tell("revoked \(name)")
        }
    }
}

extension Character {
    fileprivate var isNameCharacter: Bool {
        isASCII && (isLetter || isNumber || "-_.".contains(self))
    }
}

extension WallInstant {
    /// The computer's civil time now.
    static var current: WallInstant {
        WallInstant(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1000))
    }

    fileprivate var forPeople: String {
        Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            .formatted(.iso8601)
    }
}
