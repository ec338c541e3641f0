import Course
import FoundationEssentials
import Images
import LabCore
import Texts
import VMDriver

/// A VM for each submission, in which `lab grade judge` judges its artefacts and which knows no secret.
struct GradingGuest {
    private let guest: DisposableGuest

    /// The program in the VM, on the disk that it may write to; lab-guest lies beside it.
    private static let program = "\(DisposableGuest.homePlace)/judge/lab"
    private static let environment = [
        "PATH=\(SearchPath.standard)", "HOME=/root", "LANG=C.UTF-8", "LAB_LANG=en",
        "LAB_HOME=\(DisposableGuest.homePlace)/home",
    ]
    /// The most bytes of the program.
    private static let mostBytes = 1 << 30

    /// SHA-256 of the tree that judges in it, which belongs to `Grader.identity`.
    var digest: String { guest.digest }

    /// Makes what all guests of a session start from.
    /// - Parameter image: of the tree, as `FileTree.named` has it.
    fileprivate init(of image: String, _ context: RunContext) throws(LabError) {
        let tree = try FileTree.named(image, paths: context.paths)
        let home = "\(context.paths.run(context.runID))/home"
        try Files.makeDirectory("\(home)/judge")
        for (name, path) in [
            ("lab", try GradeSession.program()), ("lab-guest", context.rootFilesystem.hostGuestPath),
        ] {
            try Files.write(
                try Files.read(path, limit: Self.mostBytes), to: "\(home)/judge/\(name)", mode: 0o755)
        }
        guest = try .prepare(tree, home: home, context)
        try Files.removeTree(home)
    }

    /// Reads what `write` wrote, in another process.
    init(file: String) throws(LabError) {
        let bytes = try Files.read(file, limit: 1 << 20)
        do { guest = try JSONDecoder().decode(DisposableGuest.self, from: Data(bytes)) } catch {
            throw LabError(.data, "\(file) describes no guest", cause: "\(error)")
        }
    }

    fileprivate func write(to file: String) throws(LabError) {
        let bytes: Data
        do { bytes = try JSONEncoder().encode(guest) } catch {
            throw LabError(.software, "cannot encode a guest", cause: "\(error)")
        }
        try Files.write(Array(bytes), to: file, mode: 0o600)
    }

    /// The time that a guest has for so many exercises, its start included.
    func limit(_ exercises: Int) -> Duration {
        GradeSession.limit(exercises) * Emulator.patience(emulates: guest.isEmulated)
    }

    /// Has artefacts judged in a VM of their own, for `Grader.grade`.
    /// - Throws: what keeps this host from starting one, and `.interrupted`; what a guest says or does not say is no error.
    func judge(
        _ pieces: [GradingPiece], _ context: RunContext
    ) throws(LabError) -> [String: [ExerciseGrade.Run]] {
        let end = try guest.run(
            [Self.program, "grade", "judge"], environment: Self.environment,
            input: try GuestTalk.task(pieces), within: limit(pieces.count), context)
        return GuestTalk.runs(of: pieces, in: end.output, end: Self.silence(end))
    }

    /// Why something was not said.
    private static func silence(_ end: DisposableGuest.End) -> LabError {
        let message: Message = "the guest did not say what it found"
        switch end.status {
        case .failure(let error):
            return LabError(.instance, message, cause: error.reason, remedy: error.remedy)
        case .success(let status):
            let words: Message = end.lastWords.isEmpty ? "nothing" : "\(end.lastWords)"
            return LabError(
                .instance, message,
                cause: "its judge ended with status \(Int(status)) and said last: \(words)",
                remedy: "see that the image has what lab needs: lab image build grader")
        }
    }
}

/// What the guests of a session have in common, as long as the session lives.
final class GuestGround {
    let guest: GradingGuest
    /// Of what `grade one` reads.
    let file: String
    private let workspace: Workspace
    private let warn: (String, Message?) -> Void

    init(of image: String, _ interrupt: Interrupt, _ text: Language) throws(LabError) {
        let warn = { (words: String, remedy: Message?) in Terminal.warn(words, remedy: remedy, in: text) }
        let workspace = try Workspace.open(
            time: .now(), interrupt: interrupt, mayFetch: EngineSettings.fetchIsAllowed, text: text,
            warn: warn)
        let context = workspace.context
        let file = "\(context.paths.run(context.runID))/guest.json"
        do throws(LabError) {
            guest = try GradingGuest(of: image, context)
            try guest.write(to: file)
        } catch {
            workspace.close(leftovers: true, warn: warn)
            throw error
        }
        (self.file, self.workspace, self.warn) = (file, workspace, warn)
    }

    /// Removes all of it.
    func close() { workspace.close(leftovers: true, warn: warn) }
}
