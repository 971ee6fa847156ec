/// How bits are put on a serial line. All devices on one line have the same.
///
/// Source: MODBUS over Serial Line Specification and Implementation Guide V1.02, clauses 2.5.1 and 3.2.
package struct SerialSettings: Hashable, Codable, Sendable {
    /// Bits per second, one of ``bauds``.
    package var baud: Int
    package var parity: Parity
    /// Always 8 in RTU.
    package var dataBits: Int { 8 }
    /// 1 or 2.
    package var stopBits: Int

    package enum Parity: String, Hashable, Codable, Sendable, CaseIterable {
        case none
        case even
        case odd
    }

    /// What devices can be set to.
    package static let bauds = [
        1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600,
    ]
    package static let stopBitCounts = 1...2

    /// The specification asks for even parity and one stop bit (clause 2.5.1); most wallboxes come with
    /// no parity and one stop bit.
    package init(baud: Int = 9_600, parity: Parity = .none, stopBits: Int = 1) {
        self.baud = baud
        self.parity = parity
        self.stopBits = stopBits
    }

    /// How long one character takes: its start bit, its data, its parity bit, its stop bits.
    package var characterTime: Duration {
        let bits = 1 + dataBits + (parity == .none ? 0 : 1) + stopBits
        return .nanoseconds(1_000_000_000 * bits / baud)
    }

    /// The silence between two frames: 3.5 characters, and 1.75 ms where these would be shorter than
    /// at 19,200 baud (clause 2.5.1.1).
    package var frameGap: Duration {
        baud > 19_200 ? .microseconds(1_750) : characterTime * 7 / 2
    }
}

extension SerialSettings: CustomStringConvertible {
    /// As people write it, such as `19200 8E1`.
    package var description: String {
        let letter =
            switch parity {
            case .none: "N"
            case .even: "E"
            case .odd: "O"
            }
        return "\(baud) \(dataBits)\(letter)\(stopBits)"
    }
}
