/// The word that somebody probably meant.
enum SpellingSuggestion {
    /// - Returns: The word among `candidates` that needs the fewest changes, the first of equals;
    ///   nil if even that one needs more than a third of its letters, or more than three.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        // No word of ours is longer, and the work grows with the length.
        guard word.count <= 64 else { return nil }
        let close = candidates.compactMap { candidate -> (word: String, distance: Int)? in
            let distance = distance(word.lowercased(), candidate.lowercased())
            guard distance <= min(3, max(1, candidate.count / 3)) else { return nil }
            return (candidate, distance)
        }
        return close.min { $0.distance < $1.distance }?.word
    }

    /// What to do about a word that is not among those that are known.
    static func remedy(for word: String, among candidates: [String], _ kind: String) -> String {
        if let nearest = nearest(to: word, among: candidates) {
            return "Did you mean '\(nearest)'?"
        }
        guard !candidates.isEmpty else { return "There are no \(kind)" }
        return "The \(kind) are: \(candidates.joined(separator: ", "))"
    }

    /// How many letters to insert, remove, replace or swap with their neighbour (optimal string
    /// alignment distance).
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var beforeLast = [Int](repeating: 0, count: right.count + 1)
        var last = Array(0...right.count)
        for row in 1..<(left.count + 1) {
            var current = [row] + [Int](repeating: 0, count: right.count)
            for column in 1..<(right.count + 1) {
                let isSame = left[row - 1] == right[column - 1]
                current[column] = min(
                    last[column] + 1, current[column - 1] + 1, last[column - 1] + (isSame ? 0 : 1))
                if row > 1, column > 1, left[row - 1] == right[column - 2],
                    left[row - 2] == right[column - 1]
                {
                    current[column] = min(current[column], beforeLast[column - 2] + 1)
                }
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
