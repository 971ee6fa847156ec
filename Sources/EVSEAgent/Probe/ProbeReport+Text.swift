extension ProbeReport {
    /// For a terminal.
    var text: String {
        var lines: [String] = []
        if let connectMilliseconds {
            lines.append("\(address): connected in \(connectMilliseconds) ms")
        }
        lines += candidateLines
        if let profile, let unit {
            lines.append("")
            lines.append("values by \(profile), unit \(unit):")
            lines += valueLines
            lines.append("")
            lines.append("pilot state \(pilotState ?? "unknown")")
        }
        lines += notes.map { "note: \($0)" }
        lines += problems.map { "problem: \($0)" }
        return lines.joined(separator: "\n")
    }

    private var candidateLines: [String] {
        let fitting = candidates.filter { $0.verdict == "fits" }
        let others = candidates.filter { $0.verdict == "differs" }
        var lines = fitting.map { candidate in
            """
            this is \(candidate.profile) (\(candidate.title)), unit \(candidate.unit): \
            \(candidate.because.joined(separator: ", "))
            """
        }
        lines += others.map { "not \($0.profile): \($0.because.joined(separator: ", "))" }
        let untold = candidates.filter { $0.verdict == "untold" }.map(\.profile)
        if fitting.isEmpty, !untold.isEmpty, connectMilliseconds != nil {
            lines.append("cannot tell: \(untold.joined(separator: ", "))")
        }
        return lines
    }

    private var valueLines: [String] {
        let nameWidth = values.map(\.name.count).max() ?? 0
        let textWidth = min(40, values.map { ($0.value ?? $0.absent ?? "").count }.max() ?? 0)
        return values.map { value in
            let name = value.name.padded(to: nameWidth)
            let text = (value.value ?? "- (\(value.absent ?? ""))").padded(to: textWidth)
            let time = value.milliseconds.map { "read in \($0) ms, \(value.polled)" } ?? "not read"
            return "  \(name)  \(text)  \(time)"
        }
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String {
        count >= width ? self : self + String(repeating: " ", count: width - count)
    }
}
