/// Finds what somebody probably meant to write.
package enum Spelling {
    /// "Did you mean 'power'?", or the list of what is known.
    package static func suggestion(for word: String, among known: [String]) -> String {
        if let nearest = nearest(to: word, among: known) { return "Did you mean '\(nearest)'?" }
        return known.isEmpty ? "" : "Known are: \(known.joined(separator: ", "))"
    }

    /// The known word that is nearest, if it is near: at most a third of the letters differ, and
    /// words of one or two letters are too short to guess.
    static func nearest(to word: String, among known: [String]) -> String? {
        let distances = known.map { (word: $0, distance: distance(Array(word), Array($0))) }
        guard let best = distances.min(by: { $0.distance < $1.distance }),
            best.distance <= max(word.count, best.word.count) / 3
        else { return nil }
        return best.word
    }

    /// Letters inserted, deleted, replaced, or swapped with their neighbour (optimal string
    /// alignment).
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            for column in right.indices {
                let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
                var cost = min(replaced, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, left[row] == right[column - 1],
                    left[row - 1] == right[column]
                {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
