import ChargeModel
import Modbus

/// The way between the agent and one wallbox, and what goes wrong on it.
struct SimulatedWire {
    /// Nothing gets through; a new connection is refused, or hangs.
    var isCut = false
    var hangsOnConnect = false
    /// How many of a thousand transactions meet some fault.
    var faultsPerThousand = 0
    /// The connection that stands is gone, as the next request will tell.
    var isToBeReset = false
    var latency: ClosedRange<Int> = 5...30

    /// What becomes of one transaction.
    enum Fate {
        case answered
        case requestLost
        case answerLost
        /// Carried out after the agent has given up.
        case late(by: Duration)
        case reset(isCarriedOut: Bool)
        case malformed
        case exception(ModbusException)
    }

    mutating func fate(_ random: inout SeededRandom) -> Fate {
        if isCut { return .requestLost }
        if isToBeReset {
            isToBeReset = false
            return .reset(isCarriedOut: false)
        }
        guard faultsPerThousand > 0, Int.random(in: 0..<1000, using: &random) < faultsPerThousand
        else { return .answered }
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: return .requestLost
        case 2, 3: return .answerLost
        case 4: return .late(by: .milliseconds(Int.random(in: 1...1_500, using: &random)))
        case 5: return .reset(isCarriedOut: Bool.random(using: &random))
        case 6: return .malformed
        default:
            let codes: [UInt8] = [1, 2, 3, 4, 5, 6, 10, 11, 77]
            return .exception(
                ModbusException(rawValue: codes[Int.random(in: codes.indices, using: &random)]))
        }
    }

    func roundTrip(_ random: inout SeededRandom) -> Duration {
        .milliseconds(Int.random(in: latency, using: &random))
    }
}
