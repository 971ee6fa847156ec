import ChargeModel
import DeviceProfiles
import Modbus

/// Reads every value of a profile once, as an installer wants to see them. It never writes. Pure: it
/// is asked ``next()`` and told what came of it with ``completed(_:took:)``.
package struct ValueSurvey: Sendable {
    package let profile: DeviceProfile
    package let unit: UInt8
    package private(set) var values: RegisterValues
    /// What was read so far, in the order of the reads.
    package private(set) var blocks: [Block] = []

    private var waiting: [ReadBlock]
    private var pending: ReadBlock?

    /// Silences in a row after which the rest is left out.
    package static let patience = 3

    /// One request and what came of it.
    package struct Block: Sendable {
        package var block: ReadBlock
        package var failure: ModbusError?
        /// From the request to its answer.
        package var took: Duration
    }

    /// One value of the profile.
    package struct Row: Sendable, Hashable {
        /// With the number of the phase for values of several.
        package var name: String
        /// The register's name in the profile.
        package var register: String
        package var value: DecodedValue
        /// With its unit.
        package var text: String
        /// How long its read took; nil when it was not read.
        package var took: Duration?
    }

    package init(_ profile: DeviceProfile, unit: UInt8) {
        self.profile = profile
        self.unit = unit
        values = RegisterValues(profile)
        // What is read once comes first: other values may depend on a firmware.
        waiting =
            profile.readPlan.filter { $0.poll == .once }
            + profile.readPlan.filter { $0.poll != .once }
    }

    // MARK: - Asking

    /// The next read; nil when all has been read.
    package mutating func next() -> ModbusRequest? {
        guard !isSilent else { return nil }
        while !waiting.isEmpty {
            let block = waiting.removeFirst()
            guard block.entries.allSatisfy({ isThere(profile[$0.register]) }) else { continue }
            pending = block
            return ModbusRequest(
                unit: block.unit.resolved(charger: unit), operation: block.operation)
        }
        return nil
    }

    package mutating func completed(
        _ result: Result<ModbusResponse, ModbusError>, took: Duration
    ) {
        guard let block = pending else { return }
        pending = nil
        switch result {
        case .success(let response):
            profile.decode(response.words, of: block, into: &values)
            for entry in block.entries {
                guard let value = values[entry.register, entry.element] else { continue }
                values[entry.register, entry.element] = profile.plausible(
                    value, in: entry.register, most: profile.mostPlausible(entry.register))
            }
            blocks.append(Block(block: block, failure: nil, took: took))
        case .failure(let error):
            for entry in block.entries {
                values[entry.register, entry.element] = .unavailable(
                    error.isRefusal ? .refused : .notYetRead)
            }
            blocks.append(Block(block: block, failure: error, took: took))
        }
    }

    /// Whether the device has stopped answering.
    package var isSilent: Bool {
        let last = blocks.suffix(Self.patience)
        return last.count == Self.patience
            && last.allSatisfy { $0.failure.map { !$0.isRefusal } ?? false }
    }

    /// A register of another firmware is not there.
    private func isThere(_ register: Register) -> Bool {
        register.gate.allSatisfy { condition in
            values[condition.register].map(condition.test.holds) ?? false
        }
    }

    // MARK: - What was found

    package var rows: [Row] {
        profile.registers.indices.flatMap { index -> [Row] in
            let id = RegisterID(index)
            let register = profile[id]
            guard register.isReadable else { return [] }
            return (0..<register.count).map { element in
                row(id, register, element)
            }
        }
    }

    private func row(_ id: RegisterID, _ register: Register, _ element: Int) -> Row {
        let read = blocks.first { block in
            block.block.entries.contains { $0.register == id && $0.element == element }
        }
        let missing = DecodedValue.unavailable(isThere(register) ? .notYetRead : .notProvided)
        let value = values[id, element] ?? missing
        return Row(
            name: register.count > 1 ? "\(register.name) L\(element + 1)" : register.name,
            register: register.name, value: value, text: profile.wording(of: value, in: id),
            took: read?.took)
    }

    /// The pilot state that the values make.
    package var pilot: PilotDecoding { profile.pilotState(values) }
}

extension ModbusError {
    /// Whether the device has answered, if only to refuse.
    fileprivate var isRefusal: Bool {
        if case .exception = self { true } else { false }
    }
}
