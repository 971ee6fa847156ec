import ArgumentParser
import LibmodbusBus

/// For the bench: what our bus adds to one register read, against plain libmodbus in the same run.
struct CompareBusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare-bus",
        abstract: "Times one register read through the agent's bus and through plain libmodbus.",
        shouldDisplay: false)

    @Option(help: "A Modbus TCP server that answers two connections.")
    var connect: ListenAddress

    @Option var unit: UInt8 = 1
    @Option var address: UInt16 = 0
    @Option var rounds = 2_000

    func run() async throws {
        let result = try await BusComparison.run(
            host: connect.host, port: UInt16(connect.port), unit: unit, address: address,
            rounds: rounds)
        print(
            """
            {"rounds": \(rounds), \
            "plain_p50_us": \(microseconds(result.plain.medianNanoseconds)), \
            "plain_p99_us": \(microseconds(result.plain.p99Nanoseconds)), \
            "bus_p50_us": \(microseconds(result.bus.medianNanoseconds)), \
            "bus_p99_us": \(microseconds(result.bus.p99Nanoseconds)), \
            "added_p50_us": \(microseconds(result.addedMedianNanoseconds))}
            """)
    }

    private func microseconds(_ nanoseconds: Int64) -> String {
        "\(nanoseconds / 1_000).\(abs(nanoseconds) % 1_000 / 100)"
    }
}
