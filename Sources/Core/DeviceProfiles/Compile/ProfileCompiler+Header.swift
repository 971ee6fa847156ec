import ChargeModel
import Modbus

/// The sections `source`, `link` and `electrical`.
extension ProfileCompiler {
    mutating func source(_ file: Section) -> ProfileSource? {
        guard let section = section(file, "source", .source) else { return nil }
        let document = text(section, "document")
        let confidence: ProfileSource.Confidence? = word(section, "confidence")
        let isVerified = truth(section, "verified-on-hardware")
        guard let document, let confidence, let isVerified else { return nil }
        return ProfileSource(
            document: document, confidence: confidence, isVerifiedOnHardware: isVerified)
    }

    mutating func link(_ file: Section) -> LinkTraits? {
        guard let section = section(file, "link", .link) else { return nil }
        let port = whole(section, "port")
        let unit = whole(section, "unit-id")
        let gap = duration(section, "request-gap")
        let poll = duration(section, "minimum-poll")
        let timeout = duration(section, "response-timeout")
        let isSingle = truth(section, "single-connection")
        let delay = duration(section, "delay-after-connect")
        let line = section["serial"].flatMap { serial($0) }
        let block = block(section)
        guard let port, let unit, let gap, let poll, let timeout, let isSingle, let delay, let block
        else { return nil }
        return LinkTraits(
            port: UInt16(port), unit: UInt8(unit), requestGap: gap, minimumPoll: poll,
            responseTimeout: timeout, maximumBlock: block.registers, maximumGap: block.gap,
            barriers: block.barriers, isSingleConnection: isSingle, delayAfterConnect: delay,
            serial: line)
    }

    /// Line settings as the wallbox is delivered: `{ baud: 19200, parity: even, stop-bits: 1 }`.
    private mutating func serial(_ node: DocumentNode) -> SerialSettings? {
        guard let section = section(node, "'serial'", .serial) else { return nil }
        let baud = whole(section, "baud")
        let parity: SerialSettings.Parity? = word(section, "parity")
        let stopBits = whole(section, "stop-bits")
        guard let baud, let parity, let stopBits else { return nil }
        return SerialSettings(baud: baud, parity: parity, stopBits: stopBits)
    }

    private typealias Block = (registers: Int, gap: Int?, barriers: [UInt16])

    /// `block: single`, or `block: { registers: 125, gap: 8, barriers: [0x100] }`.
    private mutating func block(_ link: Section) -> Block? {
        let most = ModbusOperation.maximumReadCount
        guard let node = required(link, "block") else { return nil }
        guard case .mapping = node.content else {
            return value(node, "'single', or a mapping with 'registers' and 'gap'") {
                $0 == "single" ? (most, nil, []) : nil
            }
        }
        guard let section = section(node, "'block'", .block),
            let registers = whole(section, "registers"), let gap = whole(section, "gap")
        else { return nil }
        let barriers = section["barriers"].map { elements($0) } ?? []
        let addresses = barriers.compactMap { barrier in
            value(barrier, "a whole number from 0 to 65535") {
                ScalarSyntax.whole($0).flatMap { UInt16(exactly: $0) }
            }
        }
        return (registers, gap, addresses)
    }

    mutating func electrical(_ file: Section) -> ElectricalTraits? {
        guard
            let section = section(file, "electrical", .electrical),
            let phases = required(section, "phases")
        else { return nil }
        let count = value(phases, "1 or 3, the phases of the model") {
            ["1": 1, "3": 3][$0]
        }
        if let node = section["measures"],
            value(node, "'nothing'", { $0 == "nothing" ? true : nil }) != nil
        {
            measuresNothing = node.place
        }
        var ratedPower: Watts?
        if let node = section["rated-power"] {
            ratedPower = value(node, "a power from 1kW to 1MW, such as 22kW") {
                ScalarSyntax.quantity($0, .power).flatMap {
                    1000...1_000_000 ~= $0 ? Watts($0) : nil
                }
            }
        }
        return count.map { ElectricalTraits(phases: $0, ratedPower: ratedPower) }
    }
}
