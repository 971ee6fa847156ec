import AgentTestSupport
import ChargeModel
import Foundation
import Testing

/// The short run of the fuzz targets, without a fuzzer: everything that was ever found, and damage to it.
@Suite("R38 inputs from outside") struct R38CorpusTests {
    @Test("R38 whatever came once is answered", arguments: FuzzTarget.all)
    func r38_theCorpusHolds(_ target: FuzzTarget) throws {
        let inputs = try Corpus.inputs(of: target.name)
        #expect(inputs.count >= 3, "\(target.name) has no corpus")
        for input in inputs { check(target, input) }
    }

    @Test("R38 and so is what resembles it", arguments: FuzzTarget.all)
    func r38_damageIsAnswered(_ target: FuzzTarget) throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["FUZZ_SEED"].flatMap { UInt64($0) } ?? 38
        let rounds = environment["FUZZ_ROUNDS"].flatMap { Int($0) } ?? target.rounds
        let inputs = try Corpus.inputs(of: target.name)
        var random = SeededRandom(seed: seed)
        var failures = 0
        for _ in 0..<rounds where failures < 3 {
            guard let input = inputs.randomElement(using: &random) else { return }
            let changed = Damage.changed(input, others: inputs, using: &random)
            if !check(target, changed, "seed \(seed): ") { failures += 1 }
        }
    }

    @discardableResult
    private func check(_ target: FuzzTarget, _ input: [UInt8], _ origin: String = "") -> Bool {
        do {
            try target.check(input)
            return true
        } catch {
            Issue.record("\(origin)\(target.name): \(error): \(input)")
            return false
        }
    }

    @Test func theProfilesOfTheRepositoryAreInputs() throws {
        for name in try ProfileFolder.names() {
            try Profiles.check(Array(try #require(ProfileFolder.text(name)).utf8))
        }
    }

    @Test func aLineOfTheCorpusIsAnyBytes() throws {
        #expect(try Corpus.bytes(of: #"a\\\n\x00\xFf\t "#) == [97, 92, 10, 0, 255, 9, 32])
        #expect(throws: Corpus.Unreadable.self) { try Corpus.bytes(of: #"\q"#) }
        #expect(throws: Corpus.Unreadable.self) { try Corpus.bytes(of: #"\x4"#) }
    }

    @Test("What does not hold is told", arguments: [true, false])
    func holdingIsChecked(_ condition: Bool) {
        if condition {
            #expect(throws: Never.self) { try hold(condition, "") }
        } else {
            #expect(throws: Unsound.self) { try hold(condition, "") }
        }
    }
}

extension FuzzTarget: CustomTestStringConvertible {
    var testDescription: String { name }

    /// How many damaged inputs a test run in debug bears.
    fileprivate var rounds: Int {
        switch name {
        case "profiles": 150
        case "configurations": 600
        case "http-bodies", "stored-rows": 2_000
        default: 3_000
        }
    }
}
