import Testing

/// The rules of the code base, held against every file of the repository. That each rule can fail is
/// shown in ``RuleTests``.
struct ArchitectureTests {
    private let files: [SourceFile]

    init() throws {
        files = try Repository.files.get()
    }

    private func hold(_ rule: (SourceFile) -> [Violation]) {
        for violation in files.flatMap({ rule($0) }) { Issue.record("\(violation)") }
    }

    @Test func theFilesAreFound() {
        #expect(files.count > 150)
        #expect(files.contains { $0.path == "Sources/EVSEAgent/Commands/EVSEAgentCommand.swift" })
    }

    @Test func importsFollowTheArrows() {
        hold(Arrows.violations)
    }

    @Test func theManifestFollowsTheArrows() throws {
        let manifest = try #require(files.first { $0.path == "Package.swift" })
        let targets = ManifestReader.targets(in: manifest.lines.joined(separator: "\n"))
        for row in Arrows.table {
            let target = try #require(targets.first { $0.name == row.target })
            for violation in Arrows.violations(
                ofTarget: row.target, dependencies: target.dependencies)
            {
                Issue.record("\(violation)")
            }
        }
        let known = Arrows.table.map(\.target) + ["AgentTestSupport"]
        let others = targets.map(\.name).filter { !known.contains($0) && !$0.hasSuffix("Tests") }
        #expect(others == [], "targets without a row in the table of arrows")
    }

    @Test func theArrowsHaveNoCycle() {
        // Every row only points at rows above it, the composition root last.
        for (index, row) in Arrows.table.enumerated() {
            let above = Arrows.table[..<index].map(\.target)
            let upward = row.ours.filter { !above.contains($0) }
            #expect(upward == [], "\(row.target) points down the table")
        }
    }

    @Test func modelAndCoreArePure() { hold(CodeRules.purity) }
    @Test func nothingTrapsOrDropsErrors() { hold(CodeRules.looseEnds) }
    @Test func noReminderIsLeft() { hold(CodeRules.reminders) }
    @Test func uncheckedSendableIsProven() { hold(CodeRules.unprovenSendable) }
    @Test func tasksAreStructured() { hold(CodeRules.looseTasks) }
    @Test func filesFitAReader() { hold(CodeRules.size) }
    @Test func namesSaySomething() { hold(CodeRules.names) }
    @Test func noPlaceOfOneMachineIsNamed() { hold(CodeRules.places) }

    @Test func everyTestTargetHasTests() throws {
        for folder in try Repository.entries(of: "Tests") where folder.hasSuffix("Tests") {
            let tests = files.contains { file in
                file.path.hasPrefix("Tests/\(folder)/")
                    && file.code.contains { $0.contains("@Test") }
            }
            #expect(tests, "\(folder) has no test")
        }
    }

    @Test func everySwiftTargetHasATestFolder() throws {
        let folders = try Repository.entries(of: "Tests")
        // The two of the proof have one folder together.
        let others = ["CLibmodbus", "CLinux", "AgentSimulation", "SimulateSeeds"]
        #expect(folders.contains("SimulationTests"))
        for target in Arrows.table.map(\.target) where !others.contains(target) {
            #expect(folders.contains(target + "Tests"), "\(target) has no tests of its own")
        }
    }

    @Test("Every requirement that the README promises is in the name of a test")
    func promisesHaveTests() throws {
        let readme = try #require(files.first { $0.path == "README.md" })
        let promised = Requirements.named(in: readme.lines.map(String.init))
        #expect(promised.count >= 10)
        let tested = files.filter { $0.path.hasPrefix("Tests/") }.map { file in
            Requirements.tested(in: [file.path] + file.lines.map(String.init))
        }
        for number in promised where !tested.contains(where: { $0.contains(number) }) {
            Issue.record("README promises R\(number); no test has it in its name")
        }
    }
}

/// Numbers of requirements in prose and in tests.
enum Requirements {
    /// `(R1)`, `(R5, R6)`.
    static func named(in lines: [String]) -> [Int] {
        var numbers: [Int] = []
        for line in lines {
            for piece in line.split(separator: "(", omittingEmptySubsequences: false).dropFirst()
            where piece.first == "R" {
                for word in piece.prefix(while: { $0 != ")" }).split(separator: ",") {
                    let digits = word.drop { $0 == " " || $0 == "R" }
                    guard let number = Int(digits), !numbers.contains(number) else { continue }
                    numbers.append(number)
                }
            }
        }
        return numbers
    }

    /// `r05_...` in a function, `R05` in a display name or at the start of a file's name.
    static func tested(in lines: [String]) -> [Int] {
        lines.flatMap { line in
            line.split { !($0.isLetter || $0.isNumber) }.compactMap { word in
                guard word.first == "r" || word.first == "R" else { return nil }
                let digits = word.dropFirst().prefix { $0.isNumber }
                return digits.count == 2 ? Int(digits) : nil
            }
        }
    }
}
