import ChargeModel

// Who has how much, and why, in words. They name no other charger: not every key may see it.
extension FuseGroup {
    package var view: GroupView {
        GroupView(
            name: configuration.name, limit: configuration.limit,
            members: seats.indices.map { index in
                let seat = seats[index]
                return GroupView.Member(
                    charger: seat.member.charger, phases: seat.member.phases, share: seat.share,
                    counted: seat.counted, reason: words(index))
            })
    }

    func words(_ index: Int) -> String {
        let fuse = "fuse \(configuration.name) of \(configuration.limit)"
        return "\(fuse): \(situation(of: index))"
    }

    private func situation(of index: Int) -> String {
        let seat = seats[index]
        guard let share = seat.share else {
            return seat.isRigid
                ? "never reached, and counts with all that it can do, \(seat.counted)"
                : "held at what it is found at until that is known of all"
        }
        if seat.isRigid {
            return seat.isAnswering
                ? "does not do what it is told, and counts with \(seat.counted)"
                : "does not answer, and counts with \(seat.counted) that it may stand at"
        }
        if seat.goal > share {
            let what = share == .zero ? "starts with" : "rises to"
            return "\(what) \(seat.goal) when the others verifiably leave it"
        }
        switch seat.demand.kind {
        case .nothing:
            return "nobody wants it to charge"
        case .spare:
            return share > .zero
                ? "no vehicle; ready with its minimum, which nobody else can use"
                : "no vehicle, and others can use it all"
        case .asleep where share > .zero:
            return "its vehicle draws nothing; it keeps its minimum"
        case .asleep, .wants:
            if share == .zero { return waiting(of: index) }
        }
        if seat.demand.lentAbove != nil, share >= seat.demand.cap {
            return "its vehicle draws less than it might, and the rest is lent"
        }
        if share >= seat.demand.cap { return "all that it can use" }
        return "shared equally with the others"
    }

    private func waiting(of index: Int) -> String {
        seats.contains { $0.isRigid }
            ? "waits, because one that does not answer or obey may draw what is left"
            : "waits for its turn: less than \(seats[index].member.minimum) is left"
    }
}
