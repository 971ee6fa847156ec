/// How a serial line is set: what both ends must agree on.
package struct SerialSettings: Hashable, Sendable {
    /// Bits a second, such as 9600, 19200, 57600 or 115200.
    package var baud: Int
    package var parity: Parity
    /// 1 or 2.
    package var stopBits: Int

    package enum Parity: String, Hashable, Sendable, CaseIterable {
        case none, even, odd
    }

    /// The Modbus standard is even parity with one stop bit (Modbus over Serial Line V1.02, clause
    /// 2.5.1); most wallboxes come with no parity and one stop bit. Always 8 data bits.
    package init(baud: Int = 9600, parity: Parity = .none, stopBits: Int = 1) {
        self.baud = baud
        self.parity = parity
        self.stopBits = stopBits
    }
}
