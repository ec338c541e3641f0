import Artifacts
import LabCore

/// Which artefacts have most of their text in common: a reason to ask, and no verdict.
///
/// An artefact is the set of its shingles, all sequences of five tokens (a word or a sign each; white space and lines that
/// begin with a comment do not count). Two are as alike as the part of their shingles that both have (Jaccard). What a
/// quarter of the class has (of a small one, four) is nobody's own and does not count. A name that was changed everywhere
/// hides what was copied; a changed order of lines does not.
package struct Similarity: Sendable {
    /// Artefacts of one exercise that are alike.
    package struct Match: Equatable, Sendable {
        package var exercise: String
        /// Sorted. More than two only where all have the same artefact.
        package var students: [String]
        /// From 0 to 1.
        package var share: Double
    }

    private static let width = 5
    /// Of more shingles the smallest are kept: they tell as much of any two sets (Broder 1997).
    private static let most = 2_048
    /// Fewer are no reason.
    private static let fewest = 12
    private static let threshold = 0.6
    /// From so many on a class tells what everybody writes.
    private static let smallestClass = 8

    /// The shingles of an artefact, sorted.
    static func shingles(of artefact: Artefact) -> [UInt64] {
        var hashes: Set<UInt64> = []
        for (_, bytes) in artefact.files.sorted(by: { $0.key < $1.key }) {
            let tokens = tokens(of: bytes)
            guard tokens.count >= width else { continue }
            for start in 0...(tokens.count - width) {
                hashes.insert(tokens[start..<start + width].reduce(offset) { hash($0, [0xff]) ^ $1 &* prime })
            }
        }
        return Array(hashes.sorted().prefix(most))
    }

    // FNV-1a (Fowler, Noll, Vo) of 64 bits: nobody gains by two that are alike.
    private static let offset = 0xcbf2_9ce4_8422_2325 as UInt64
    private static let prime = 0x100_0000_01b3 as UInt64
    private static func hash(_ start: UInt64, _ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(start) { ($0 ^ UInt64($1)) &* prime }
    }

    /// The hash of each token.
    private static func tokens(of bytes: [UInt8]) -> [UInt64] {
        func isWord(_ byte: UInt8) -> Bool {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x5f, 0x80...: true
            default: false
            }
        }
        var tokens: [UInt64] = []
        for line in bytes.split(separator: 0x0a) {
            var rest = line.drop { $0 <= 0x20 }
            if rest.first == UInt8(ascii: "#") || rest.starts(with: [0x2f, 0x2f]) { continue }
            while let first = rest.first {
                let token = isWord(first) ? rest.prefix(while: isWord) : rest.prefix(1)
                if first > 0x20 { tokens.append(hash(offset, token)) }
                rest = rest.dropFirst(token.count)
            }
        }
        return tokens
    }

    /// What of the class is alike, the most alike first.
    /// - Parameter grades: of one exercise, by student.
    package static func matches(_ exercise: String, _ grades: [(student: String, grade: ExerciseGrade)])
        -> [Match]
    {
        var same: [String: [String]] = [:]
        for (student, grade) in grades {
            if let digest = grade.digest { same[digest, default: []].append(student) }
        }
        var matches = same.values.filter { $0.count > 1 }.map {
            Match(exercise: exercise, students: $0.sorted(), share: 1)
        }
        var owners: [UInt64: Int] = [:]
        for (_, grade) in grades { for shingle in grade.shingles { owners[shingle, default: 0] += 1 } }
        let common = grades.count >= smallestClass ? max(4, grades.count / 4) : Int.max
        let own = grades.map { $0.grade.shingles.filter { owners[$0, default: 0] <= common } }
        for first in grades.indices where own[first].count >= fewest {
            for second in grades.indices.dropFirst(first + 1) where own[second].count >= fewest {
                guard grades[first].grade.digest != grades[second].grade.digest else { continue }
                let share = jaccard(own[first], own[second])
                guard share >= threshold else { continue }
                let students = [grades[first].student, grades[second].student].sorted()
                matches.append(Match(exercise: exercise, students: students, share: share))
            }
        }
        return matches.sorted {
            ($1.share, $0.students.joined(separator: " ")) < ($0.share, $1.students.joined(separator: " "))
        }
    }

    /// The part that two sorted sets have in common, of the smallest members of both where they are large.
    static func jaccard(_ first: [UInt64], _ second: [UInt64]) -> Double {
        var (left, right) = (first[...], second[...])
        var (both, all) = (0, 0)
        while all < most, let one = left.first ?? right.first, let other = right.first ?? left.first {
            all += 1
            if !left.isEmpty && !right.isEmpty && one == other { both += 1 }
            let smallest = min(one, other)
            if left.first == smallest { left.removeFirst() }
            if right.first == smallest { right.removeFirst() }
        }
        return all == 0 ? 0 : Double(both) / Double(all)
    }
}
