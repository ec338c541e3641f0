import ContainerDriver
import LabCore

/// `unshare`: a launcher for the kinds of namespace that it is told.
///
/// The oracle compares the inodes of `/proc/PID/ns` of the command with those of the room's first process, looks through the
/// command's own /proc, and sees an orphan end.
struct UnshareOracle: Oracle {
    let id = "unshare"
    let mistakes = ["children-only", "always-all", "kind-missing", "host-proc", "no-reaper", "outlives"]
    let points = 3

    /// What is asked at a point.
    private struct Task {
        /// The kinds of which the command is to have its own.
        var kinds: [String]
        var nonce: String

        init(_ point: Int, _ draw: inout Draw) {
            // Together the points have every kind, and each leaves some out.
            let (always, sometimes, counts): ([String], [String], ClosedRange<Int>) =
                switch point {
                case 0: (["pid", "mnt"], ["cgroup", "ipc", "net", "uts"], 1...2)
                case 1: (["cgroup", "net", "uts"], ["ipc", "mnt"], 0...1)
                default: (["pid", "mnt", "user", "ipc"], ["cgroup", "net", "uts"], 0...2)
                }
            let count = Int.random(in: counts, using: &draw)
            kinds = (always + sometimes.shuffled(using: &draw).prefix(count)).shuffled(using: &draw)
            nonce = draw.nonce()
        }

        /// Leaves an orphan and becomes lab-guest.
        static let script =
            #"(/lab/guest idle "$0-orphan" >/dev/null &); exec /lab/guest idle "$0-command" >/dev/null"#

        var words: [String] { kinds + ["--", "/bin/sh", "-c", Self.script, nonce] }

        /// What it was called with, as far as it is different each time.
        var asked: String { "./launch \(kinds.joined(separator: " ")) -- …" }
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] { Task(point, &draw).words }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(point, &draw)
        let deadline = bench.deadline
        let (judgement, isLate) = try bench.run(artefact, task.words) {
            (room) throws(LabError) -> (Judgement, Bool) in
            var command: HostProcess?
            let wait = try room.wait(until: deadline) {
                command = room.guest(with: "\(task.nonce)-command")
                return command != nil
            }
            guard let command else {
                let status = wait == .ended ? room.end() : nil
                let how: Message =
                    switch status {
                    case 0?: "the launcher ended first, with status 0: it did not wait for it"
                    case let status?: "the launcher ended with status \(Int(status))"
                    case nil: "nor did the launcher end in \(Int(bench.limit / .seconds(1))) s"
                    }
                return (
                    .wrong(nil, "\(task.asked): the command never ran, \(how); \(room.lastWords)"),
                    wait == .late
                )
            }
            if let wrong = namespaces(of: command, room, task) { return (wrong, false) }
            if task.kinds.contains("pid"), let wrong = try reaping(by: command, room, task) { return wrong }
            return try ending(with: command, room, task)
        }
        return isLate ? try bench.late(judgement) : judgement
    }

    /// What is wrong with the command's namespaces and its /proc; nil when nothing is.
    private func namespaces(of command: HostProcess, _ room: Room, _ task: Task) -> Judgement? {
        let asked = task.kinds.sorted()
        let own = room.ownKinds(of: command)
        let missing = asked.filter { !own.contains($0) }
        let extra = own.filter { !asked.contains($0) }
        let seen: Message =
            own.isEmpty
            ? "\(task.asked): the command has no namespace of its own"
            : "\(task.asked): the command has its own \(own.listed)"
        if missing.contains("pid") {
            // Where its children would go: another namespace than its own, if somebody has unshared and not forked.
            let first = HostProcess(pid: room.pid).namespace("pid")
            if command.namespace("pid_for_children") != first { return .wrong("children-only", seen) }
        }
        if missing.isEmpty && !extra.isEmpty { return .wrong("always-all", seen) }
        if !missing.isEmpty { return .wrong("kind-missing", seen) }
        guard asked.contains("pid"), asked.contains("mnt") else { return nil }
        // The first process that its /proc shows is the first one of its own PID namespace, or /proc is another's.
        guard command.shownNamespace == command.namespace("pid") else {
            return .wrong(
                "host-proc",
                "\(task.asked): the command's /proc shows another PID namespace than its own"
            )
        }
        return nil
    }

    /// What is wrong with the PID 1 above the command, and whether it is a matter of time; nil when nothing is.
    private func reaping(by command: HostProcess, _ room: Room, _ task: Task) throws(LabError) -> (
        Judgement, Bool
    )? {
        if (try? command.status())?.pids.last == 1 {
            return (
                .wrong(
                    "no-reaper",
                    "the command itself is PID 1 of its namespace, and nobody waits there for orphans"), false
            )
        }
        var orphan: HostProcess?
        let deadline = MonotonicInstant.now().advanced(by: CheckBench.patient(.seconds(5)))
        _ = try room.wait(until: deadline) {
            orphan = room.guest(with: "\(task.nonce)-orphan")
            return orphan != nil
        }
        guard let orphan else {
            return (
                .wrong(nil, "the command's child is gone with its parent: it was to live on as an orphan"),
                true
            )
        }
        orphan.end { $0.commandLine?.contains("\(task.nonce)-orphan") == true }
        let isReaped = try room.wait(until: .now().advanced(by: CheckBench.patient(.seconds(5)))) {
            !Files.exists("/proc/\(orphan.pid)")
        }
        guard isReaped == .met else {
            return (
                .wrong(
                    "no-reaper", "an orphan that has ended stays a zombie: its PID 1 does not wait for it"),
                true
            )
        }
        // Where its PID 1 ends all is gone with it, and nobody has waited for anything.
        let isAlone = try room.wait(until: .now().advanced(by: CheckBench.patient(.milliseconds(300)))) {
            !command.isRunning
        }
        guard isAlone == .late else {
            return (
                .wrong(
                    "no-reaper", "the command was killed before it ended: its PID 1 had ended before"), false
            )
        }
        return nil
    }

    /// Whether the launcher ends when the command does.
    private func ending(with command: HostProcess, _ room: Room, _ task: Task) throws(LabError) -> (
        Judgement, Bool
    ) {
        for word in ["orphan", "command"] {
            let word = "\(task.nonce)-\(word)"
            room.guest(with: word)?.end { $0.commandLine?.contains(word) == true }
        }
        guard try room.wait(until: .now().advanced(by: CheckBench.patient(.seconds(5)))) == .ended else {
            return (
                .wrong("outlives", "\(task.asked): the command has ended, and the launcher runs on"), true
            )
        }
        return (
            .right("the command has its own \(task.kinds.sorted().listed) and shares the others"),
            false
        )
    }
}
