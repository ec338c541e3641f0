/// The known word that `word` was probably meant to be, nil when none is near.
///
/// Near means: at most a third of the longer word's letters changed, inserted, dropped or swapped with their
/// neighbour, and at least one letter kept. Of equally near words one with the same first letter wins, then the first.
public func nearest(_ word: String, in known: [String]) -> String? {
    // A word that a user typed is short; a line of garbage need not be measured.
    guard word.count <= 64 else { return nil }
    let letters = Array(word.lowercased())
    var best: (word: String, rank: (Int, Int))?
    for candidate in known {
        let other = Array(candidate.lowercased())
        let longer = max(letters.count, other.count)
        let distance = editDistance(letters, other)
        guard distance <= max(1, longer / 3), distance < longer else { continue }
        let rank = (distance, letters.first == other.first ? 0 : 1)
        if let found = best, found.rank <= rank { continue }
        best = (candidate, rank)
    }
    return best?.word
}

/// `; did you mean "…"?` for the nearest known word, or nothing: the end of an error message.
public func didYouMean(_ word: String, in known: [String]) -> Message {
    nearest(word, in: known).map { "; did you mean \"\($0)\"?" } ?? ""
}

/// The optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours,
/// no part edited twice. Takes O(n·m) time and O(m) memory.
func editDistance<Element: Equatable>(_ left: [Element], _ right: [Element]) -> Int {
    guard !left.isEmpty, !right.isEmpty else { return max(left.count, right.count) }
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for i in left.indices {
        var row = [i + 1]
        row.reserveCapacity(right.count + 1)
        for j in right.indices {
            let substitution = last[j] + (left[i] == right[j] ? 0 : 1)
            var cost = min(last[j + 1] + 1, row[j] + 1, substitution)
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                cost = min(cost, beforeLast[j - 1] + 1)
            }
            row.append(cost)
        }
        beforeLast = last
        last = row
    }
    return last[right.count]
}
