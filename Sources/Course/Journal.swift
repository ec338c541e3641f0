import FoundationEssentials
import Glibc
import LabCore

/// One thing that a student did, a line of `course/.lab/journal.jsonl`.
///
/// It is the student's own file: nothing in it earns a point, and a line that is none is passed over.
package struct JournalEntry: Codable, Equatable, Sendable {
    package enum Event: String, Codable, Sendable { case started, checked, hinted, submitted, revealed }

    /// As RFC 3339 has it, UTC.
    package var time: String
    package var exercise: String
    package var event: Event
    /// The version of the program that wrote it.
    package var version: String
    /// How often the exercise had been handed in: its parameters change with each.
    package var round: Int
    /// Of the artefact that was checked or handed in.
    package var digest: String?
    /// SHA-256 of the answered predictions, as they were before the check.
    package var prediction: String?
    package var verdict: CheckVerdict.Name?
    package var mistake: String?
    package var seen: [Message]?
    /// The reason why it could not be judged.
    package var error: LabError?
    /// The step of a hint, from 0.
    package var step: Int?

    package init(time: String, exercise: String, event: Event, version: String, round: Int) {
        (self.time, self.exercise, self.event) = (time, exercise, event)
        (self.version, self.round) = (version, round)
    }
}

/// All that was done with one exercise.
package struct ExerciseRecord: Sendable {
    package let entries: [JournalEntry]

    package var isStarted: Bool { !entries.isEmpty }
    /// Changes its parameters.
    package var round: Int { entries.count { $0.event == .submitted } }
    package var lastCheck: JournalEntry? { entries.last { $0.event == .checked } }
    /// The first check that it passed: done stays done, whatever a later version of the program finds.
    package var passed: JournalEntry? { entries.first { $0.event == .checked && $0.verdict == .passed } }
    package var checks: Int { entries.count { $0.event == .checked } }
    package var hints: Int { entries.count { $0.event == .hinted } }
    package var isRevealed: Bool { entries.contains { $0.event == .revealed } }
    /// The digest of the predictions, if they were there before the first check.
    package var prediction: String? { entries.first { $0.event == .checked }?.prediction }

    /// The step of a mistake's hint that has not been shown yet; the last one when all have.
    package func nextStep(of mistake: String, outOf count: Int) -> Int {
        let shown = entries.filter { $0.event == .hinted && $0.mistake == mistake }.compactMap(\.step).max()
        return min(shown.map { $0 + 1 } ?? 0, count - 1)
    }
}

/// The journal of a course directory.
package struct CourseJournal: Sendable {
    let path: String

    private static let mostBytes = 16 << 20

    /// What stands in it of an exercise; nothing where there is no journal yet.
    /// - Throws: `.input` when it can't be read.
    package func record(of exercise: String) throws(LabError) -> ExerciseRecord {
        guard Files.exists(path) else { return ExerciseRecord(entries: []) }
        let bytes = try Files.read(path, limit: Self.mostBytes)
        let decoder = JSONDecoder()
        let entries = bytes.split(separator: UInt8(ascii: "\n")).compactMap {
            try? decoder.decode(JournalEntry.self, from: Data($0))
        }
        return ExerciseRecord(entries: entries.filter { $0.exercise == exercise })
    }

    /// Appends a line, with one write.
    package func append(_ entry: JournalEntry) throws(LabError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line: Data
        do { line = try encoder.encode(entry) } catch {
            throw LabError(.software, "cannot encode the journal", cause: "\(error)")
        }
        do throws(Errno) {
            let file = try FileDescriptor.open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW)
            try file.writeAll(Array(line) + [UInt8(ascii: "\n")])
        } catch {
            throw LabError(.output, "cannot write \(path)", cause: error)
        }
    }
}
