import ChargeControl
import ChargeModel
import DeviceProfiles
import Modbus
import WallboxModel

/// Something that a client, a driver, the weather or the mains does to a simulation.
package enum Deed: Hashable, Sendable {
    // Clients.
    case push(ChargeCommand, SandboxOutcome?)
    /// In so long, and for a charge perhaps until so long after that.
    case pushLater(ChargeCommand, in: Duration, for: Duration?, isRelative: Bool, replaces: Bool)
    /// Cancels what was accepted last, whatever has become of it.
    case cancelLast
    case setRate(Watts)
    /// Slots in minutes from now; without any the schedule is removed.
    case schedule([Slot])

    // Drivers of vehicles.
    case plug(Vehicle)
    case unplug

    // Faults.
    case cutLink(hangsOnConnect: Bool, for: Duration)
    case noise(perThousand: Int, for: Duration)
    case reboot
    case replace(serial: String)
    /// Another device answers at the address.
    case impostor(for: Duration)
    case fault(WallboxFaults, for: Duration)
    case killAgent(for: Duration)
    case breakStore(StoreError, for: Duration)
    case stepClock(Duration)
    case distrustClock(for: Duration)

    package struct Slot: Hashable, Sendable {
        var start: Int
        var length: Int
    }

    /// Whether something goes wrong, as opposed to somebody using what there is.
    package var isFault: Bool {
        switch self {
        case .push, .pushLater, .cancelLast, .setRate, .schedule, .plug, .unplug: false
        case .cutLink, .noise, .reboot, .replace, .impostor, .fault, .killAgent, .breakStore,
            .stepClock, .distrustClock:
            true
        }
    }
}

extension Deed: CustomStringConvertible {
    package var description: String {
        switch self {
        case .push(let command, let sandbox):
            "push \(command.rawValue)" + (sandbox.map { " (sandbox, \($0.delay))" } ?? "")
        case .pushLater(let command, let start, let length, let isRelative, let replaces):
            "push \(command.rawValue) in \(start)" + (length.map { " for \($0)" } ?? "")
                + (isRelative ? ", relative" : "") + (replaces ? ", replaces" : "")
        case .cancelLast: "cancel what was pushed last"
        case .setRate(let rate): "max_charge_rate \(rate)"
        case .schedule(let slots):
            slots.isEmpty
                ? "remove the schedule"
                : "schedule "
                    + slots.map { "\($0.length) min from +\($0.start) min" }
                    .joined(separator: ", ")
        case .plug(let vehicle):
            "plug in \(vehicle.phases) phases, \(vehicle.maximumCurrent), \(vehicle.manner)"
                + (vehicle.battery.map { ", battery \($0.charge) of \($0.capacity)" } ?? "")
        case .unplug: "unplug"
        case .cutLink(let hangs, let length):
            "cut the link for \(length)" + (hangs ? ", connecting hangs" : "")
        case .noise(let share, let length): "noise: \(share) of 1000, for \(length)"
        case .reboot: "the wallbox restarts"
        case .replace(let serial): "another wallbox in its place, serial \(serial)"
        case .impostor(let length): "another device at the address for \(length)"
        case .fault(let faults, let length): "\(words(faults)), for \(length)"
        case .killAgent(let length): "kill the agent, start it after \(length)"
        case .breakStore(let error, let length): "the store fails (\(error)) for \(length)"
        case .stepClock(let step): "set the wall clock by \(step)"
        case .distrustClock(let length): "the clock is not trusted for \(length)"
        }
    }

    private func words(_ faults: WallboxFaults) -> String {
        var words: [String] = []
        switch faults.writes {
        case .obeyed: break
        case .ignored: words.append("writes are ignored")
        case .delayed(let delay): words.append("writes take \(delay)")
        }
        if let limit = faults.cableLimit { words.append("a cable for \(limit)") }
        if let foreign = faults.foreignController {
            words.append("another controller writes \(foreign.setpoint) every \(foreign.period)")
        }
        if let exception = faults.exception { words.append("every answer is \(exception)") }
        if faults.isSilent { words.append("no answers") }
        if faults.isContactorWelded { words.append("a welded contactor") }
        if let defect = faults.defect {
            words.append("a defect (state \(defect.isUnavailable ? "F" : "E"))")
        }
        return words.joined(separator: ", ")
    }
}

/// A deed with its time and place.
package struct Happening: Hashable, Sendable {
    /// Its place in the whole plan: the same however many of the others are left out.
    package var number: Int
    /// Since the start.
    package var after: Duration
    /// nil where it is not about one of the stations.
    package var station: Int?
    package var deed: Deed
}

extension Happening: CustomStringConvertible {
    package var description: String {
        let place = station.map { "wallbox \($0)" } ?? "all"
        let milliseconds = after.milliseconds
        return "#\(number)  \(milliseconds / 1000).\("\(milliseconds % 1000 + 1000)".dropFirst()) s"
            + "  \(place): \(deed)"
    }
}
