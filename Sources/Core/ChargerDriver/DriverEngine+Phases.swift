import ChargeModel
import DeviceProfiles

// How many phases share what is set in watts.
extension DriverEngine {
    /// Counts anew with every poll. Another number makes the same power another current of each
    /// phase.
    mutating func countPhases(at now: TimePoint) {
        guard facts.isSetInWatts else { return }
        let before = livePhases.counted
        livePhases.polled(phaseEvidence(at: now.monotonic), at: now.monotonic)
        let after = livePhases.counted
        guard after != before else { return }
        reconciler.phasesChanged { [facts] limit in
            let profile = facts.profile
            return
                profile.power(for: limit, phases: before).map {
                    profile.limit(of: $0, phases: after)
                } ?? limit
        }
        updateReadings()
    }

    private func phaseEvidence(at now: MonotonicInstant) -> LivePhases.Evidence {
        let switched = profile.registers(measuring: .livePhases).lazy
            .compactMap { values[$0]?.canonical }.first
        let currents = snapshot.currents.compactMap(\.value)
        let flowing =
            currents.count == snapshot.currents.count
            ? currents.count { $0 > .meterNoise } : nil
        return LivePhases.Evidence(
            isConnected: isDisturbed(at: now) ? nil : snapshot.pilot.value?.isVehicleConnected,
            isDrawing: snapshot.pilot.value?.isDrawing == true, switched: switched,
            flowing: flowing, banded: bandInForce)
    }

    /// The phases of the band that the power in force lies in.
    private var bandInForce: Int? {
        guard case .power(_, let bands) = profile.control.domain,
            let power = profile.control.readBack.flatMap({ values[$0]?.canonical })
        else { return nil }
        return bands.first { $0.watts.contains(power) }?.phases
    }

    /// Why a vehicle may not start that draws on more phases than are counted; nil when it may.
    var phaseProblem: String? {
        guard case .power(let voltage, _) = profile.control.domain, livePhases.most == 3,
            livePhases.counted < 3, let target, target.limit >= profile.control.minimum,
            snapshot.pilot.value?.isVehicleConnected == true,
            snapshot.pilot.value?.isDrawing == false
        else { return nil }
        let limit = gate.pass(target.limit, hardwareMaximum: snapshot.hardwareMaximum.value)
        let power = profile.power(for: limit, phases: livePhases.counted) ?? .zero
        let needed = profile.control.minimum.rawValue * 3 * voltage.rawValue / 1_000_000
        guard power.rawValue < needed else { return nil }
        return """
            how many phases the vehicle uses is not known, so it is offered what one may have \
            (\(power)); a vehicle on three phases needs \(needed) W to start: raise the limit, or \
            set 'vehicle-phases: 3' if every vehicle here charges on three phases
            """
    }
}
