import FoundationEssentials
import LabCore

/// What a grading and its guest say to each other: pieces go in as one JSON text, and of each a line of JSON comes back.
///
/// Who breaks out of a room in there is root of the guest. So what comes back is anybody's: known exercises and verdicts count,
/// texts are shown as another's, and whatever else is said makes ungradable what was not judged before it. A guest
/// can lie for its own student, and do no more.
package enum GuestTalk {
    /// A line of the guest's.
    private struct Line: Codable {
        var exercise: String
        var runs: [ExerciseGrade.Run]
    }

    /// The most bytes of a line.
    static let longestLine = 1 << 18
    /// The most characters of a text.
    static let longestText = 4_000

    /// What a guest is told.
    package static func task(_ pieces: [GradingPiece]) throws(LabError) -> [UInt8] {
        do { return Array(try JSONEncoder().encode(pieces)) } catch {
            throw LabError(.software, "cannot encode what a guest is to judge", cause: "\(error)")
        }
    }

    /// Reads it, in the guest.
    /// - Throws: `.data` for what is none.
    package static func pieces(_ task: [UInt8]) throws(LabError) -> [GradingPiece] {
        do { return try JSONDecoder().decode([GradingPiece].self, from: Data(task)) } catch {
            throw LabError(.data, "what is to be judged can't be read", cause: "\(error)")
        }
    }

    /// What the guest says of a piece, with the end of the line.
    package static func line(_ exercise: String, _ runs: [ExerciseGrade.Run]) throws(LabError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(try encoder.encode(Line(exercise: exercise, runs: runs))) + [0x0a] } catch {
            throw LabError(.software, "cannot encode the result of a grading", cause: "\(error)")
        }
    }

    /// What came back of each piece, whatever it is.
    /// - Parameters:
    ///   - output: all that the guest has said.
    ///   - end: how it ended, for what it did not say.
    package static func runs(
        of pieces: [GradingPiece], in output: [UInt8], end: LabError
    ) -> [String: [ExerciseGrade.Run]] {
        var said: [String: [ExerciseGrade.Run]] = [:]
        var silence = end
        // What comes behind the last end of a line is no line.
        for line in output.split(separator: 0x0a, omittingEmptySubsequences: false).dropLast() {
            guard let (exercise, runs) = read(Array(line), pieces), said[exercise] == nil else {
                silence = LabError(
                    .instance, "the guest said what is no grade",
                    cause: "\(ForeignText.quoted(String(decoding: line.prefix(400), as: UTF8.self)))")
                break
            }
            said[exercise] = runs
        }
        for piece in pieces where said[piece.exercise] == nil {
            said[piece.exercise] = [ExerciseGrade.Run(.ungradable(silence))]
        }
        return said
    }

    /// Nil for what no guest of ours would say of these.
    private static func read(
        _ bytes: [UInt8], _ pieces: [GradingPiece]
    ) -> (exercise: String, runs: [ExerciseGrade.Run])? {
        guard bytes.count <= longestLine,
            let line = try? JSONDecoder().decode(Line.self, from: Data(bytes)),
            let piece = pieces.first(where: { $0.exercise == line.exercise }),
            let oracle = Oracles.all.first(where: { $0.id == piece.oracle })
        else { return nil }
        // What can't be told once is not tried on.
        let isWhole = line.runs.count == piece.keys.count || line.runs.last?.verdict == .ungradable
        guard isWhole, line.runs.count <= piece.keys.count,
            line.runs.dropLast().allSatisfy({ $0.verdict != .ungradable })
        else { return nil }
        var runs: [ExerciseGrade.Run] = []
        for run in line.runs {
            guard let run = run.ofGuest(knowing: oracle.mistakes + [NotStarted.mistake]) else { return nil }
            runs.append(run)
        }
        return (piece.exercise, runs)
    }
}

extension ExerciseGrade.Run {
    /// The same with its texts as another's; nil where its parts don't go together, or a mistake is none of these.
    fileprivate func ofGuest(knowing mistakes: [String]) -> Self? {
        guard (error != nil) == (verdict == .ungradable), mistake == nil || verdict == .notPassed,
            mistake.map(mistakes.contains) ?? true
        else { return nil }
        var run = self
        run.seen = seen?.foreign(most: GuestTalk.longestText)
        run.error = error.map {
            LabError(
                .unavailable, $0.message.foreign(most: GuestTalk.longestText),
                cause: $0.cause?.foreign(most: GuestTalk.longestText),
                remedy: $0.remedy?.foreign(most: GuestTalk.longestText))
        }
        return run
    }
}
