import DeviceProfiles

extension DeviceProfile {
    /// Adds a register that is like another one but for what is changed.
    @discardableResult
    mutating func add(
        _ name: String, like other: String, at address: UInt16,
        _ change: (inout Register) -> Void = { _ in }
    ) -> RegisterID {
        var register = registers[id(other).rawValue]
        register.name = name
        register.address = address
        register.quantity = nil
        register.names = []
        change(&register)
        registers.append(register)
        return RegisterID(registers.count - 1)
    }

    /// The register of a name that is known to be there.
    func id(_ name: String) -> RegisterID {
        guard let id = register(named: name) else {
            preconditionFailure("\(self.id) has no register \(name)")
        }
        return id
    }
}
