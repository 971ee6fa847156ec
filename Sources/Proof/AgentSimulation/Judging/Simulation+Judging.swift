import ChargeModel
import DeviceProfiles

// How invariants are told to people. Each is judged from outside of the engines, after every event
// that can break it.
extension Simulation {
    mutating func expect(
        _ invariant: Invariant, _ condition: Bool, _ index: Int,
        _ words: @autoclosure () -> String
    ) {
        guard !condition else { return }
        violations.append(
            Violation(
                invariant: invariant, step: steps, after: start.duration(to: now),
                station: stations[index].id, profile: stations[index].profile.id, words: words()))
    }

    mutating func note(_ index: Int, _ words: @autoclosure () -> String) {
        guard transcript != nil else { return }
        let milliseconds = start.duration(to: now).milliseconds
        let seconds = "\(milliseconds / 1000)"
        let padding = String(repeating: " ", count: max(0, 5 - seconds.count))
        let fraction = "\(milliseconds % 1000 + 1000)".dropFirst()
        transcript?.append("\(padding)\(seconds).\(fraction)  \(stations[index].id)  \(words())")
    }

    /// Of all stations.
    mutating func note(_ words: @autoclosure () -> String) {
        guard transcript != nil else { return }
        let words = words()
        for index in stations.indices { note(index, words) }
    }

    mutating func noteLink(_ link: LinkState, _ index: Int) {
        guard stations[index].agent?.shownLink != link else { return }
        stations[index].agent?.shownLink = link
        stations[index].witness.answersSince = link == .up ? now : nil
        switch link {
        case .connecting: break
        case .up: note(index, "answers")
        case .down(let reason): note(index, "does not answer: \(reason)")
        }
    }
}
