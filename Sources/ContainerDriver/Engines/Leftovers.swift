import Glibc
import LabCore

/// What a command leaves behind that runs as a bare process: no PID namespace ends it with the command.
///
/// Its processes are those of its session, and those that carry the run's variable in their environment, as a daemon does,
/// which has a session of its own.
enum Leftovers {
    /// In the environment of every command of a run.
    static func variable(_ runID: String) -> String { "LAB_RUN=\(runID)" }

    /// The time in which all of them must be gone.
    private static let patience = Duration.seconds(5)

    /// Ends them. A command that was to do its work and go has failed if it left one, and one that went into the background is
    /// told so.
    /// - Parameters:
    ///   - child: the command, which was its session's first process.
    ///   - run: nil while other commands of the run live.
    static func end(of child: ChildInstance, _ output: CommandOutput, run: String?) throws(LabError) {
        let session = child.pid
        let deadline = MonotonicInstant.now().advanced(by: patience)
        var names: [String] = []
        while true {
            let left = find(session, run)
            if left.isEmpty { break }
            names += left.compactMap(\.name).filter { !names.contains($0) }
            for process in left { process.end { isIts($0, session, run) } }
            guard MonotonicInstant.now() < deadline else {
                throw LabError(
                    .output, "processes of the command are left", cause: "\(names.joined(separator: ", "))",
                    remedy: "end them by hand")
            }
            usleep(1_000)
        }
        guard !names.isEmpty, output.failure == nil else { return }
        let shown = names.prefix(4).map { ForeignText.line($0, most: 20) }.joined(separator: ", ")
        if output.readiness == .exit {
            output.failure = LabError(
                .instance, "the command left processes behind, which were ended", cause: "\(shown)",
                remedy: "\(CommandOutput.foreground); and say how it is ready: --ready first-output")
        } else if child.status == 0, child.timeline[.ready] == nil {
            output.failure = output.endedEarly(0, leaving: shown)
        }
    }

    /// Those that are the command's now.
    private static func find(_ session: pid_t, _ run: String?) -> [HostProcess] {
        HostProcess.all.filter { isIts($0, session, run) && $0.isRunning }
    }

    /// The number of a session is no other process's while one of its processes lives.
    private static func isIts(_ process: HostProcess, _ session: pid_t, _ run: String?) -> Bool {
        if getsid(process.pid) == session { return true }
        guard let run, let text = try? Files.read("/proc/\(process.pid)/environ", limit: 1 << 22) else {
            return false
        }
        let wanted = Array(variable(run).utf8)
        return text.split(separator: 0).contains { $0.elementsEqual(wanted) }
    }
}
