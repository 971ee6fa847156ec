import ActionStore
import ArgumentParser
import ChargeControl
import Foundation

/// For the bench: how long pages of actions take in a full store.
struct MeasureListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure-list",
        abstract: "Fills a database with actions and times pages of several lists.",
        shouldDisplay: false)

    @Option(help: "Where to make the database; nothing may be there yet.")
    var directory: String

    @Option var actions = 100_000
    @Option var rounds = 101

    func validate() throws {
        guard 1_000...1_000_000 ~= actions, 1...10_000 ~= rounds else {
            throw ValidationError("--actions is 1000 to 1000000, --rounds 1 to 10000")
        }
        guard !FileManager.default.fileExists(atPath: directory) else {
            throw ValidationError("\(directory) is there already; name a directory to be made")
        }
    }

    /// What is printed, as JSON.
    private struct Output: Encodable {
        struct List: Encodable {
            var name: String
            var offset: Int
            var total: Int
            var p50Milliseconds: Double
            var p99Milliseconds: Double
            var plan: [String]
        }

        var actions: Int
        var rounds: Int
        var lists: [List]
    }

    func run() async throws {
        let results: [ListMeasurement.Result]
        do throws(StoreError) {
            results = try await ListMeasurement.run(
                directory: directory, actions: actions, rounds: rounds)
        } catch {
            throw CommandFailure("the measurement failed: \(error.forPeople)")
        }
        let lists = results.map { result in
            Output.List(
                name: result.name, offset: result.offset, total: result.total,
                p50Milliseconds: milliseconds(result.medianNanoseconds),
                p99Milliseconds: milliseconds(result.p99Nanoseconds), plan: result.plan)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let output = try encoder.encode(Output(actions: actions, rounds: rounds, lists: lists))
        print(String(decoding: output, as: UTF8.self))
    }

    /// With three digits behind the point.
    private func milliseconds(_ nanoseconds: Int64) -> Double {
        (Double(nanoseconds) / 1_000).rounded() / 1_000
    }
}
