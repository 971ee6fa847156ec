import ChargeModel
import ChargerDriver
import DeviceProfiles
import Modbus

/// What a probe found, as a person reads it and as `--json` gives it.
struct ProbeReport: Encodable {
    var address: String
    /// nil where nothing connected.
    var connectMilliseconds: Double?
    var candidates: [Candidate] = []
    /// Unit ids that answered, and those that were asked and did not.
    var answeringUnits: [UInt8] = []
    var silentUnits: [UInt8] = []
    /// The profile by which the values were read.
    var profile: String?
    var unit: UInt8?
    /// IEC 61851-1; nil where the values make none.
    var pilotState: String?
    var values: [Value] = []
    /// What is wrong, and what to do, in words.
    var problems: [String] = []
    /// What to know before the agent drives this wallbox.
    var notes: [String] = []

    struct Candidate: Encodable {
        var profile: String
        var title: String
        var unit: UInt8
        /// `fits`, `differs` or `untold`.
        var verdict: String
        var because: [String]
    }

    struct Value: Encodable {
        var name: String
        /// With its unit; nil where there is none.
        var value: String?
        /// Why there is none.
        var absent: String?
        /// How long the read took that brought it; nil where it was not read.
        var milliseconds: Double?
        /// How often the agent reads it: `fast` with every poll, `slow` with every tenth, `once` after
        /// connecting.
        var polled: String
    }

    mutating func add(_ identification: WallboxIdentification) {
        answeringUnits = identification.answeringUnits
        silentUnits = identification.silentUnits
        candidates = identification.verdicts.map { entry in
            let (verdict, because) =
                switch entry.verdict {
                case .fits(let evidence): ("fits", evidence)
                case .differs(let reason): ("differs", [reason])
                case .untold(let reason): ("untold", [reason])
                }
            return Candidate(
                profile: entry.profile.id, title: entry.profile.title, unit: entry.unit,
                verdict: verdict, because: because)
        }
    }

    mutating func add(_ survey: ValueSurvey) {
        profile = survey.profile.id
        unit = survey.unit
        if case .state(let state) = survey.pilot { pilotState = state.rawValue }
        values = survey.rows.map { row in
            let polled = survey.profile.register(named: row.register).map {
                survey.profile[$0].poll.rawValue
            }
            var value = Value(
                name: row.name, milliseconds: row.took.map(\.inMilliseconds),
                polled: polled ?? PollClass.never.rawValue)
            if case .unavailable(let absence) = row.value {
                value.absent = absence.rawValue
            } else {
                value.value = row.text
            }
            return value
        }
        if survey.isSilent {
            problems.append(
                """
                the wallbox stopped answering: the rest was not read. It may bear fewer requests, \
                smaller ones, or close the connection after what it does not know
                """)
        }
        let refused = survey.blocks.filter { $0.failure != nil }.count
        if refused > 0, !survey.isSilent {
            notes.append(
                "\(refused) of \(survey.blocks.count) reads brought no values; see the reasons above"
            )
        }
        notes += Self.notes(on: survey.profile)
    }

    private static func notes(on profile: DeviceProfile) -> [String] {
        var notes: [String] = []
        if !profile.source.isVerifiedOnHardware {
            notes.append(
                """
                \(profile.id) was not verified on hardware (facts from \
                \(profile.source.confidence.rawValue)): compare the values with what the wallbox shows
                """)
        }
        switch profile.failsafe?.direction {
        case nil: notes.append("no failsafe is known: without the agent it keeps its limit")
        case .up: notes.append("without the agent this wallbox RISES to its own maximum")
        case .hold: notes.append("without the agent this wallbox keeps its last limit")
        case .down, .stop: break
        }
        return notes
    }
}

extension Duration {
    /// To a hundredth.
    var inMilliseconds: Double {
        let (seconds, attoseconds) = components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        return Double(nanoseconds / 10_000) / 100
    }
}
