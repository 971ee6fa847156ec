import AgentTestSupport
import DeviceProfiles
import Modbus
import Testing

/// A small wallbox for what the devices of the repository do not need all at once.
enum StepProfile {
    static func profile(
        setpoint: String = "scale: 0.1, unit: A", registers: [String] = [],
        control: [String] = [], heartbeat: String = "{ by: any-read, timeout: 60s }",
        failsafe: [String] = [], electrical: String = "{ phases: 3 }", more: [String] = []
    ) throws -> DeviceProfile {
        let isReplaced = { (key: String) in control.contains { $0.hasPrefix("\(key):") } }
        let standard = [
            "range: { minimum: 6A, maximum: 32A, step: 100mA }", "enabled: read-back",
            "charge: [ setpoint = limit ]", "limit: [ setpoint = limit ]", "idle: [ setpoint = 0 ]",
            "settle: 1s", "write-interval: 1s",
        ].filter { line in !isReplaced(String(line.prefix { $0 != ":" })) }
        let text = """
            profile: acme-box
            title: Acme Box
            vendor: Acme
            model: Box
            source: { document: "Manual", confidence: manual, verified-on-hardware: no }
            link: { unit-id: 1, block: { registers: 16, gap: 2 }, minimum-poll: 500ms }
            electrical: \(electrical)
            registers:
              mode:     { at: 10, type: u16, values: { 0: idle, 1: waiting, 2: charging } }
              plug:     { at: 11, type: u16 }
              uptime:   { at: 12, type: u16, unit: s }
              currents: { at: 14, type: u16, count: 3, scale: 0.1, unit: A }
              setpoint: { at: 40, type: u16, \(setpoint), write: single, persistence: volatile }
            \(registers.map { "  \($0)" }.joined(separator: "\n"))
            state:
              - { plug: { lacks: 0b1 }, is: A }
              - { mode: charging, is: C2 }
              - { mode: waiting, is: B2 }
              - { mode: idle, is: B1 }
            control:
            \((control + standard).map { "  \($0)" }.joined(separator: "\n"))
            heartbeat: \(heartbeat)
            failsafe: \(failsafe.isEmpty ? "none" : "")
            \(failsafe.map { "  \($0)" }.joined(separator: "\n"))
            \(more.joined(separator: "\n"))
            """
        let compilation = DeviceProfile.compile(text, id: "acme-box")
        let problems = compilation.diagnostics.map { $0.rendered(file: "f") }
        return try #require(compilation.profile, "\(problems)\n\(text)")
    }
}

/// Holding registers that hold what is written to them, and nothing else: a wallbox without a will
/// of its own.
final class RegisterBank: Sendable {
    private let words = Locked<[UInt16: UInt16]>([:])
    private let refused = Locked<[UInt16]>([])

    subscript(address: UInt16) -> UInt16 {
        get { words.withLock { $0[address] ?? 0 } }
        set { words.withLock { $0[address] = newValue } }
    }

    /// Writes to this address end in exception 3.
    func refuse(_ address: UInt16) {
        refused.withLock { $0.append(address) }
    }

    func answer(_ request: ModbusRequest) -> Result<ModbusResponse, ModbusError> {
        switch request.operation {
        case .readHoldingRegisters(let address, let count):
            .success(.registers((0..<count).map { self[address + $0] }))
        case .writeSingleRegister(let address, let value):
            write([value], at: address)
        case .writeMultipleRegisters(let address, let values):
            write(values, at: address)
        default: .failure(.exception(.illegalFunction))
        }
    }

    private func write(
        _ values: [UInt16], at address: UInt16
    ) -> Result<ModbusResponse, ModbusError> {
        guard !refused.withLock({ $0.contains(address) }) else {
            return .failure(.exception(.illegalDataValue))
        }
        for (offset, value) in values.enumerated() { self[address + UInt16(offset)] = value }
        return .success(.written)
    }
}

extension DriverBench {
    /// A bench with a bank of registers in place of the simulated wallbox, in which a vehicle is
    /// plugged in.
    static func onBank(_ profile: DeviceProfile) -> (bench: DriverBench, bank: RegisterBank) {
        var bench = DriverBench(profile)
        let bank = RegisterBank()
        bank[11] = 1
        bank[12] = 100
        bench.answer = { bank.answer($0) }
        return (bench, bank)
    }

    /// What was written, as address and value.
    var frames: [[UInt16]] {
        writes.compactMap { write in
            guard case .writeSingleRegister(let address, let value) = write.request.operation
            else { return nil }
            return [address, value]
        }
    }
}
