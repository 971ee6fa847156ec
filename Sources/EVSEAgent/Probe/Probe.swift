import ChargerDriver
import DeviceProfiles
import LibmodbusBus
import Modbus

/// Connects to an address, identifies what is there, and reads it.
struct Probe {
    /// Of Modbus TCP (IANA).
    static let standardPort: UInt16 = 502

    var address: BusAddress
    /// How a serial line is set.
    var line: LineSettings?
    /// nil asks under the unit id of each profile.
    var unit: UInt8?
    var timeout: Duration
    /// Says what is going on, while it takes its time.
    var tell: (String) -> Void

    func run(_ profiles: [DeviceProfile], chosen: DeviceProfile?) async -> ProbeReport {
        var report = ProbeReport(address: address.description)
        var session = ProbeSession(
            BusFactory.bus(
                // A box whose TCP stack bears one connection a second is left alone for as long.
                at: address, line: line, gap: gap(profiles, chosen), reconnectFloor: .seconds(1)),
            timeout: timeout)
        do throws(ModbusError) {
            report.connectMilliseconds = try await session.connect().inMilliseconds
        } catch {
            report.problems.append(WireExplanation.ofConnecting(to: address.description, error))
            await session.end()
            return report
        }
        let candidates = chosen.map { [$0] } ?? profiles
        let identification = await identify(candidates, by: &session)
        report.add(identification)
        if let profile = chosen ?? Self.best(identification), !isDeaf(identification) {
            let unit = unit ?? profile.link.unit
            tell("reading \(profile.id)")
            report.add(await survey(profile, unit: unit, by: &session))
        }
        await session.end()
        explain(identification, chosen: chosen, in: &report)
        return report
    }

    private func identify(
        _ profiles: [DeviceProfile], by session: inout ProbeSession
    ) async -> WallboxIdentification {
        var identification = WallboxIdentification(profiles, unit: unit)
        while let request = identification.next() {
            let outcome = await session.read(request)
            if case .failure(.timeout) = outcome.result {
                tell("unit \(request.unit) does not answer, going on")
            }
            identification.completed(outcome.result)
        }
        return identification
    }

    private func survey(
        _ profile: DeviceProfile, unit: UInt8, by session: inout ProbeSession
    ) async -> ValueSurvey {
        var survey = ValueSurvey(profile, unit: unit)
        while let request = survey.next() {
            let outcome = await session.read(request)
            survey.completed(outcome.result, took: outcome.took)
        }
        return survey
    }

    /// The profile that fits best; nil where none does.
    private static func best(_ identification: WallboxIdentification) -> DeviceProfile? {
        identification.verdicts.first { $0.verdict.isFitting }?.profile
    }

    private func isDeaf(_ identification: WallboxIdentification) -> Bool {
        identification.answeringUnits.isEmpty && !identification.silentUnits.isEmpty
    }

    // MARK: - In words

    private func explain(
        _ identification: WallboxIdentification, chosen: DeviceProfile?,
        in report: inout ProbeReport
    ) {
        if isDeaf(identification) {
            report.problems.append(whyDeaf(identification))
            return
        }
        let verdicts = identification.verdicts
        guard let chosen else {
            if !verdicts.contains(where: { $0.verdict.isFitting }) {
                report.problems.append(
                    """
                    something answers in Modbus and is none of the known wallboxes. If you know which \
                    it is, name its profile: --profile NAME (evse-agent devices lists them)
                    """)
            }
            return
        }
        if case .differs(let reason)? = verdicts.first?.verdict {
            report.problems.append(
                """
                the device is not a \(chosen.title): \(reason). The agent would write nothing to it. \
                Leave --profile out to see what it is
                """)
        }
        for silent in identification.silentUnits {
            report.problems.append(
                "unit \(silent) does not answer; check the wallbox's unit id and give ?unit=N")
        }
    }

    /// The longest gap between two requests that a wallbox wants which it may be.
    private func gap(_ profiles: [DeviceProfile], _ chosen: DeviceProfile?) -> Duration {
        (chosen.map { [$0] } ?? profiles).map(\.link.requestGap).reduce(.zero, max)
    }

    private func whyDeaf(_ identification: WallboxIdentification) -> String {
        let units = identification.silentUnits
        guard case .tcp(let server) = address else {
            return WireExplanation.ofSilence(on: address, units: units)
        }
        let request = ModbusRequest(
            unit: units.first ?? 1, operation: .readHoldingRegisters(address: 0, count: 1))
        do throws(ModbusError) {
            let dialect = try WireSniffer.ask(
                request, host: server.host, port: UInt16(server.port), timeout: timeout)
            return WireExplanation.ofSilence(
                dialect, units: units, address: address.description)
        } catch {
            return WireExplanation.ofConnecting(to: address.description, error)
        }
    }
}
