import ChargeControl
import ChargeModel
import DeviceProfiles
import WallboxModel

// Carries out what a plan holds.
extension Simulation {
    /// The agent starts, and the world takes its course.
    package mutating func begin(_ plan: WorldPlan) {
        self.plan = plan.happenings
        queueDeed(0)
        startAgent()
    }

    /// Queues one deed of the plan; when that happens, the next one.
    private mutating func queueDeed(_ place: Int) {
        guard plan.indices.contains(place) else { return }
        queue.add(.deed(place), at: start.advanced(by: plan[place].after))
    }

    mutating func happen(_ place: Int) {
        queueDeed(place + 1)
        carryOut(plan[place])
    }

    private mutating func carryOut(_ happening: Happening) {
        if let index = happening.station {
            if happening.deed.isFault { note(index, "\(happening.deed)") }
            carryOut(happening.deed, to: index)
        } else {
            note("\(happening.deed)")
            carryOut(happening.deed)
        }
    }

    private mutating func carryOut(_ deed: Deed, to index: Int) {
        switch deed {
        case .push(let command, let sandbox): push(command, to: index, sandbox: sandbox)
        case .pushLater(let command, let wait, let length, let isRelative, let replaces):
            let start = time.wall.advanced(by: wait)
            push(
                command, to: index,
                timing: ActionTiming(
                    start: start, isRelative: isRelative,
                    end: length.map { start.advanced(by: $0) }),
                onConflict: replaces ? .cancelAndReplace : nil)
        case .cancelLast:
            guard let last = stations[index].witness.accepted.last else { return }
            cancel(last.rawValue, of: index)
        case .setRate(let rate): setMaxChargeRate(rate, of: index)
        case .schedule(let slots):
            setSchedule(slots.isEmpty ? nil : schedule(slots, index), of: index)
        case .plug(let vehicle):
            note(index, "\(deed)")
            stations[index].box.plug(vehicle, at: now)
            stations[index].witness.excuseContactor(at: now, times: Self.mostCyclesOfAPlug)
        case .unplug:
            note(index, "unplugged")
            stations[index].box.unplug(at: now)
        case .cutLink, .noise, .reboot, .replace, .impostor, .fault:
            breakSomething(deed, index)
        case .killAgent, .breakStore, .stepClock, .distrustClock:
            preconditionFailure("\(deed) is not about one station")
        }
    }

    /// A sleepy vehicle is woken up.
    private static let mostCyclesOfAPlug = 8

    private func schedule(_ slots: [Deed.Slot], _ index: Int) -> RecurringSchedule {
        let now = Int(time.wall.milliseconds / 60_000 % 1_440)
        return RecurringSchedule(
            id: "sched_\(nextID)", charger: stations[index].id, timezone: "UTC",
            recurrence: .daily,
            slots: slots.map { slot in
                ScheduleSlot(
                    startMinute: (now + 1_440 + slot.start) % 1_440,
                    durationMinutes: slot.length, command: .charge)
            },
            updatedAt: time.wall
        ).inOrder
    }

    // MARK: - Faults of a station

    private mutating func breakSomething(_ deed: Deed, _ index: Int) {
        let station = stations[index]
        switch deed {
        case .reboot where !station.canTellRestarts, .replace where !station.canTellRestarts:
            note(index, "which nobody could notice: left out")
        case .fault(let faults, _) where isUnnoticed(faults, station):
            note(index, "which nobody could notice: left out")
        case .cutLink(let hangs, let length):
            disturb(index, for: length)
            station.wire.isCut = true
            station.wire.hangsOnConnect = hangs
            after(length) { simulation in
                simulation.checkFallenBack(after: length, index)
                simulation.stations[index].wire.isCut = false
                simulation.note(index, "the link is mended")
            }
        case .noise(let share, let length):
            disturb(index, for: length)
            station.wire.faultsPerThousand = share
            after(length) { simulation in
                simulation.stations[index].wire.faultsPerThousand = 0
                simulation.note(index, "no more noise")
            }
        case .reboot:
            disturb(index, for: station.box.options.bootTime)
            station.reboot(at: now)
        case .replace(let serial):
            disturb(index, for: station.box.options.bootTime)
            station.replace(serial: serial, at: now)
            station.witness.meterReplaced(at: now)
        case .impostor(let length):
            station.witness.meterReplaced(at: now)
            station.impersonate(at: now).map { restore(index, $0, length) }
        case .fault(let faults, let length):
            disturb(index, for: length)
            station.box.setFaults(faults, at: now)
            if faults.foreignController != nil, !station.showsWhatItDoes {
                station.witness.isMisled = true
            }
            after(length) { simulation in
                let now = simulation.now
                let station = simulation.stations[index]
                station.box.setFaults(WallboxFaults(), at: now)
                let isOverwritten = faults.foreignController != nil
                if isOverwritten { station.witness.arrivedAt = now }
                // What it has ignored, or was told by another, is repeated with what a poll shows.
                if faults.writes == .ignored || isOverwritten { station.goesUnseen(from: now) }
                simulation.note(index, "sound again")
            }
        default: preconditionFailure("\(deed) is no fault of a station")
        }
    }

    /// Whether others on its fuse would be given what a wallbox was told to leave, and keeps: one that
    /// does not show its setpoint, and lies about it.
    private func isUnnoticed(_ faults: WallboxFaults, _ station: Station) -> Bool {
        fuse != nil && faults.writes == .ignored && station.profile.control.readBack == nil
    }

    /// The wallbox comes back, after a loss of supply, to the address of the device in its place.
    private mutating func restore(_ index: Int, _ box: SimulatedWallbox, _ length: Duration) {
        disturb(index, for: length + box.options.bootTime)
        after(length) { simulation in
            let station = simulation.stations[index]
            station.isImpostor = false
            station.isImpostorMet = false
            station.box = box
            station.witness.meterReplaced(at: simulation.now)
            station.reboot(at: simulation.now)
            simulation.note(index, "the wallbox is back")
        }
    }

    /// Nothing is expected of a station for this long.
    mutating func disturb(_ index: Int, for duration: Duration) {
        let until = now.advanced(by: duration)
        let witness = stations[index].witness
        stations[index].witness.disturbedUntil = max(witness.disturbedUntil, until)
        // It falls back, and comes back.
        stations[index].witness.excuseContactor(at: now, times: 2)
    }

    // MARK: - Faults of everything

    private mutating func carryOut(_ deed: Deed) {
        switch deed {
        case .killAgent(let length):
            guard isAgentUp else { return }
            for index in stations.indices {
                remember(index)
                disturb(index, for: length)
            }
            killAgent()
            after(length) { simulation in
                for index in simulation.stations.indices {
                    simulation.checkFallenBack(after: length, index)
                }
                simulation.startAgent()
            }
        case .breakStore(let error, let length):
            for index in stations.indices { disturb(index, for: length) }
            store.failure = error
            after(length) { simulation in
                simulation.store.failure = nil
                simulation.storeFailedAt = simulation.now
                simulation.note("the store is sound")
            }
        case .stepClock(let step): stepWall(by: step)
        case .distrustClock(let length):
            if isWallTrusted { distrustedSince = now }
            isWallTrusted = false
            after(length) { simulation in
                simulation.isWallTrusted = true
                simulation.note("the clock is trusted")
            }
        default: preconditionFailure("\(deed) is about one station")
        }
    }

    mutating func stepWall(by duration: Duration) {
        wallStart = wallStart.advanced(by: duration)
        wallSteps += 1
    }
}
