import ChargeControl
import ChargeModel

/// A group with chargers that obey a moment after they were told, in steps of a second.
struct GroupBench {
    var group: FuseGroup
    var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    var cars: [Car]
    let reserve: Milliamperes
    /// When a charger was stopped or started, and which.
    var toggles: [(member: Int, at: MonotonicInstant)] = []
    /// What exceeded the fuse, in words.
    var violations: [String] = []

    /// One charger with its vehicle.
    struct Car {
        var wanted: Milliamperes? = .amperes(32)
        var isConnected = true
        /// The most that the vehicle draws.
        var draw = Milliamperes.amperes(32)
        var isUp = true
        var obeys = true
        /// Its setpoint can be written and not read.
        var isMute = false
        /// It offers nothing for reasons of its own, refuses writes, and shows 0 A.
        var isWithholding = false
        /// Something else answers in its place.
        var isForeign = false
        var delay = 1
        var setpoint: Milliamperes
        var told: ChargerTarget?
        var share: GroupShare?
        /// What it was told lately, the newest last.
        var orders: [Milliamperes] = []

        var flowing: Milliamperes { isConnected ? min(setpoint, draw) : .zero }
    }

    init(
        fuse: Int, count: Int, found: Int = 6, reserve: Int = 6, phases: [PhaseSet] = [],
        timing: FuseGroupTiming = FuseGroupTiming()
    ) {
        self.reserve = .amperes(reserve)
        cars = (0..<count).map { _ in Car(setpoint: .amperes(found)) }
        group = FuseGroup(
            configuration: FuseGroupConfiguration(
                name: "garage", limit: .amperes(fuse),
                members: (0..<count).map { index in
                    FuseGroupConfiguration.Member(
                        charger: ChargerID("car_\(index)"),
                        phases: index < phases.count ? phases[index] : .all,
                        minimum: .amperes(6), maximum: .amperes(32), step: Milliamperes(100),
                        reserve: .amperes(reserve), poll: .seconds(1))
                }, timing: timing), at: now)
    }

    mutating func run(_ seconds: Int, each: (inout GroupBench) -> Void = { _ in }) {
        for _ in 0..<seconds {
            now = now.advanced(by: .seconds(1))
            each(&self)
            for index in cars.indices {
                obey(index)
                exchange(index)
                check()
            }
        }
    }

    private mutating func obey(_ index: Int) {
        cars[index].orders.append(cars[index].told?.limit ?? cars[index].setpoint)
        while cars[index].orders.count > cars[index].delay + 1 { cars[index].orders.removeFirst() }
        guard cars[index].isUp, cars[index].obeys, !cars[index].isWithholding else { return }
        let before = cars[index].setpoint
        cars[index].setpoint = cars[index].orders[0]
        if (before == .zero) != (cars[index].setpoint == .zero) { toggles.append((index, now)) }
    }

    private mutating func exchange(_ index: Int) {
        let car = cars[index]
        let time = TimePoint(monotonic: now, wall: WallInstant(milliseconds: 0))
        var snapshot = ChargerSnapshot(phases: 1)
        snapshot.link = car.isUp ? .up : .down(reason: "cut")
        snapshot.lastPoll = time
        snapshot.setpoint = .captured(car.setpoint, at: time)
        snapshot.failsafeCurrent = .captured(reserve, at: time)
        if car.isForeign {
            snapshot.conditions = [.wrongDevice(reason: "another serial")]
            snapshot.setpoint = .captured(.zero, at: time)
        }
        if car.isMute {
            snapshot.setpoint = .absent(.writeOnly)
            if let told = car.told, told.limit == car.setpoint {
                snapshot.application = .verified(
                    revision: told.revision, offered: told.limit, at: time)
            }
        }
        if car.isWithholding {
            snapshot.setpoint = .captured(.zero, at: time)
            snapshot.application = .refused(
                revision: car.told?.revision ?? 0, reason: "illegal data address")
        }
        snapshot.currents = [.captured(car.flowing, at: time)]
        snapshot.pilot = .captured(
            !car.isConnected ? .a : car.flowing > .zero ? .c2 : car.setpoint > .zero ? .b2 : .b1,
            at: time)
        let report = MemberReport(
            wanted: car.wanted, heldRevision: car.share?.revision, told: car.told,
            snapshot: car.isUp ? snapshot : stale(snapshot))
        let share = group.exchange(report, of: index, at: now)
        cars[index].share = share
        // What cannot be read is left alone until there is a share.
        if car.isMute, share == nil { return }
        let limit = min(share?.limit ?? car.setpoint, car.wanted ?? car.setpoint)
        cars[index].told = ChargerTarget(
            limit: limit, validUntil: now.advanced(by: .seconds(10)),
            revision: (car.told?.revision ?? 0) + (car.told?.limit == limit ? 0 : 1))
    }

    /// A wallbox that does not answer shows nothing new.
    private func stale(_ snapshot: ChargerSnapshot) -> ChargerSnapshot {
        var stale = snapshot
        stale.lastPoll = nil
        stale.setpoint = .absent(.notYetRead)
        stale.failsafeCurrent = .absent(.notYetRead)
        stale.pilot = .absent(.notYetRead)
        stale.currents = [.absent(.notYetRead)]
        return stale
    }

    private mutating func check() {
        let members = group.configuration.members
        for phase in 0..<3 {
            var sum = 0
            for (car, member) in zip(cars, members) where member.phases.indices.contains(phase) {
                sum += max(car.setpoint, reserve).rawValue
            }
            if sum > group.configuration.limit.rawValue {
                violations.append(
                    "\(sum) mA on L\(phase + 1) at \(now.nanoseconds / 1_000_000_000)")
            }
        }
    }

    var shares: [Int] { cars.map { ($0.share?.limit.rawValue ?? -1000) / 1000 } }
    var setpoints: [Int] { cars.map { $0.setpoint.rawValue / 1000 } }
    func reason(_ index: Int) -> String { cars[index].share?.reason ?? "" }
}
