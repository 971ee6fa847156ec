import AgentTestSupport
import ChargeModel
import Foundation
import Testing

/// What another program, Python, reads in the machine's own zone database.
struct ZoneWitness {
    struct Change: Hashable {
        var zone: String
        var at: Int64
        var offset: Int64
    }

    /// The instant that a local time means.
    struct Meaning {
        var zone: String
        /// Where the time lies, such as `middle-of-gap`.
        var place: String
        var local: CivilDateTime
        var instant: WallInstant
    }

    struct Day {
        var zone: String
        var midnight: CivilDateTime
        var length: Duration
    }

    private(set) var changes: [Change] = []
    private(set) var meanings: [Meaning] = []
    private(set) var days: [Day] = []

    static func ask(_ zones: [String], years: ClosedRange<Int>) throws -> ZoneWitness {
        let script = try #require(
            Bundle.module.url(forResource: "zones", withExtension: "py", subdirectory: "Witness"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments =
            [script.path, "\(years.lowerBound)", "\(years.upperBound)"] + zones
        // Debian's package tzdata, and nothing that Python may have brought along.
        process.environment = ["PYTHONTZPATH": "/usr/share/zoneinfo"]
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.runAlone()
        let text = String(
            decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        try #require(
            process.terminationStatus == 0,
            "zones.py failed: python3 and tzdata are needed, scripts/setup --tests installs them")
        return try ZoneWitness(reading: text)
    }

    private init(reading text: String) throws {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            switch words.first {
            case "change":
                changes.append(
                    Change(
                        zone: words[1], at: try #require(Int64(words[2])),
                        offset: try #require(Int64(words[3]))))
            case "means":
                let seconds = try #require(Int64(words[4]))
                meanings.append(
                    Meaning(
                        zone: words[1], place: words[2],
                        local: try #require(CivilDateTime(words[3])),
                        instant: WallInstant(milliseconds: seconds * 1_000)))
            case "day":
                days.append(
                    Day(
                        zone: words[1], midnight: try #require(CivilDateTime(words[2])),
                        length: .seconds(try #require(Int64(words[3])))))
            default:
                Issue.record("what does '\(line)' mean?")
            }
        }
    }
}
