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

    /// Every limit from the minimum to the maximum goes out as at most that limit, and at least
    /// the minimum (requirements R1, R2).
    @Test("R1 no command carries more than the limit", arguments: try ProfileFile.all())
    func r01_noCommandCarriesMoreThanTheLimit(_ file: ProfileFile) throws {
        let profile = try file.profile()
        let setpoint = profile[profile.control.setpoint]
        let (least, most) = (profile.control.minimum.rawValue, profile.control.maximum.rawValue)
        for limit in least...most + 5000 {
            let operations = profile.operations(
                for: profile.control.limit, limit: Milliamperes(limit))
            for case .write(_, let operation) in operations
            where operation.address == setpoint.address {
                let written = try #require(setpoint.decode(operation.words[...]).canonical)
                try #require(written <= min(limit, most), "\(limit)")
                try #require(written >= least, "\(limit)")
            }
        }
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
        let profile = try file.profile()
        var read: [String] = []
        for block in profile.readPlan {
            #expect(1...profile.link.maximumBlock ~= Int(block.count))
            #expect(Int(block.address) + Int(block.count) <= 65536)
            #expect(profile.link.maximumGap != nil || block.entries.count == 1)
            for entry in block.entries {
                let register = profile[entry.register]
                read.append("\(register.name) \(entry.element)")
                #expect(register.isReadable)
                #expect(register.unit == block.unit)
                #expect(register.space == block.space)
                #expect(register.poll == block.poll)
                #expect(
                    Int(register.address(ofElement: entry.element))
                        == Int(block.address) + entry.offset)
                #expect(entry.offset + register.width <= Int(block.count))
            }
        }
        let wanted = profile.registers.filter { $0.isReadable && $0.poll != .never }.flatMap {
            register in (0..<register.count).map { "\(register.name) \($0)" }
        }
        #expect(read.sorted() == wanted.sorted())
    }
}

extension ModbusOperation {
    /// The words that a write carries.
    var words: [UInt16] {
        switch self {
        case .writeSingleRegister(_, let value): [value]
        case .writeMultipleRegisters(_, let values): values
        case .writeSingleCoil(_, let isOn): [isOn ? 1 : 0]
        case .readCoils, .readDiscreteInputs, .readHoldingRegisters, .readInputRegisters: []
        }
    }
}
