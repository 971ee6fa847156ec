import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus
import Testing
import WallboxModel

/// What a probe asks and concludes, against simulated wallboxes and against silence.
@Suite struct ProbeTests {
    private let now = MonotonicInstant(nanoseconds: 1_000_000_000)

    private func identify(
        _ profiles: [DeviceProfile], unit: UInt8? = nil,
        answer: (ModbusRequest) -> Result<ModbusResponse, ModbusError>
    ) -> (identification: WallboxIdentification, asked: [ModbusRequest]) {
        var identification = WallboxIdentification(profiles, unit: unit)
        var asked: [ModbusRequest] = []
        while let request = identification.next(), asked.count < 1_000 {
            asked.append(request)
            identification.completed(answer(request))
        }
        return (identification, asked)
    }

    private func answers(
        of box: inout SimulatedWallbox, to request: ModbusRequest
    ) -> Result<ModbusResponse, ModbusError> {
        switch box.respond(to: request, at: now) {
        case .response(let response): .success(response)
        case .exception(let exception): .failure(.exception(exception))
        case .silence: .failure(.timeout)
        }
    }

    private func ids(_ identification: WallboxIdentification) -> [String] {
        identification.verdicts.filter(\.verdict.isFitting).map(\.profile.id)
    }

    // MARK: - Identification

    /// Each of the two reference wallboxes is told from the other.
    @Test func aSimulatedWallboxIsIdentifiedAmongAll() throws {
        let profiles = try [
            DriverBench.profile("reference-7kw"), DriverBench.profile("reference-22kw"),
        ]
        for profile in profiles {
            var box = SimulatedWallbox(profile: profile, at: now)
            let (identification, asked) = identify(profiles) { answers(of: &box, to: $0) }
            #expect(ids(identification) == [profile.id])
            #expect(asked.allSatisfy { !$0.operation.isWrite })
        }
    }

    @Test func aRegisterThatTwoProfilesAskForIsReadOnce() throws {
        let profile = try DriverBench.profile("reference-7kw")
        var twin = profile
        twin.id = "twin"
        var box = SimulatedWallbox(profile: profile, at: now)
        let (identification, asked) = identify([profile, twin]) { answers(of: &box, to: $0) }
        #expect(ids(identification) == [profile.id, "twin"])
        #expect(Set(asked).count == asked.count)
    }

    @Test func aSilentUnitIsNotAskedForEver() throws {
        let profiles = try (0..<10).map { number in
            var profile = try DriverBench.profile("reference-7kw")
            profile.id = "p\(number)"
            let rule = try #require(profile.identity.first)
            profile.registers[rule.register.rawValue].address += UInt16(number * 10)
            return profile
        }
        let (identification, asked) = identify(profiles) { _ in .failure(.timeout) }
        #expect(asked.count == WallboxIdentification.patience)
        #expect(identification.silentUnits == [profiles[0].link.unit])
        #expect(identification.answeringUnits == [])
        #expect(ids(identification) == [])
    }

    @Test func aRefusedIdentityIsAnotherDevice() throws {
        let profile = try DriverBench.profile("reference-7kw")
        let (identification, _) = identify([profile]) { _ in
            .failure(.exception(.illegalDataAddress))
        }
        guard case .differs = identification.verdicts.first?.verdict else {
            Issue.record("it is \(String(describing: identification.verdicts.first?.verdict))")
            return
        }
        #expect(identification.answeringUnits == [profile.link.unit])
    }

    @Test func theUnitThatIsGivenIsTheOneThatIsAsked() throws {
        let profiles = try [
            DriverBench.profile("reference-7kw"), DriverBench.profile("reference-22kw"),
        ]
        let (_, asked) = identify(profiles, unit: 42) { _ in
            .failure(.exception(.gatewayTargetFailedToRespond))
        }
        #expect(asked.map(\.unit) == [42, 42])
    }

    // MARK: - Survey

    @Test func everyReadableValueIsRead() throws {
        let profile = try DriverBench.profile("reference-22kw")
        var box = SimulatedWallbox(profile: profile, at: now)
        var survey = ValueSurvey(profile, unit: profile.link.unit)
        while let request = survey.next() {
            #expect(!request.operation.isWrite)
            survey.completed(answers(of: &box, to: request), took: .milliseconds(3))
        }
        #expect(survey.pilot == .state(.a))
        #expect(
            survey.rows.count == profile.registers.filter(\.isReadable).map(\.count).reduce(0, +))
        #expect(survey.rows.allSatisfy { $0.took == .milliseconds(3) })
        let voltage = try #require(survey.rows.first { $0.name == "voltages L1" })
        #expect(voltage.text == "230 V")
    }

    /// A wallbox that is set in watts has a setpoint in watts, and a version is no number.
    @Test(arguments: [
        ("delta-ac-max", "setpoint", "0 W"), ("keba-p40", "firmware", "1.2.1"),
    ])
    func valuesAreInTheirOwnUnits(device: String, name: String, text: String) throws {
        let profile = try DriverBench.profile(device)
        let id = try #require(profile.register(named: name))
        let canonical = name == "firmware" ? 1_002_001 : 0
        let value = DecodedValue.number(canonical: canonical, raw: 0)
        #expect(profile.wording(of: value, in: id) == text)
    }

    @Test func aDeviceThatFallsSilentIsLeftAlone() throws {
        let profile = try DriverBench.profile("reference-22kw")
        var survey = ValueSurvey(profile, unit: profile.link.unit)
        var asked = 0
        while survey.next() != nil {
            asked += 1
            survey.completed(.failure(.timeout), took: .seconds(1))
        }
        #expect(survey.isSilent)
        #expect(asked == ValueSurvey.patience)
        #expect(survey.rows.allSatisfy { $0.value == .unavailable(.notYetRead) })
    }

    @Test func aRefusedBlockIsSaidAndTheRestIsRead() throws {
        let profile = try DriverBench.profile("reference-22kw")
        var box = SimulatedWallbox(profile: profile, at: now)
        var survey = ValueSurvey(profile, unit: profile.link.unit)
        var isFirst = true
        while let request = survey.next() {
            let result =
                isFirst
                ? .failure(.exception(.illegalDataAddress)) : answers(of: &box, to: request)
            isFirst = false
            survey.completed(result, took: .zero)
        }
        let refused = survey.rows.filter { $0.value == .unavailable(.refused) }
        #expect(!refused.isEmpty)
        #expect(refused.count < survey.rows.count)
    }
}
