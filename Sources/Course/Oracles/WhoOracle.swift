import ContainerDriver
import Glibc
import LabCore

/// `who`: which process is the first one of a container, by its number and its start time.
///
/// The room is a host with eight containers whose first processes have equal arguments. The oracle finds the right one from
/// outside, by a file in its root, before the artefact's program is let run.
struct WhoOracle: Oracle {
    let id = "who"
    let mistakes = ["relative-pid", "by-name"]
    let points = 3

    private struct Task {
        /// Of the containers.
        let nonces: [String]
        let sought: Int

        init(_ draw: inout Draw) {
            nonces = (0..<8).map { _ in draw.nonce() }
            sought = Int.random(in: nonces.indices, using: &draw)
        }

        var nonce: String { nonces[sought] }

        /// The words of each container's first process, and of others.
        static let service = [CheckBench.guest, "idle", "service"]

        /// Starts the containers, beside each two processes that only look like it, and waits until the oracle has seen them.
        var surroundings: String {
            let service = ShellText.join(Self.service)
            return """
                mkdir /srv
                for nonce in \(nonces.joined(separator: " ")); do
                    unshare --mount --pid --fork --mount-proc /bin/sh -c '
                        mount -t tmpfs none /srv && echo "$0" >/srv/id || exit 1
                        \(CheckBench.guest) idle worker >/dev/null &
                        exec \(service) >/dev/null' $nonce &
                    \(CheckBench.guest) idle $nonce >/dev/null &
                    \(service) >/dev/null &
                done
                until [ -e /gate/open ]; do sleep 0.05; done
                """
        }
    }

    /// A process as it is known in the room.
    private struct Identity: Equatable {
        var pid: pid_t
        /// Clock ticks since the machine booted: field 22 of `/proc/PID/stat`.
        var startTicks: UInt64
    }

    /// What is true of a room.
    private struct Truth {
        var sought: Identity
        /// The numbers of other processes that have the same words, or the nonce among theirs.
        var namesakes: Set<pid_t>
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] { [Task(&draw).nonce] }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(&draw)
        var truth: Truth?
        let answer = try bench.answer(
            artefact, [task.nonce], before: task.surroundings,
            change: { $0.binds.append(.init("gate", at: "/gate")) },
            furnish: { (directory) throws(LabError) in try Files.makeDirectory("\(directory)/gate") },
            meanwhile: { (room) throws(LabError) in
                let isThere = try room.wait(until: bench.deadline) { Self.firsts(room, task).count == 8 }
                guard isThere == .met else {
                    throw LabError(
                        .unavailable, "the containers of the exercise did not start", cause: room.lastWords)
                }
                truth = try Self.truth(room, task)
                try Files.write("", to: "\(room.files)/gate/open")
            })
        guard let truth else { throw LabError(.software, "a room whose containers were not looked at") }
        return try answer.judged { Self.judge($0, truth) }
    }

    private static func judge(_ said: [UInt8], _ truth: Truth) -> Judgement {
        let text = String(decoding: said.prefix(400), as: UTF8.self)
        let shown = ForeignText.line(text, most: 60)
        let numbers = text.split(whereSeparator: \.isWhitespace).compactMap { UInt64($0) }
        guard let pid = numbers.first.flatMap({ pid_t(exactly: $0) }) else {
            return .wrong(nil, "the answer is \(ForeignText.quoted(shown)), and no number")
        }
        if pid == 1 {
            return .wrong("relative-pid", "the answer is 1: that number is the room's own first process")
        }
        if pid != truth.sought.pid {
            return .wrong(
                truth.namesakes.contains(pid) ? "by-name" : nil,
                truth.namesakes.contains(pid)
                    ? "the answer \(Int(pid)) is a process that has the same words, or the nonce among its own"
                    : "the answer \(Int(pid)) is not the container's first process")
        }
        guard numbers.count == 2, numbers[1] == truth.sought.startTicks else {
            return .wrong(
                nil,
                "the process is the right one, and its start time is another: \(ForeignText.quoted(shown))")
        }
        return .right("process \(Int(pid)) is the one, by its number and its start time")
    }

    /// The first process of each container, by the nonce in its file.
    private static func firsts(_ room: Room, _ task: Task) -> [String: HostProcess] {
        var found: [String: HostProcess] = [:]
        for process in room.processes
        where process.commandLine == Task.service && process.executes("\(room.files)\(CheckBench.guest)") {
            guard let status = try? process.status(), status.pids.last == 1,
                let nonce = Files.line("/proc/\(process.pid)/root/srv/id"), task.nonces.contains(nonce)
            else { continue }
            found[nonce] = process
        }
        return found
    }

    private static func truth(_ room: Room, _ task: Task) throws(LabError) -> Truth {
        // Counted from the outermost: the room's own numbers stand where its first process has its last one.
        let depth = try HostProcess(pid: room.pid).status().pids.count - 1
        func number(_ process: HostProcess) -> pid_t? {
            guard let pids = try? process.status().pids, pids.count > depth else { return nil }
            return pids[depth]
        }
        guard let sought = firsts(room, task)[task.nonce], let pid = number(sought),
            let ticks = sought.startTicks
        else { throw LabError(.unavailable, "a container of the exercise has ended") }
        let namesakes = room.processes.filter {
            $0 != sought && ($0.commandLine == Task.service || $0.commandLine?.contains(task.nonce) == true)
        }
        return Truth(
            sought: Identity(pid: pid, startTicks: ticks), namesakes: Set(namesakes.compactMap(number)))
    }
}
