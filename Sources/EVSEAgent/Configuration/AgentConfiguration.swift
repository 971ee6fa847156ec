import ChargeModel
import FlightRecorder

/// What the operator wrote down about one site: the file of `evse-agent run --config FILE`.
///
/// | key | type | default | range |
/// | --- | --- | --- | --- |
/// | `site.timezone` | name | the computer's | an IANA zone, such as `Europe/Berlin` |
/// | `site.clock` | word | `auto` | `auto`, `trusted` |
/// | `site.start-delay` | duration | `0s` | 0 s to 30 min; up to how much starts by the clock wait |
/// | `api.listen` | host:port | `127.0.0.1:8080` | port 0 to 65535; 0 lets the system choose |
/// | `api.lan` | truth value | `false` | `true` permits an address that is not loopback |
/// | `api.hosts` | list of names | none | at most 16, such as `raspberrypi.local` |
/// | `state-dir` | path | `/var/lib/evse-agent` | absolute |
/// | `poll` | duration | `1s` | 100 ms to 60 s, from 5 ms if every charger is simulated; written `500ms`, `1s`, `1m` |
/// | `recorder` | `off`, or what follows | on | the flight recorder |
/// | `recorder.minutes` | number | 30 | 1 to 240: how long what happened is kept in memory |
/// | `recorder.size` | size | `8MiB` | `1MiB` to `64MiB`: never more memory than this |
/// | `chargers` | list | required | 1 to 64 |
/// | `chargers[].id` | text | required | `[A-Za-z0-9_-]`, 1 to 64, unique |
/// | `chargers[].profile` | name | required | a file in `devices/`, without its ending |
/// | `chargers[].connect` | address | required | `tcp://`, `rtu+tcp://` or `serial://`, see ``WallboxConnection`` |
/// | `chargers[].max-current` | A per phase | required | 6 to 80, at most three decimals |
/// | `chargers[].safe-current` | A per phase | 6 | 0, or 6 to `max-current` |
/// | `chargers[].phases` | number | 3 | 1 to 3 |
/// | `chargers[].vehicle-phases` | number | counted | 1 to 3: what every vehicle here draws on |
/// | `chargers[].vendor` | text | the profile's | 1 to 64 characters |
/// | `chargers[].model` | text | the profile's | 1 to 64 characters |
/// | `chargers[].user` | text | none | 1 to 64 characters |
/// | `chargers[].simulated` | truth value | `false` | |
/// | `chargers[].phase-switching` | truth value | `false` | only where the profile knows how |
/// | `chargers[].idle-ends-at-unplug` | truth value | `false` | |
/// | `chargers[].phase` | word | unknown | `L1`, `L2`, `L3`; one phase only |
/// | `groups` | list | none | chargers that share a fuse |
/// | `groups[].name` | text | required | 1 to 64 characters, unique |
/// | `groups[].max-current` | A per phase | required | 6 to 1000: what the fuse carries |
/// | `groups[].chargers` | list of ids | required | 1 to 64, each in one group at most |
///
/// Port, unit and serial settings of a charger default to those of its profile. Chargers with the same
/// host and port, or on the same serial port, share one bus and must differ in the unit. ``ConfigurationParser`` reads the file.
struct AgentConfiguration: Hashable, Sendable {
    var site: Site
    var api: API
    /// Where everything is kept that outlives the process.
    var stateDirectory: String
    /// How often a wallbox is read; a profile may ask for less often.
    var poll: Duration
    /// In the order of the file, which is the order of the API.
    var chargers: [Charger]
    /// Chargers that share a fuse.
    var groups: [Group] = []
    /// How much of what happens is kept in memory for recordings; nil for nothing.
    var recorder: RecorderLimits? = RecorderLimits()

    struct Site: Hashable, Sendable {
        /// IANA name of the zone in which the plant's wall clock runs.
        var timeZone: String
        var clock: ClockTrust
        /// Up to how much a start that comes by the clock is delayed at random; zero for not at all.
        var startDelay = Duration.zero
    }

    enum ClockTrust: String, Hashable, Sendable, CaseIterable {
        /// Trusted once the kernel says that it is synchronised, or a battery clock is there.
        case auto
        /// Trusted always: for containers, where nobody knows.
        case trusted
    }

    struct API: Hashable, Sendable {
        var listen: SocketAddress
        /// Whether the operator allows an address that the network can reach.
        var isLAN: Bool
        /// Names under which it may be asked, beside `localhost`, its addresses and `listen`.
        var hosts: [String] = []
    }

    /// A host name or an address, and a port.
    struct SocketAddress: Hashable, Sendable {
        /// An IPv6 address stands here without its brackets.
        var host: String
        var port: Int
    }

    struct Charger: Hashable, Sendable {
        var id: ChargerID
        /// The id of a device profile.
        var profile: String
        /// Which connector of the station it is, counted from 1.
        var connector = 1
        /// The bus; chargers with equal addresses share it.
        var address: BusAddress
        /// The unit id on the bus, 0 to 255.
        var unit: Int
        /// How the serial line is set; nil over TCP.
        var line: LineSettings?
        /// The least time between two requests on the bus, beyond what profiles ask for.
        var requestGap: Duration = .zero
        /// What the installation carries per phase.
        var maxCurrent: Milliamperes
        /// What holds per phase when control is lost: 0, or at least the pilot's minimum.
        var safeCurrent: Milliamperes
        /// Phases of the installation, 1 to 3.
        var phases: Int
        var vendor: String?
        var model: String?
        /// Whose charger it is; keys of other users do not see it.
        var user: String?
        /// Simulated chargers belong to the sandbox environment.
        var isSimulated: Bool
        /// Whether an `idle` holds for the next vehicle, too, or ends when this one is unplugged.
        var idleEndsAtUnplug = false
        /// The phase of the supply that a charger of one phase hangs on; nil where nobody knows.
        var phase: PhaseSet?
        /// The phases that every vehicle here draws on, where the wallbox is set in watts; nil: they
        /// are counted, and one until they are.
        var vehiclePhases: Int?
        /// Whether it may be switched between one phase and three.
        var switchesPhases = false

        /// The phases of the supply that it may load.
        ///
        /// - Parameter wallboxPhases: Of the wallbox.
        func supply(wallboxPhases: Int) -> PhaseSet {
            min(phases, wallboxPhases) == 1 ? phase ?? .all : .all
        }
    }

    struct Group: Hashable, Sendable {
        var name: String
        /// What the fuse carries per phase.
        var maxCurrent: Milliamperes
        var chargers: [ChargerID]
    }
}

extension AgentConfiguration.SocketAddress: CustomStringConvertible {
    /// `host:port`, as a URL writes it.
    var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Whether only this computer can reach it.
    var isLoopback: Bool {
        host == "localhost" || host == "::1" || isLoopbackIPv4
    }

    /// 127.0.0.0/8 (RFC 1122, 3.2.1.3). A name that begins so is no address.
    private var isLoopbackIPv4: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
