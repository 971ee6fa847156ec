import AgentTestSupport
import ChargeModel
import DeviceProfiles
import Modbus
import Testing

/// Every file in `devices/` against its vector file. Nothing here names a device: a new profile is
/// tested by being there.
@Suite("R1 device profiles")
struct ProfileConformanceTests {
    @Test func r01_thereAreProfiles() throws {
        #expect(try ProfileFile.all().count >= 4)
    }

    @Test(arguments: try ProfileFile.all())
    func profileCompilesWithoutDiagnostics(_ file: ProfileFile) {
        let compilation = ProfileFolder.compile(file.text, id: file.id)
        let problems = compilation.diagnostics.map { $0.rendered(file: "\(file).yaml") }
        #expect(problems == [])
        #expect(compilation.profile != nil)
    }

    @Test(arguments: try ProfileFile.all())
    func wordsOfTheVectorsMeanWhatTheVectorsSay(_ file: ProfileFile) throws {
        let (profile, vectors) = try (file.profile(), file.vectors())
        #expect(VectorCheck(profile, vectors).failures == [])
    }

    @Test(arguments: try ProfileFile.all())
    func vectorsCoverEveryRegisterNameSentinelStateAndCommand(_ file: ProfileFile) throws {
        let (profile, vectors) = try (file.profile(), file.vectors())
        #expect(VectorCoverage(profile, vectors).gaps == [])
    }

    @Test(arguments: try ProfileFile.all())
    func everyVectorFileHasAProfile(_ file: ProfileFile) throws {
        let profiles = try ProfileFile.all().map(\.id)
        #expect(try ProfileFile.vectorFileNames() == profiles)
    }

    // MARK: - Round trips

    /// Encoding what was decoded gives the same number again, over the ends and random samples of
    /// every register's range.
    @Test(arguments: try ProfileFile.all())
    func rawValuesSurviveARoundTrip(_ file: ProfileFile) throws {
        let profile = try file.profile()
        var random = SeededRandom(seed: 0x9E37)
        for register in profile.registers where !register.type.isText {
            for raw in samples(of: register, &random) {
                let words = try #require(register.encode(raw: raw))
                #expect(words.count == register.width)
                guard case .number(let canonical, let decoded) = register.decode(words[...]) else {
                    continue
                }
                #expect(decoded == raw, "\(register.name): \(raw), seed 0x9E37")
                expectRoundTrip(register, canonical)
            }
        }
    }

    private func samples(of register: Register, _ random: inout SeededRandom) -> [UInt64] {
        let largest =
            register.bits.map { $0.mask >> UInt64($0.shift) } ?? register.type.largestPattern
        let ends = [0, 1, largest / 2, largest / 2 + 1, largest - 1, largest]
        return ends + (0..<500).map { _ in UInt64.random(in: 0...largest, using: &random) }
    }

    private func expectRoundTrip(_ register: Register, _ canonical: Int) {
        if let words = register.encode(canonical: canonical, rounding: .nearest),
            !register.type.isFloat, register.scale.numerator >= register.scale.denominator
        {
            #expect(register.decode(words[...]).canonical == canonical, "\(register.name)")
        }
        // Rounded down is never above, however coarse the register.
        if let words = register.encode(canonical: canonical, rounding: .down),
            register.scale.numerator > 0, let down = register.decode(words[...]).canonical
        {
            #expect(down <= canonical, "\(register.name): \(canonical)")
        }
    }

    /// Every limit from the minimum to the maximum goes out as at most that limit, and at least the
    /// minimum, for as many phases as the vehicle may have (requirements R1, R2).
    @Test("R1 no command carries more than the limit", arguments: try ProfileFile.all())
    func r01_noCommandCarriesMoreThanTheLimit(_ file: ProfileFile) throws {
        let profile = try file.profile()
        let control = profile.control
        for phases in 1...profile.electrical.phases {
            for limit in limits(control) where !profile.isOff(limit, phases: phases) {
                let operations = profile.operations(
                    for: control.limit, limit: limit, phases: phases)
                for (register, words) in writes(operations, profile) {
                    let written = try #require(profile[register].decode(words[...]).canonical)
                    let current = current(written, control, phases: phases)
                    let most = min(limit, control.maximum)
                    try #require(current <= most, "\(limit), \(phases) phases: \(written)")
                    try #require(current >= control.minimum, "\(limit), \(phases) phases")
                }
            }
        }
    }

    /// Both ends, what lies around every tenth of an ampere, and random ones.
    private func limits(_ control: ControlTraits) -> [Milliamperes] {
        var random = SeededRandom(seed: 0x9E37)
        let range = control.minimum.rawValue...control.maximum.rawValue + 5000
        let tenths = stride(from: range.lowerBound, through: range.upperBound, by: 100)
        let near = tenths.flatMap { [$0 - 1, $0, $0 + 1] }.filter(range.contains)
        let others = (0..<500).map { _ in Int.random(in: range, using: &random) }
        return (near + others).map { Milliamperes($0) }
    }

    /// What goes to registers that take the limit.
    private func writes(
        _ operations: [CommandOperation], _ profile: DeviceProfile
    ) -> [(RegisterID, [UInt16])] {
        let takers = profile.control.limit.limitRegisters
        return operations.flatMap { operation -> [(RegisterID, [UInt16])] in
            switch operation {
            case .write(let unit, let write):
                takers.filter {
                    profile[$0].unit == unit && profile[$0].address == write.address
                        && profile[$0].width == write.words.count
                }.map { ($0, write.words) }
            case .when(_, let operations): writes(operations, profile)
            case .wait, .modify, .waitUntil: []
            }
        }
    }

    /// What a written value means for each phase of a vehicle on so many phases, rounded up.
    private func current(_ written: Int, _ control: ControlTraits, phases: Int) -> Milliamperes {
        guard case .power(let voltage, let bands) = control.domain else {
            return Milliamperes(written)
        }
        let band = bands.first { $0.watts.contains(written) }?.phases ?? 3
        let divisor = voltage.rawValue * min(phases, band)
        return Milliamperes((written * 1_000_000 + divisor - 1) / divisor)
    }

    // MARK: - States

    @Test(arguments: try ProfileFile.all())
    func faceOfEveryStateDecodesToItOrToTheNearest(_ file: ProfileFile) throws {
        let profile = try file.profile()
        for state in PilotState.allCases {
            var values = RegisterValues(profile)
            let faces = profile.face(of: state)
            for face in faces {
                let register = profile[face.register]
                let words = try #require(register.encode(face.raw))
                values[face.register] = register.decode(words[...])
            }
            let isExact = profile.exactFace(of: state) != nil
            guard !faces.isEmpty else {
                #expect(!isExact)
                continue
            }
            guard case .state(let shown) = profile.pilotState(values) else {
                Issue.record("\(file): the face of \(state.rawValue) is no state")
                continue
            }
            #expect(isExact == (shown == state))
            // A substitute never offers more than the state that it stands for.
            if state.isOffering == false, state != .b1 { #expect(!shown.isDrawing) }
        }
    }

    // MARK: - Read plan

    @Test(arguments: try ProfileFile.all())
    func readPlanReadsEveryValueOnceWithinTheLimitsOfTheLink(_ file: ProfileFile) throws {
        let whole = try file.profile()
        for connector in 1...whole.connectorCount {
            let profile = whole.selecting(connector: connector)
            var read: [String] = []
            for block in profile.readPlan {
                expectWithinLimits(block, profile)
                for entry in block.entries {
                    let register = profile[entry.register]
                    read.append("\(register.name) \(entry.element)")
                    expectBelongs(entry, register, block)
                }
            }
            let wanted = profile.registers.filter { $0.isReadable && $0.poll != .never }.flatMap {
                register in (0..<register.count).map { "\(register.name) \($0)" }
            }
            #expect(read.sorted() == wanted.sorted(), "connector \(connector)")
        }
    }

    private func expectWithinLimits(_ block: ReadBlock, _ profile: DeviceProfile) {
        let range = Int(block.address)..<Int(block.address) + Int(block.count)
        #expect(1...profile.link.maximumBlock ~= range.count)
        #expect(range.upperBound <= 65536)
        #expect(profile.link.maximumGap != nil || Set(block.entries.map(\.offset)) == [0])
        for barrier in profile.link.barriers.map({ Int($0) }) {
            #expect(
                barrier <= range.lowerBound || barrier >= range.upperBound,
                "\(range) reaches over \(barrier)")
        }
        // One that may not be there says nothing of others.
        let registers = block.entries.map { profile[$0.register] }
        #expect(Set(registers.map(\.gate)).count == 1)
        #expect(!registers.contains(where: \.isOptional) || Set(registers.map(\.name)).count == 1)
        // No gap is wider than the link allows.
        var covered = 0
        for entry in block.entries.sorted(by: { $0.offset < $1.offset }) {
            #expect(entry.offset - covered <= profile.link.maximumGap ?? 0)
            covered = max(covered, entry.offset + profile[entry.register].width)
        }
        #expect(covered == range.count)
    }

    private func expectBelongs(_ entry: ReadBlock.Entry, _ register: Register, _ block: ReadBlock) {
        #expect(register.isReadable)
        #expect(register.unit == block.unit)
        #expect(register.space == block.space)
        #expect(register.poll == block.poll)
        #expect(
            Int(register.address(ofElement: entry.element)) == Int(block.address) + entry.offset)
        #expect(entry.offset + register.width <= Int(block.count))
    }
}

extension ModbusOperation {
    /// The words that a write carries.
    var words: [UInt16] {
        switch self {
        case .writeSingleCoil(_, let isOn): [isOn ? 1 : 0]
        case .writeSingleRegister(_, let value): [value]
        case .writeMultipleRegisters(_, let values): values
        case .readCoils, .readDiscreteInputs, .readHoldingRegisters, .readInputRegisters: []
        }
    }
}

extension [CommandStep] {
    /// The registers that take the limit.
    var limitRegisters: [RegisterID] {
        flatMap { step -> [RegisterID] in
            switch step {
            case .write(let register, .limit): [register]
            case .when(_, let steps): steps.limitRegisters
            case .write, .modify, .wait, .waitUntil: []
            }
        }
    }
}
