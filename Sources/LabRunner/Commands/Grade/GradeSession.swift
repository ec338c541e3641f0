import Artifacts
import Course
import Glibc
import LabCore
import Texts

/// The grading of many archives: each in a process of its own, several at a time.
///
/// What ends such a process, an error of ours, the kernel for want of memory or somebody's SIGKILL, is a fault and nobody's
/// mistake: the archive is tried again.
struct GradeSession {
    let course: InstructorCourse
    /// The path of COURSE.yaml.
    let courseFile: String
    let store: GradeStore
    let jobs: Int
    /// Results that are there already are taken as they are.
    let resumes: Bool
    /// The guests in which archives are judged; nil for rooms of this machine.
    var guests: Guests?

    struct Guests: Sendable {
        /// Of what they have in common.
        var file: String
        /// The time that one has.
        var limit: Duration
    }

    /// An archive that was found.
    struct Archive: Sendable {
        /// Its path, and that below the directory of the submissions.
        var path: String
        var file: String
        var received: Int
        var digest: String
        /// Why it isn't even looked into.
        var refusal: LabError?
    }

    struct Outcome {
        var found: [GradeBook.Found]
        /// Archives that were judged, and the time that took.
        var judged: Int
        var duration: Duration
        var isInterrupted: Bool
    }

    /// The times that an archive is tried whose process is ended.
    private static let tries = 3
    /// For all points of an artefact's runs, and what is made and removed around them.
    static func limit(_ exercises: Int) -> Duration {
        .seconds(300) * exercises + .seconds(60)
    }
    /// What a process may take longer than its guest: for the copying of a disk, and to be rid of all.
    private static let aroundGuest = Duration.seconds(180)
    private static let deepest = 4
    private static let mostFiles = 20_000

    /// The archives below a directory, in the order of their paths. Nothing is followed that is a link.
    /// - Parameter pass: told of each file that is no archive by its name.
    /// - Throws: `.input` where there is none.
    static func archives(below root: String, passing pass: (String) -> Void) throws(LabError) -> [Archive] {
        var found: [Archive] = []
        var count = 0
        func look(_ directory: String, _ prefix: String, _ depth: Int) throws(LabError) {
            for name in Files.list(directory) where !name.hasPrefix(".") {
                let (path, file) = ("\(directory)/\(name)", "\(prefix)\(name)")
                count += 1
                guard count <= mostFiles else {
                    throw LabError(.input, "\(root) has more than \(mostFiles) files")
                }
                var status = stat()
                guard lstat(path, &status) == 0 else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFDIR where depth < deepest: try look(path, "\(file)/", depth + 1)
                case S_IFREG where name.hasSuffix(".tar.gz") || name.hasSuffix(".tgz"):
                    found.append(try archive(path, file, status))
                default: pass(file)
                }
            }
        }
        guard Files.isDirectory(root) else {
            throw LabError(.input, "there is no directory \(root)")
        }
        try look(root, "", 1)
        guard !found.isEmpty else {
            throw LabError(
                .input, "there is no submission in \(root)", cause: "no file below it is a .tar.gz or .tgz")
        }
        return found
    }

    private static func archive(_ path: String, _ file: String, _ status: stat) throws(LabError) -> Archive {
        var archive = Archive(path: path, file: file, received: status.st_mtim.tv_sec, digest: "")
        if Int(status.st_size) > Submission.mostBytes {
            archive.refusal = LabError(.data, "the submission is larger than \(Submission.mostBytes) bytes")
        } else {
            archive.digest = Digest.sha256(try Files.read(path, limit: Submission.mostBytes))
        }
        return archive
    }

    /// Grades what has no result yet; with one that is there it does what `resumes` says.
    /// - Parameter show: told of how many of how many are done, now and then.
    func run(_ archives: [Archive], show: (Int, Int) -> Void) throws(LabError) -> Outcome {
        // The same bytes are judged once.
        var wanted: [String: Archive] = [:]
        for archive in archives where archive.refusal == nil && wanted[archive.digest] == nil {
            if resumes, store.result(of: archive.digest, by: course.grader.identity)?.isFinal == true {
                continue
            }
            wanted[archive.digest] = archive
        }
        let queue = wanted.values.sorted { $0.file < $1.file }
        let began = MonotonicInstant.now()
        let state = Monitor(State(queue: queue[...], workers: min(jobs, queue.count)))
        let program = try Self.program()
        let way = way
        let parent = getpid()
        for _ in 0..<min(jobs, queue.count) {
            do throws(Errno) {
                _ = try OSThread.start { [self] in
                    while let archive = state.withLock({ $0.next() }) {
                        let fault = grade(archive, program, way, parent)
                        state.withLock { $0.end(archive, fault) }
                    }
                    state.withLock { $0.workers -= 1 }
                }
            } catch {
                state.withLock { $0.workers -= 1 }
            }
        }
        while true {
            let (now, isDone) = state.wait(deadline: .now().advanced(by: .milliseconds(500))) {
                $0.workers == 0
            }
            show(now.done, queue.count)
            if isDone { break }
        }
        let end = state.withLock { $0 }
        let elapsed = Duration.nanoseconds(MonotonicInstant.now().nanoseconds(since: began))
        return Outcome(
            found: archives.compactMap { found($0, end.faults) }, judged: end.done - end.faults.count,
            duration: elapsed, isInterrupted: end.isInterrupted || Interrupt.ofProcess.isRaised)
    }

    private struct State {
        var queue: ArraySlice<Archive>
        var workers: Int
        var done = 0
        /// By digest.
        var faults: [String: LabError] = [:]
        var isInterrupted = false

        mutating func next() -> Archive? {
            if Interrupt.ofProcess.isRaised { isInterrupted = true }
            return isInterrupted ? nil : queue.popFirst()
        }

        mutating func end(_ archive: Archive, _ fault: LabError?) {
            if fault?.kind == .interrupted { return isInterrupted = true }
            done += 1
            if let fault { faults[archive.digest] = fault }
        }
    }

    /// Nil for one that a signal kept from being judged.
    private func found(_ archive: Archive, _ faults: [String: LabError]) -> GradeBook.Found? {
        let identity = course.grader.identity
        let result: Result<GradedSubmission, LabError>
        if let refusal = archive.refusal {
            var graded = GradedSubmission(submission: archive.digest, grader: identity)
            graded.refusal = refusal
            result = .success(graded)
        } else if let fault = faults[archive.digest] {
            result = .failure(fault)
        } else if let graded = store.result(of: archive.digest, by: identity) {
            result = .success(graded)
        } else {
            return nil
        }
        return GradeBook.Found(
            file: archive.file, received: archive.received, digest: archive.digest, result: result)
    }

    /// How a process judges: the words that it is told of guests, and the time that it has.
    private var way: (words: [String], limit: Duration) {
        guard let guests else { return ([], Self.limit(course.grader.exercises.count)) }
        return (["--guest", guests.file], guests.limit + Self.aroundGuest)
    }

    /// Judges one in a process of its own; nil when its result is there.
    private func grade(
        _ archive: Archive, _ program: String, _ way: (words: [String], limit: Duration), _ parent: pid_t
    ) -> LabError? {
        var fault = LabError(.software, "an archive was not tried")
        for _ in 0..<Self.tries {
            do throws(LabError) {
                let output = try Tool.run(
                    program,
                    [
                        "grade", "one", courseFile, archive.path, "--store", store.directory, "--parent",
                        "\(parent)",
                    ] + way.words,
                    in: "/", deadline: .now().advanced(by: way.limit),
                    limit: 1 << 20)
                if output.status == 0, store.result(of: archive.digest, by: course.grader.identity) != nil {
                    return nil
                }
                fault = Self.fault(archive, output)
            } catch {
                fault = error
            }
            if Interrupt.ofProcess.isRaised { return Interrupt.error }
        }
        return fault
    }

    private static func fault(_ archive: Archive, _ output: Tool.Output) -> LabError {
        let last = output.text.split(separator: "\n").last.map { ForeignText.line(String($0), most: 200) }
        let cause: Message =
            output.status > 128
            ? "signal \(Int(output.status) - 128) ended its process"
            : last.map { "\($0)" } ?? "it left no result"
        return LabError(.instance, "the grading of \(archive.file) broke off", cause: cause)
    }

    /// This program, for which `/proc/self/exe` stands only in this process.
    static func program() throws(LabError) -> String {
        guard let path = Files.target(ofLink: "/proc/self/exe"), access(path, X_OK) == 0 else {
            throw LabError(.unavailable, "cannot find the program lab", cause: "its file was replaced")
        }
        return path
    }
}
