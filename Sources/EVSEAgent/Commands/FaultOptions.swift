import ArgumentParser
import WallboxModel
import WallboxServer

/// What is wrong with a simulated wallbox from the start.
struct FaultOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            A fault of the catalogue, see --list-faults. Behind a colon its figures, and for one that \
            strikes single answers when it does: share=PERCENT of them, count=N times, start=N (the \
            first request), on=reads or writes, unit=any, seed=N. Repeatable; faults add up.
            """, valueName: "name[:key=value,...]"))
    var fault: [String] = []

    @Flag(help: "Print the faults that there are, and end.")
    var listFaults = false

    func orders() throws -> [FaultOrder] { try fault.map { try Self.order($0) } }

    /// Puts the faults on a wallbox that is being served.
    func apply(to front: some WallboxFront) async throws {
        for (text, order) in zip(fault, try orders()) {
            do {
                try await front.carryOut(order)
            } catch let complaint as FaultOrder.Complaint {
                throw CommandFailure("--fault \(text): \(complaint)")
            } catch let error as SimulatorError {
                throw CommandFailure("\(error)")
            }
        }
    }

    /// Name, what it does and where, one fault a line.
    static var list: String {
        let rows = FaultCatalog.modes.map { ($0.example, $0.media.words, $0.summary) }
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { example, media, summary in
            let name = example.padding(to: width)
            return "\(name)  \(media.padding(to: 20))  \(summary)"
        }.joined(separator: "\n")
    }

    static func order(_ text: String) throws -> FaultOrder {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        var order = FaultOrder(String(parts[0]))
        guard parts.count == 2 else { return order }
        for pair in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
            let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard words.count == 2, let key = Key(rawValue: String(words[0])) else {
                let keys = Key.allCases.map(\.rawValue)
                let remedy = SpellingSuggestion.remedy(
                    for: String(words[0]), among: keys, "keys")
                throw ValidationError("--fault \(text): \(pair) is no key=value. \(remedy)")
            }
            guard order.take(key, String(words[1])) else {
                throw ValidationError("--fault \(text): \(pair) does not say \(key.meaning)")
            }
        }
        return order
    }
}

/// What may stand behind the name of a fault.
private enum Key: String, CaseIterable {
    case milliseconds, bytes, code, amperes, words, register, share, count, start, on, unit, seed

    var meaning: String {
        switch self {
        case .milliseconds, .bytes, .code, .count, .start, .seed: "a whole number"
        case .amperes: "a number of amperes, such as 10 or 6.5"
        case .words: "words, such as 0x7FC0/0"
        case .share: "a share in percent, such as 10 or 0.5"
        case .register, .on, .unit: "a name"
        }
    }
}

extension FaultOrder {
    /// - Returns: False when the text does not fit.
    fileprivate mutating func take(_ key: Key, _ text: String) -> Bool {
        switch key {
        case .milliseconds: milliseconds = Int(text)
        case .bytes: bytes = Int(text)
        case .code: code = Int(text)
        case .count: count = Int(text)
        case .start: start = Int(text)
        case .seed: seed = UInt64(text)
        case .amperes: amperes = Double(text)
        case .share: perMillion = Double(text).flatMap { Int(exactly: ($0 * 10_000).rounded()) }
        case .words:
            let found = text.split(separator: "/", omittingEmptySubsequences: false)
                .map { UInt16(word: $0) }
            words = found.contains(nil) ? nil : found.compactMap(\.self)
        case .register: register = text
        case .on: on = text
        case .unit: unit = text
        }
        return switch key {
        case .milliseconds: milliseconds != nil
        case .bytes: bytes != nil
        case .code: code != nil
        case .count: count != nil
        case .start: start != nil
        case .seed: seed != nil
        case .amperes: amperes != nil
        case .share: perMillion != nil
        case .words: words != nil
        case .register, .on, .unit: !text.isEmpty
        }
    }
}

extension UInt16 {
    /// Decimal, or hexadecimal behind 0x.
    fileprivate init?(word text: Substring) {
        if text.hasPrefix("0x") {
            self.init(text.dropFirst(2), radix: 16)
        } else {
            self.init(text)
        }
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - count))
    }
}
