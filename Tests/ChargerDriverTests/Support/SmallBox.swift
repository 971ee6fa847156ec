import AgentTestSupport
import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing

/// A wallbox of a few registers, of which a test says what each of them holds: for what no simulated
/// wallbox would do.
struct SmallBox {
    let profile: DeviceProfile
    /// What the registers and bits hold; 0 where nothing is said.
    var image: [UInt16: UInt16]
    /// Addresses that answer in another way.
    var trouble: [UInt16: Trouble] = [:]

    enum Trouble: Hashable, Sendable {
        case silence
        case exception(ModbusException)
        /// The exception, and then the connection is closed.
        case exceptionAndGone
    }

    /// - Parameters:
    ///   - registers: More lines for `registers`.
    ///   - sections: More sections.
    init(
        registers: [String] = [], sections: [String] = [],
        identity: String = "{ layout: { from: 0 } }", connector: Int = 1,
        image: [UInt16: UInt16] = [:]
    ) throws {
        let text = """
            profile: small-box
            title: Small box
            vendor: Small
            model: Box
            source: { document: "none", confidence: reference, verified-on-hardware: no }
            link: { unit-id: 1, minimum-poll: 1s, block: { registers: 16, gap: 2 } }
            electrical: { phases: 3 }
            registers:
              layout:   { at: 4, type: u16, poll: once }
              mode:     { at: 10, type: u16, values: { 0: free, 1: waiting, 2: charging } }
              setpoint: { at: 20, type: u16, scale: 0.1, unit: A, write: single }
              currents: { at: 30, type: u16, count: 3, scale: 0.1, unit: A, outside-charging: zero }
            \(registers.map { "  " + $0 }.joined(separator: "\n"))
            state:
              - { mode: free, is: A }
              - { mode: waiting, is: B2 }
              - { mode: charging, is: C2 }
            control:
              range: { minimum: 6A, maximum: 32A, step: 100mA }
              enabled: read-back
              charge: [ setpoint = limit ]
              limit: [ setpoint = limit ]
              idle: [ setpoint = 0 ]
            heartbeat: { by: any-read, timeout: 60s }
            failsafe: none
            identity: \(identity)
            \(sections.joined(separator: "\n"))
            """
        let compilation = DeviceProfile.compile(text, id: "small-box")
        let problems = compilation.diagnostics.map { $0.rendered(file: "small-box") }
        profile = try #require(compilation.profile, "\(problems)").selecting(connector: connector)
        self.image = [4: 0x0104, 10: 1].merging(image) { $1 }
    }

    /// A driver with this box, and the addresses of its reads in their order.
    func bench() -> (bench: DriverBench, reads: Locked<[UInt16]>) {
        let reads = Locked<[UInt16]>([])
        let isGone = Locked(false)
        var bench = DriverBench(profile)
        let box = self
        bench.answer = { request in
            guard
                !isGone.withLock({
                    let gone = $0; $0 = false; return gone
                })
            else {
                return .failure(.connectionLost(errno: 104))
            }
            let address = request.operation.address
            if !request.operation.isWrite { reads.withLock { $0.append(address) } }
            switch box.trouble[address] {
            case .silence: return .failure(.timeout)
            case .exception(let exception): return .failure(.exception(exception))
            case .exceptionAndGone:
                isGone.withLock { $0 = true }
                return .failure(.exception(.illegalDataAddress))
            case nil: return .success(box.response(to: request.operation))
            }
        }
        bench.open()
        return (bench, reads)
    }

    private func response(to operation: ModbusOperation) -> ModbusResponse {
        guard !operation.isWrite else { return .written }
        let words = (0..<UInt16(operation.count)).map { image[operation.address + $0] ?? 0 }
        switch operation {
        case .readCoils, .readDiscreteInputs: return .bits(words.map { $0 == 1 })
        default: return .registers(words)
        }
    }
}
