import ChargeModel
import Modbus

/// One mode of the fault catalogue (requirement R41): its name, what it does, where it can be played and
/// what it has to be given. Help, documents, the simulator and the tests are made from these.
package struct FaultMode: Sendable {
    package let name: String
    /// What it does, on one line.
    package let summary: String
    package let media: FaultMedia
    package let needs: [FaultFigure]
    package let effect: Effect

    package enum Effect: Sendable {
        case wire(@Sendable (FaultFigures) -> WireFault)
        case wallbox(@Sendable (inout WallboxFaults, FaultFigures) -> Void)
        case register(@Sendable (FaultFigures) -> WallboxFaults.RegisterFault.Kind)
    }

    /// Where a register is named, besides the figures.
    package var needsRegister: Bool {
        if case .register = effect { return true }
        return false
    }

    /// Whether it stands until it is ended; others strike single answers.
    package var stands: Bool {
        guard case .wire(let make) = effect else { return true }
        return make(FaultFigures()).isStanding
    }

    package var needsWords: Bool { needs.contains { $0.name == .words } }

    /// How it is asked for on a command line, with figures that it takes: `delay:milliseconds=300`.
    package var example: String {
        let figures = needs.map { "\($0.name)=\($0.example)" }
        let all = needsRegister ? ["register=power"] + figures : figures
        return all.isEmpty ? name : "\(name):\(all.joined(separator: ","))"
    }
}

/// The wires on which a fault can be played.
package struct FaultMedia: OptionSet, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let tcp = FaultMedia(rawValue: 1)
    /// RTU frames over TCP, as some gateways pass them on.
    package static let rtuOverTCP = FaultMedia(rawValue: 2)
    /// RTU on a serial line, or a pseudo-terminal that stands for one.
    package static let serial = FaultMedia(rawValue: 4)

    package static let connections: FaultMedia = [.tcp, .rtuOverTCP]
    package static let rtu: FaultMedia = [.rtuOverTCP, .serial]
    package static let all: FaultMedia = [.tcp, .rtuOverTCP, .serial]

    /// Such as `tcp, serial`.
    package var words: String {
        let names: [(FaultMedia, String)] = [
            (.tcp, "tcp"), (.rtuOverTCP, "rtu+tcp"), (.serial, "serial"),
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
    }
}

/// A figure that a fault is given.
package struct FaultFigure: Hashable, Sendable {
    package enum Name: String, Hashable, Sendable {
        case milliseconds, bytes, code, amperes, words
    }

    package let name: Name
    package let range: ClosedRange<Int>
    package let isOptional: Bool
    package let example: String

    static let milliseconds = FaultFigure(.milliseconds, 0...3_600_000, example: "300")
    static let bytes = FaultFigure(.bytes, 1...1000, example: "4")
    static let exception = FaultFigure(.code, 1...255, example: "6")
    static let errorCode = FaultFigure(.code, 0...0xFFFF, isOptional: true, example: "7")
    static let amperes = FaultFigure(.amperes, 0...1000, example: "10")
    static let words = FaultFigure(.words, 1...125, example: "1/2")

    private init(
        _ name: Name, _ range: ClosedRange<Int>, isOptional: Bool = false, example: String
    ) {
        self.name = name
        self.range = range
        self.isOptional = isOptional
        self.example = example
    }
}

/// The figures of a fault, once they are checked; those that it does not take are 0.
package struct FaultFigures: Hashable, Sendable {
    package var time = Duration.zero
    package var bytes = 0
    /// nil where none was given to a fault that takes one or not.
    package var code: Int?
    package var current = Milliamperes.zero
    package var words: [UInt16] = []

    var exception: ModbusException { ModbusException(rawValue: UInt8(clamping: code ?? 0)) }
}
