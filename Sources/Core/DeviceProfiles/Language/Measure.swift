/// What a number measures.
enum Dimension: String, Hashable, Sendable {
    case current, voltage, power, energy, time

    /// The unit that the agent counts in.
    var canonicalUnit: String {
        switch self {
        case .current: "mA"
        case .voltage: "mV"
        case .power: "W"
        case .energy: "Wh"
        case .time: "ms"
        }
    }

    /// The unit symbols of this dimension, for messages.
    var symbols: [String] { Measure.all.filter { $0.dimension == self }.map(\.symbol) }
}

/// A unit that a profile may name, and the exact factor to the canonical unit of its dimension.
struct Measure: Hashable, Sendable {
    let symbol: String
    let dimension: Dimension
    let factor: Rational

    init?(_ symbol: some StringProtocol) {
        guard let measure = Self.all.first(where: { $0.symbol == symbol }) else { return nil }
        self = measure
    }

    private init(_ symbol: String, _ dimension: Dimension, _ factor: Int, per: Int = 1) {
        self.symbol = symbol
        self.dimension = dimension
        self.factor = Rational(Int128(factor), Int128(per)) ?? .one
    }

    /// VA and VAh stand in for W and Wh where a box measures no active power: never less than it.
    static let all: [Measure] = [
        Measure("A", .current, 1000), Measure("dA", .current, 100), Measure("cA", .current, 10),
        Measure("mA", .current, 1),
        Measure("V", .voltage, 1000), Measure("dV", .voltage, 100), Measure("mV", .voltage, 1),
        Measure("W", .power, 1), Measure("kW", .power, 1000), Measure("mW", .power, 1, per: 1000),
        Measure("VA", .power, 1),
        Measure("Wh", .energy, 1), Measure("kWh", .energy, 1000),
        Measure("MWh", .energy, 1_000_000), Measure("Ws", .energy, 1, per: 3600),
        Measure("VAh", .energy, 1),
        Measure("ms", .time, 1), Measure("s", .time, 1000), Measure("min", .time, 60_000),
        Measure("h", .time, 3_600_000),
    ]
}
