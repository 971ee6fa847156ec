/// Phases of the supply that a wallbox may load.
package struct PhaseSet: OptionSet, Hashable, Codable, Sendable {
    package var rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static let l1 = PhaseSet(rawValue: 1)
    package static let l2 = PhaseSet(rawValue: 2)
    package static let l3 = PhaseSet(rawValue: 4)
    package static let all: PhaseSet = [.l1, .l2, .l3]

    /// The numbers of the phases, from 0.
    package var indices: [Int] { (0..<3).filter { rawValue & (1 << UInt8($0)) != 0 } }

    /// `L1`, `L2`, `L3`.
    package var names: [String] { indices.map { "L\($0 + 1)" } }
}
