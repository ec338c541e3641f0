import ArgumentParser
import Course
import Glibc
import LabCore

/// `lab grade judge`: the artefacts on standard input, in the guest that `lab grade --guest` starts for them. What it finds is a line
/// for each.
struct GradeJudge: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "judge", abstract: "Judge artefacts in a guest: what `lab grade --guest` starts there.",
        shouldDisplay: false)

    @OptionGroup var speech: LanguageOptions

    /// The most bytes of all artefacts, with their text around them.
    private static let mostBytes = 64 << 20

    func run() throws {
        let pieces = try GuestTalk.pieces(try Self.input())
        try Workspace.lend(try speech.choice()) { (context) throws(LabError) in
            for piece in pieces {
                let line = try GuestTalk.line(piece.exercise, try piece.judged(context))
                do throws(Errno) { try Terminal.writeAll(line, to: STDOUT_FILENO) } catch {
                    throw LabError(.stream, "cannot write to standard output", cause: error)
                }
            }
        }
    }

    private static func input() throws(LabError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            do throws(Errno) {
                let count = try checked { read(STDIN_FILENO, &chunk, chunk.count) }
                if count == 0 { return bytes }
                bytes += chunk.prefix(count)
            } catch {
                throw LabError(.input, "cannot read standard input", cause: error)
            }
            guard bytes.count <= mostBytes else {
                throw LabError(.data, "standard input has more than \(mostBytes) bytes")
            }
        }
    }
}
