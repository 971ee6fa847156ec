import ChargeModel

extension DeviceProfile {
    /// How many connectors the station has, each a charger of its own.
    package var connectorCount: Int { connectors?.count ?? 1 }

    /// The profile as one connector of the station is read and written.
    ///
    /// - Parameter connector: Counted from 1; the profile as it comes from the file is that of the
    ///   first.
    /// - Precondition: The profile is that of the file, and the station has such a connector.
    package func selecting(connector: Int) -> DeviceProfile {
        precondition(
            1...connectorCount ~= connector && (connectors?.selected ?? 1) == 1,
            "\(id) has \(connectorCount) connectors, and \(connector) is selected")
        guard var traits = connectors else { return self }
        traits.selected = connector
        var profile = self
        profile.connectors = traits
        if !traits.units.isEmpty { profile.link.unit = traits.units[connector - 1] }
        if !traits.ports.isEmpty { profile.link.port = traits.ports[connector - 1] }
        profile.registers = registers.map { $0.moved(to: connector) }
        profile.readPlan = ReadPlanner.plan(profile.registers, profile.link)
        return profile
    }
}

extension Register {
    /// The same value of another connector.
    ///
    /// - Parameter connector: Counted from 1.
    func moved(to connector: Int) -> Register {
        var register = self
        let steps = connector - 1
        register.address = UInt16(truncatingIfNeeded: Int(address) + steps * connectorStride)
        if let bits {
            let shift = steps * connectorShift
            register.bits = BitSlice(mask: bits.mask << UInt64(shift), shift: bits.shift + shift)
        }
        return register
    }
}
