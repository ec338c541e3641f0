import ContainerDriver
import LabCore

/// What an artefact printed is asked for, and there is nothing to judge.
struct NoAnswer: Error {
    let judgement: Judgement
}

extension CheckBench {
    /// The most that an answer may have, in bytes.
    private static let mostAnswer = 1 << 18

    /// Runs an artefact's program to its end, for what it prints.
    /// - Parameters:
    ///   - before: a command of the room's shell that is run before it.
    ///   - meanwhile: what else happens in the room; the artefact's time begins afterwards.
    /// - Returns: its words, or why there are none: it failed, never ended, or printed too much.
    func answer(
        of artefact: Artefact, _ words: [String], before: String = "",
        change: (inout RoomRequest) -> Void = { _ in },
        furnish: (String) throws(LabError) -> Void = { _ in },
        meanwhile: (Room) throws(LabError) -> Void = { _ in }
    ) throws(LabError) -> Result<[UInt8], NoAnswer> {
        let (said, failure, isLate) = try run(
            artefact, words, before: before,
            change: {
                $0.mostOutput = Self.mostAnswer
                change(&$0)
            }, furnish: furnish
        ) { (room) throws(LabError) -> ([UInt8], Judgement?, Bool) in
            try meanwhile(room)
            let wait = try room.wait(until: deadline)
            let status = wait == .ended ? room.end() : nil
            if room.saidTooMuch {
                return ([], .wrong(nil, "the program printed more than an answer has"), false)
            }
            guard let status else {
                return ([], .wrong(nil, "the program did not end; \(room.lastWords)"), true)
            }
            guard status == 0 else {
                return (
                    [], .wrong(nil, "the program ended with status \(Int(status)); \(room.lastWords)"), false
                )
            }
            return (room.output, nil, false)
        }
        guard let failure else { return .success(said) }
        return .failure(NoAnswer(judgement: isLate ? try late(failure) : failure))
    }
}
