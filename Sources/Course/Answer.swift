import ContainerDriver
import LabCore

/// What came of a program that was to end by itself.
enum Answer {
    case ended(status: Int32, output: [UInt8], lastWords: Message)
    /// It did not end, or said too much.
    case none(Judgement)

    /// What it said, where it ended with 0.
    var said: Said {
        switch self {
        case .ended(0, let output, _): .output(output)
        case .ended(let status, _, let words):
            .nothing(.wrong(nil, "the program ended with status \(Int(status)); \(words)"))
        case .none(let judgement): .nothing(judgement)
        }
    }

    enum Said {
        case output([UInt8])
        case nothing(Judgement)
    }
}

extension CheckBench {
    /// Runs an artefact's program in a room of its own to its end.
    /// - Parameters: as those of `run`.
    func answer(
        _ artefact: Artefact, _ words: [String], change: (inout RoomRequest) -> Void = { _ in },
        furnish: (String) throws(LabError) -> Void = { (_) throws(LabError) in }
    ) throws(LabError) -> Answer {
        let deadline = deadline
        let answer = try run(artefact, words, change: change, furnish: furnish) {
            (room) throws(LabError) -> Answer? in
            guard try room.wait(until: deadline) == .ended, let status = room.end() else {
                return room.saidTooMuch
                    ? nil : .none(.wrong(nil, "the program did not end; \(room.lastWords)"))
            }
            if room.saidTooMuch { return nil }
            return .ended(status: status, output: room.output, lastWords: room.lastWords)
        }
        switch answer {
        case nil: return .none(.wrong(nil, "the program wrote more than it may"))
        case .none(let judgement)?: return .none(try late(judgement))
        case let answer?: return answer
        }
    }
}
