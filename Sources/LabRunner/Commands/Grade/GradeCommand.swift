import ArgumentParser
import Course
import LabCore
import LabFile

/// `lab grade`: what students have handed in.
struct GradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grade",
        abstract: "Grade what students have handed in, for instructors.",
        discussion: """
            Every archive below SUBMISSIONS is judged in a process of its own, each
            artefact three times with parameters that nobody knows before. Runs that do
            not agree are for you to look at; what a machine could not judge costs
            nothing and is tried again; an archive that is no submission is refused, with
            the reason. See INSTRUCTOR.md.

            EXAMPLES
              lab grade init course                     COURSE.yaml and a secret
              lab grade ticket course/COURSE.yaml ada bob
              lab grade course/COURSE.yaml submissions/ --jobs 2
              lab grade course/COURSE.yaml submissions/ --resume --format junit,moodle
              lab grade course/COURSE.yaml submissions/ --resume --canvas export.csv
              lab grade course/COURSE.yaml submissions/ --resume --viva 5
              lab grade course/COURSE.yaml submissions/ --guest grader
              lab grade run --help                      every option
            """,
        subcommands: [
            GradeRun.self, GradeInit.self, GradeTicket.self, GradeOne.self, GradeJudge.self,
        ],
        defaultSubcommand: GradeRun.self)

    /// Before the command it says the same as behind it.
    @OptionGroup var speech: LanguageOptions
}

/// An instructor's course with all that grading needs.
struct InstructorCourse {
    let course: CourseDefinition
    let known: [ExerciseDefinition]
    let secret: ParameterKey
    let grader: Grader

    /// - Parameters:
    ///   - path: of COURSE.yaml, or of the directory that it is in.
    ///   - guest: the digest of the tree in which guests judge; nil for rooms of this machine.
    init(_ path: String, guest: String? = nil) throws(LabError) {
        let file = Files.isDirectory(path) ? "\(path)/\(GradeInit.courseFile)" : path
        known = try ExerciseDirectory.own().all()
        course = try CourseFile.load(path: file, exercises: known)
        secret = try ParameterKey.secret(in: course.secretFile)
        grader = Grader(course, known: known, secret: secret, version: Version.current, guest: guest)
    }
}
