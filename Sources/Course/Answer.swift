import ContainerDriver
import LabCore

/// What came of a program that was to end by itself.
enum Answer {
    case ended(status: Int32, output: [UInt8], lastWords: Message)
    /// It did not end, or said too much.
    case unfinished(Judgement)

    /// What it said, where it ended with 0; else what is wrong.
    var said: Result<[UInt8], Judgement> {
        switch self {
        case .ended(0, let output, _): .success(output)
        case .ended(let status, _, let words):
            .failure(.wrong(nil, "the program ended with status \(Int(status)); \(words)"))
        case .unfinished(let judgement): .failure(judgement)
        }
    }

    /// What is to be thought of what it said, where it ended with 0.
    func judged(_ judge: ([UInt8]) throws(LabError) -> Judgement) throws(LabError) -> Judgement {
        switch said {
        case .failure(let judgement): judgement
        case .success(let output): try judge(output)
        }
    }
}

extension CheckBench {
    /// Runs an artefact's program in a room of its own to its end.
    /// - Parameters:
    ///   - meanwhile: what else happens in the room; the artefact's time begins afterwards.
    ///   - atEnd: looks at the room before it is removed.
    ///   - others: as those of `run`.
    func answer(
        _ artefact: Artefact, _ words: [String], before: String = "",
        change: (inout RoomRequest) -> Void = { _ in },
        furnish: (String) throws(LabError) -> Void = { (_) throws(LabError) in },
        meanwhile: (Room) throws(LabError) -> Void = { (_) throws(LabError) in },
        atEnd: (Room) throws(LabError) -> Void = { (_) throws(LabError) in }
    ) throws(LabError) -> Answer {
        let (answer, isLate) = try run(artefact, words, before: before, change: change, furnish: furnish) {
            (room) throws(LabError) -> (Answer, Bool) in
            try meanwhile(room)
            let wait = try room.wait(until: deadline)
            let status = wait == .ended ? room.end() : nil
            try atEnd(room)
            if room.saidTooMuch {
                return (.unfinished(.wrong(nil, "the program wrote more than it may")), false)
            }
            guard let status else {
                return (.unfinished(.wrong(nil, "the program did not end; \(room.lastWords)")), true)
            }
            return (.ended(status: status, output: room.output, lastWords: room.lastWords), false)
        }
        if isLate, case .unfinished(let judgement) = answer { return .unfinished(try late(judgement)) }
        return answer
    }
}
