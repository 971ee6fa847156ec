/// One whole number for each of the three phases.
package struct PerPhase: Hashable, Sendable {
    package var first: Int
    package var second: Int
    package var third: Int

    package static let zero = PerPhase(first: 0, second: 0, third: 0)

    package init(first: Int, second: Int, third: Int) {
        self.first = first
        self.second = second
        self.third = third
    }

    /// - Precondition: `phase` is 0 to 2.
    package subscript(phase: Int) -> Int {
        get {
            switch phase {
            case 0: first
            case 1: second
            case 2: third
            default: preconditionFailure("there is no phase \(phase)")
            }
        }
        set {
            switch phase {
            case 0: first = newValue
            case 1: second = newValue
            case 2: third = newValue
            default: preconditionFailure("there is no phase \(phase)")
            }
        }
    }

    package var sum: Int { first + second + third }
}
