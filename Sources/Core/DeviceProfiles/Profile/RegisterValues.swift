/// The newest decoded value of every register of a profile.
package struct RegisterValues: Hashable, Codable, Sendable {
    /// By register, then by element; nil until read.
    private var values: [[DecodedValue?]]

    package init(_ profile: DeviceProfile) {
        self.init(profile.registers)
    }

    init(_ registers: [Register]) {
        values = registers.map { Array(repeating: nil, count: $0.count) }
    }

    package subscript(register: RegisterID, element: Int = 0) -> DecodedValue? {
        get { values[register.rawValue][element] }
        set { values[register.rawValue][element] = newValue }
    }
}
