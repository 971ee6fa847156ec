import ChargeModel
import DeviceProfiles
import Hummingbird
import Modbus
import WallboxModel

/// The answer to `GET /`: what the wallbox physically is and does.
struct WallboxResponse: ResponseEncodable {
    var profile: String
    var unit: UInt8
    var serial: String
    var uptimeSeconds: Int64
    var isBooting: Bool
    var pilot: String
    var contactorClosed: Bool
    var contactorCycles: Int
    var setpointMilliamperes: Int
    /// nil where the wallbox is set in amperes.
    var setpointWatts: Int?
    /// The phases behind the contactor.
    var phases: Int
    /// Writes that the profile forbids.
    var deniedWrites: Int
    var phaseSwitchesUnderLoad: Int
    var isEnabled: Bool
    var limitMilliamperes: Int
    var offeredMilliamperes: Int
    var currentsMilliamperes: [Int]
    var voltagesMillivolts: [Int]
    var powerWatts: Int
    var energyTotalWattHours: Int
    var energySessionWattHours: Int
    var vehicle: VehicleResponse?
    var failsafe: FailsafeResponse
    var faults: [String]
    var connections: Int

    init(_ wallbox: SimulatedWallbox, wire: WireFaultPlan, connections: Int) {
        let truth = wallbox.truth
        profile = wallbox.profile.id
        unit = wallbox.unit
        serial = truth.serial
        uptimeSeconds = truth.uptime.components.seconds
        isBooting = truth.isBooting
        pilot = truth.pilot.rawValue
        contactorClosed = truth.isContactorClosed
        contactorCycles = truth.contactorCycles
        setpointMilliamperes = truth.setpoint.rawValue
        setpointWatts = truth.setpointPower?.rawValue
        phases = truth.phases
        deniedWrites = truth.deniedWrites
        phaseSwitchesUnderLoad = truth.phaseSwitchesUnderLoad
        isEnabled = truth.isEnabled
        limitMilliamperes = truth.limit.rawValue
        offeredMilliamperes = truth.offered.rawValue
        currentsMilliamperes = truth.currents.map(\.rawValue)
        voltagesMillivolts = truth.voltages.map(\.rawValue)
        powerWatts = truth.power.rawValue
        energyTotalWattHours = truth.energyTotal.rawValue
        energySessionWattHours = truth.energySession.rawValue
        vehicle = truth.vehicle.map { VehicleResponse($0) }
        failsafe = FailsafeResponse(truth.failsafe, at: truth.instant)
        faults = wire.rules.map { "\($0.fault)" } + wallbox.faults.names
        self.connections = connections
    }
}

struct VehicleResponse: ResponseEncodable {
    var phases: Int
    var maxCurrentMilliamperes: Int
    var maxPowerWatts: Int?
    var isAsking: Bool
    var isFull: Bool
    var chargeWattHours: Int?
    var stateOfChargePercent: Int?

    init(_ truth: VehicleTruth) {
        phases = truth.vehicle.phases
        maxCurrentMilliamperes = truth.vehicle.maximumCurrent.rawValue
        maxPowerWatts = truth.vehicle.maximumPower?.rawValue
        isAsking = truth.isAsking
        isFull = truth.isFull
        chargeWattHours = truth.charge?.rawValue
        stateOfChargePercent = truth.percent
    }
}

struct FailsafeResponse: ResponseEncodable {
    var isActive: Bool
    var isArmed: Bool
    var activations: Int
    var currentMilliamperes: Int
    var timeoutMilliseconds: Int64
    var millisecondsSinceContact: Int64

    init(_ truth: FailsafeTruth, at now: MonotonicInstant) {
        isActive = truth.isActive
        isArmed = truth.isArmed
        activations = truth.activations
        currentMilliamperes = truth.current.rawValue
        timeoutMilliseconds = truth.timeout.milliseconds
        millisecondsSinceContact = truth.lastContact.duration(to: now).milliseconds
    }
}

/// One entry of the answer to `GET /writes`.
struct WriteResponse: ResponseEncodable {
    /// Milliseconds since 1970.
    var time: Int64
    var peer: String
    var unit: UInt8
    var address: UInt16
    /// nil for addresses that the profile does not know.
    var register: String?
    var words: [UInt16]
    /// In the canonical unit of the register, such as milliamperes.
    var value: Int?
    /// `done`, `refused` or `unanswered`.
    var outcome: String
    /// The exception of a refused write.
    var exception: UInt8?

    init(_ entry: WriteLogEntry) {
        time = entry.time.wall.milliseconds
        peer = entry.peer
        unit = entry.access.unit
        address = entry.access.address
        register = entry.access.name
        words = entry.access.words
        value = entry.canonical
        switch entry.access.outcome {
        case .done: outcome = "done"
        case .unanswered: outcome = "unanswered"
        case .refused(let code): (outcome, exception) = ("refused", code.rawValue)
        }
    }
}

extension WallboxFaults {
    /// Each fault in a few words.
    fileprivate var names: [String] {
        var names: [String] = []
        if writes != .obeyed { names.append("writes \(writes)") }
        if let cableLimit { names.append("cable limit \(cableLimit)") }
        if let foreignController {
            names.append("foreign controller sets \(foreignController.setpoint)")
        }
        if let exception { names.append("answers \(exception)") }
        if isSilent { names.append("dead") }
        if let defect { names.append(defect.isUnavailable ? "unavailable" : "defect") }
        if isContactorWelded { names.append("welded contactor") }
        return names + registers.map { "register \($0.register.rawValue): \($0.kind)" }
    }
}
