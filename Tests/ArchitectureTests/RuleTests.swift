import Testing

/// Each rule fails on a sample that breaks it, and is silent on the sample that does not.
struct RuleTests {
    private static let core = "Sources/Core/ChargerDriver/Sample.swift"
    private static let shell = "Sources/Shell/AgentRuntime/Sample.swift"

    private func file(_ text: String, at path: String = core) -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test(arguments: [
        ("import Foundation", core), ("import ChargeControl", core),
        ("@testable import WallboxModel", core), ("import struct Foundation.Date", core),
        ("package import AgentAPI", shell), ("import ActionStore", shell),
        ("import ChargeModel", "Sources/Shell/Unheard/Sample.swift"),
        ("import Logging", "Sources/Model/ChargeModel/Sample.swift"),
    ])
    func anArrowThatIsNotInTheTableIsSeen(text: String, path: String) {
        #expect(Arrows.violations(in: file(text, at: path)).count == 1)
    }

    @Test func allowedImportsPass() {
        let text = "import ChargeModel\n@preconcurrency import Modbus\n// import Foundation"
        #expect(Arrows.violations(in: file(text)).isEmpty)
    }

    @Test func aDependencyOfTheManifestIsSeen() {
        let manifest = """
            targets: [
                // ring("Core", "Nothing", [])
                ring("Core", "ChargerDriver", ["ChargeModel", "ActionStore", yams]),
                test("ModbusTests", ["Modbus"]),
                .target(name: "CLinux", path: "Sources/Shell/CLinux"),
            ]
            """
        let targets = ManifestReader.targets(in: manifest)
        #expect(targets.map(\.name) == ["ChargerDriver", "ModbusTests", "CLinux"])
        let complaints = targets.flatMap {
            Arrows.violations(ofTarget: $0.name, dependencies: $0.dependencies)
        }
        #expect(
            complaints.map(\.complaint) == ["ChargerDriver must not depend on ActionStore"])
    }

    @Test(arguments: [
        "let now = ContinuousClock.now", "let date = Date()", "Task { }", "try await sleep()",
        "print(value)", "let x = \"\\(Date())\"", "var ages: [ChargerID: Int]", "var s: Set<Int>",
        "let empty: Ages = [:]", "var hasher = Hasher()", "let seed = id.hashValue",
        "let pick = Int.random(in: 0..<3)", "let order = chargers.shuffled()",
        "func poll() async {}", "actor Line {}", "let file = FileManager.default",
    ])
    func anImpureLineIsSeen(line: String) {
        #expect(CodeRules.purity(file(line)).count == 1)
        #expect(CodeRules.purity(file(line, at: Self.shell)).isEmpty)
    }

    @Test func prosePasses() {
        let text = """
            // A Task that calls print with a Date, and a Set.
            /* Hasher
               await */
            let words = "Task await \\"print\\" Date" + #"Set "Hasher" "#
            let long = \"\"\"
                print(Date())
                \"\"\"
            let pick = Int.random(in: 0..<3, using: &random)
            case sleep(until: MonotonicInstant)
            let isAllBitsSet = settings[index]
            func entry() -> Entry?
            """
        #expect(CodeRules.purity(file(text)).isEmpty)
        #expect(CodeRules.looseEnds(file(text)).isEmpty)
    }

    @Test func portsMayBeAsynchronous() {
        let port = "Sources/Core/ChargeControl/Ports/Sample.swift"
        #expect(CodeRules.purity(file("func f() async", at: port)).isEmpty)
        #expect(CodeRules.purity(file("await f()", at: port)).count == 1)
    }

    @Test(arguments: [
        "let x = try! f()", "let x = y as! Z", "let x = try? f()", "fatalError()",
        "Task.detached { }", "nonisolated(unsafe) var x", "} catch {}", "} catch {\n}",
        "print(x)",
    ])
    func aLooseEndIsSeen(text: String) {
        #expect(CodeRules.looseEnds(file(text, at: Self.shell)).count == 1)
    }

    @Test func commandsMayPrint() {
        let path = "Sources/EVSEAgent/Commands/Sample.swift"
        #expect(CodeRules.looseEnds(file("print(x)", at: path)).isEmpty)
    }

    @Test func aReminderIsSeen() {
        #expect(CodeRules.reminders(file("// TO" + "DO: later")).count == 1)
        #expect(CodeRules.reminders(file("// to do")).isEmpty)
    }

    @Test func anUnprovenPromiseIsSeen() {
        let bare = "final class Box: @unchecked Sendable {}"
        let proven = "/// Why `@unchecked Sendable` holds: it has no state.\n" + bare
        #expect(CodeRules.unprovenSendable(file(bare)).count == 1)
        #expect(CodeRules.unprovenSendable(file(proven)).isEmpty)
    }

    @Test func aLooseTaskIsSeen() {
        #expect(CodeRules.looseTasks(file("let t = Task { f() }", at: Self.shell)).count == 1)
        #expect(CodeRules.looseTasks(file("group.addTask { f() }", at: Self.shell)).isEmpty)
    }

    @Test func aLongFileIsSeen() {
        let lines = String(repeating: "\n", count: 401)
        #expect(CodeRules.size(file(lines)).count == 1)
        #expect(CodeRules.size(file(String(lines.dropLast()))).isEmpty)
    }

    @Test(arguments: [
        ("", "Sources/Core/Utils/Sample.swift"), ("", "Sources/Core/X/BusManager.swift"),
        ("struct ChargerHelper {", core), ("enum Common {", core),
    ])
    func anEmptyNameIsSeen(text: String, path: String) {
        #expect(CodeRules.names(file(text, at: path)).count == 1)
    }

    @Test func aPlaceOfOneMachineIsSeen() {
        #expect(CodeRules.places(file("// see /wo" + "rk/notes")).count == 1)
        #expect(CodeRules.places(file("// networks/wo" + "rk")).isEmpty)
    }

    @Test func requirementsAreReadFromProseAndNames() {
        #expect(
            Requirements.named(in: ["a promise (R1, R12)", "(R5) and (see R6)"]) == [1, 12, 5])
        #expect(
            Requirements.tested(in: ["func r05_x()", "R06Reopen.swift", "@Test(\"R12 holds\")"])
                == [5, 6, 12])
    }
}
