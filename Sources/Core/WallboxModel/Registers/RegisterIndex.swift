import DeviceProfiles
import Modbus

/// Where the values of a profile lie, by unit, register space and address.
struct RegisterIndex: Hashable, Sendable {
    /// One value of the map: a register, or one element of an array.
    struct Span: Hashable, Sendable {
        var range: Range<Int>
        var register: RegisterID
        var element: Int
        var isReadable: Bool
    }

    private struct Space: Hashable {
        var unit: UInt8
        var space: RegisterSpace
        /// By address.
        var spans: [Span]
        var widest: Int
    }

    /// Why a read is not answered.
    enum Refusal: Hashable, Sendable {
        /// More registers than the wallbox reads at once.
        case tooLong
        /// Some of it is not there.
        case unknown
        /// It is there, and not in one piece.
        case scattered
    }

    private let spaces: [Space]
    /// nil when every value must be read by itself.
    private let maximumGap: Int?
    private let maximumBlock: Int
    private let barriers: [UInt16]

    init(_ profile: DeviceProfile, unit charger: UInt8, isThere: (RegisterID) -> Bool) {
        var spaces: [Space] = []
        for (index, register) in profile.registers.enumerated() where isThere(RegisterID(index)) {
            let unit = register.unit.resolved(charger: charger)
            let spans = (0..<register.count).map { element in
                let address = Int(register.address(ofElement: element))
                return Span(
                    range: address..<address + register.width, register: RegisterID(index),
                    element: element, isReadable: register.isReadable)
            }
            if let place = spaces.firstIndex(where: {
                $0.unit == unit && $0.space == register.space
            }) {
                spaces[place].spans += spans
                spaces[place].widest = max(spaces[place].widest, register.width)
            } else {
                spaces.append(
                    Space(
                        unit: unit, space: register.space, spans: spans, widest: register.width))
            }
        }
        for place in spaces.indices {
            spaces[place].spans.sort {
                ($0.range.lowerBound, $0.register) < ($1.range.lowerBound, $1.register)
            }
        }
        self.spaces = spaces
        maximumGap = profile.link.maximumGap
        maximumBlock = profile.link.maximumBlock
        barriers = profile.link.barriers
    }

    func hasUnit(_ unit: UInt8) -> Bool {
        spaces.contains { $0.unit == unit }
    }

    /// Whether a unit has functions for a space: those for registers every wallbox has.
    func hasSpace(_ space: RegisterSpace, unit: UInt8) -> Bool {
        switch space {
        case .holding, .input: true
        case .coil, .discrete: spaces.contains { $0.unit == unit && $0.space == space }
        }
    }

    /// The values that a request touches, by address.
    func spans(unit: UInt8, space: RegisterSpace, touching range: Range<Int>) -> [Span] {
        guard let space = spaces.first(where: { $0.unit == unit && $0.space == space }) else {
            return []
        }
        var low = 0
        var high = space.spans.count
        let start = range.lowerBound - space.widest + 1
        while low < high {
            let middle = (low + high) / 2
            if space.spans[middle].range.lowerBound < start {
                low = middle + 1
            } else {
                high = middle
            }
        }
        let near = space.spans[low...].prefix { $0.range.lowerBound < range.upperBound }
        var spans: [Span] = []
        spans.reserveCapacity(near.count)
        for span in near where span.range.overlaps(range) { spans.append(span) }
        return spans
    }

    /// Why a unit with this map refuses to read a range; nil when it does not.
    ///
    /// A range begins and ends within values, spans no gap that is wider than the profile allows and
    /// no barrier, and where the profile allows no gap it is exactly one value.
    func refusal(reading range: Range<Int>, _ spans: [Span]) -> Refusal? {
        guard range.count <= maximumBlock else { return .tooLong }
        guard spans.contains(where: \.isReadable) else { return .unknown }
        guard let maximumGap else {
            return spans.contains { $0.isReadable && $0.range == range } ? nil : .scattered
        }
        if barriers.contains(where: { range.lowerBound < $0 && range.upperBound > $0 }) {
            return .scattered
        }
        var covered = range.lowerBound
        for span in spans where span.isReadable {
            let gap = span.range.lowerBound - covered
            if gap > 0, covered == range.lowerBound || gap > maximumGap { return .unknown }
            covered = max(covered, span.range.upperBound)
        }
        return covered >= range.upperBound ? nil : .unknown
    }
}
