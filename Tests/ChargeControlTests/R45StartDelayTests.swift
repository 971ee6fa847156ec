import ChargeControl
import ChargeModel
import Testing

@Suite("R45: the randomised delay")
struct R45StartDelayTests {
    @Test("R45: every second from 0 to the maximum is as likely as the others")
    func uniform() {
        let seed = UInt64.random(in: .min ... .max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let draws = 100_000
        for maximum in [1, 59, 600, 1_800] {
            var counts = Array(repeating: 0, count: maximum + 1)
            for _ in 0..<draws {
                let delay = StartDelay.draw(upTo: .seconds(maximum), using: &random)
                counts[Int(delay.components.seconds)] += 1
            }
            let expected = Double(draws) / Double(maximum + 1)
            let chiSquared = counts.reduce(0) { sum, count in
                let difference = Double(count) - expected
                return sum + difference * difference / expected
            }
            // Wilson and Hilferty: the cube root of chi-squared over its degrees of freedom is nearly
            // normal. Five standard deviations: once in 1.7 million runs by chance.
            let freedom = Double(maximum)
            let spread = 2 / (9 * freedom)
            let score = (cubeRoot(chiSquared / freedom) - (1 - spread)) / spread.squareRoot()
            #expect(abs(score) < 5, "up to \(maximum) s: chi-squared \(chiSquared)")
        }
    }

    /// By Newton's method: the standard library alone has none.
    private func cubeRoot(_ value: Double) -> Double {
        var root = 1.0
        for _ in 0..<60 { root -= (root * root * root - value) / (3 * root * root) }
        return root
    }

    @Test("R45: both ends are drawn, 0 switches it off, and 1,800 s is the most")
    func ends() {
        var random = SeededRandom(seed: 1)
        func draws(upTo maximum: Duration) -> [Duration] {
            (0..<20_000).map { _ in StartDelay.draw(upTo: maximum, using: &random) }
        }
        #expect(draws(upTo: .zero).allSatisfy { $0 == .zero })
        #expect(draws(upTo: .seconds(-5)).allSatisfy { $0 == .zero })
        #expect(draws(upTo: .milliseconds(999)).allSatisfy { $0 == .zero })
        let few = draws(upTo: .seconds(2))
        #expect(few.min() == .zero && few.max() == .seconds(2))
        #expect(draws(upTo: .seconds(86_400)).max() == .seconds(1_800))
    }

    @Test("R45: two wallboxes that draw at the same time draw differently")
    func apart() {
        var first = SystemRandomNumberGenerator()
        var second = SystemRandomNumberGenerator()
        let a = (0..<20).map { _ in StartDelay.draw(upTo: StartDelay.limit, using: &first) }
        let b = (0..<20).map { _ in StartDelay.draw(upTo: StartDelay.limit, using: &second) }
        #expect(a != b)
    }
}
