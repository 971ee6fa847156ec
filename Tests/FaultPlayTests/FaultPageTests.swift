import Foundation
import Testing
import WallboxModel

/// docs/faults.md says what the catalogue has, and what the tests here show.
struct FaultPageTests {
    @Test func r41_thePageIsTheCatalogue() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "docs/faults.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        for table in [Self.wireTable, Self.deviceTable] {
            #expect(text.contains(table), "put this into docs/faults.md:\n\(table)")
        }
    }

    private static var wireTable: String {
        var lines = [
            "| fault | what it does | libmodbus alone, TCP | serial | agent, TCP | agent, RTU |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        for (name, tcp, rtu) in WireExpectation.table {
            let mode = FaultCatalog.mode(named: name)
            let serial = mode?.media.contains(.serial) == true ? rtu : nil
            lines.append(
                row([
                    "`\(name)`", mode?.summary ?? "", tcp?.stock.words ?? "-",
                    serial?.stock.words ?? "-", tcp?.words ?? "-", rtu?.words ?? "-",
                ]))
        }
        return lines.joined(separator: "\n")
    }

    private static var deviceTable: String {
        var lines = ["| fault | what it does | the driver |", "| --- | --- | --- |"]
        for expected in DeviceExpectation.table {
            let summary = FaultCatalog.mode(named: expected.name)?.summary ?? ""
            lines.append(row(["`\(expected.name)`", summary, expected.words]))
        }
        return lines.joined(separator: "\n")
    }

    private static func row(_ cells: [String]) -> String {
        "| \(cells.joined(separator: " | ")) |"
    }
}

extension StockVerdict {
    var words: String {
        switch self {
        case .unharmed: "right value"
        case .deceived: "**believes it**"
        case .wrongValue: "**wrong value**"
        case .recovers: "error, then right"
        case .lostForGood: "**fails for good**"
        }
    }
}

extension WireExpectation {
    var words: String {
        switch (first, second) {
        case (.right, .right): "right value"
        case (.right, _): "right value; drops the rest"
        case (.exception, _): "tells the exception"
        case (.malformed, _): "refuses it"
        case (.timeout, .timeout): "time is up, until it answers again"
        case (.timeout, .malformed): "time is up; refuses what is left of it"
        case (.timeout, _): "time is up"
        case (.lost, .right): "opens again"
        case (.lost, _): "opens again, until it answers"
        case (.wrong, _): "takes a wrong value"
        }
    }
}
