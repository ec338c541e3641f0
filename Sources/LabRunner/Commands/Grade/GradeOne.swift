import ArgumentParser
import CLinux
import Course
import Glibc
import LabCore
import Texts

/// `lab grade one`: one archive, in the process that `lab grade` starts for it.
struct GradeOne: SpeakingCommand {
    static let configuration = CommandConfiguration(
        commandName: "one", abstract: "Grade one archive: what `lab grade` starts.", shouldDisplay: false)

    @Argument var course: String
    @Argument var archive: String
    /// The directory of the results.
    @Option var store: String
    /// Who started it, and must not end before it.
    @Option var parent: Int32
    /// The file that describes the guest in which it is judged; nil for rooms of this machine.
    @Option var guest: String?

    @OptionGroup var speech: LanguageOptions

    func run() throws {
        // The parent may end in any way: then this ends too, and tidies up. It may have ended already.
        _ = clinux_signal_at_parents_end(SIGTERM)
        guard getppid() == parent else { throw Interrupt.error }
        // Where memory runs out, the kernel takes this rather than who counts.
        try? Files.overwrite("500", at: "/proc/self/oom_score_adj")
        let guest = try guest.map { (file) throws(LabError) in try GradingGuest(file: file) }
        let course = try InstructorCourse(course, guest: guest?.digest)
        let store = try GradeStore(store)
        let bytes = try Files.read(archive, limit: Submission.mostBytes)
        let graded = try Workspace.lend(try speech.choice()) { (context) throws(LabError) in
            guard let guest else { return try course.grader.grade(bytes, context) }
            return try course.grader.grade(bytes) { (pieces) throws(LabError) in
                try guest.judge(pieces, context)
            }
        }
        try store.save(graded)
    }
}
