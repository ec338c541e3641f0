import ContainerDriver
import LabCore

/// `engine`: a client and a daemon that starts containers, and a table of who outlives whom.
///
/// The daemon and the client are each in namespaces of their own, with other files at the same path. The oracle sees whose
/// descendant the container is and what is mounted in it; it kills one of the three, and compares who is left with the table.
struct EngineOracle: Oracle {
    let id = "engine"
    let mistakes = ["client-forks", "clients-paths", "untrue-table"]
    /// One for each part that is killed.
    let points = 3

    enum Part: String, CaseIterable {
        case client, daemon, container
    }

    private struct Task {
        /// What is killed.
        let victim: Part
        let place: String
        let source: String
        let target: String
        let names: [String]
        /// On the command lines of the containers, and the names of the daemon's and of the client's file.
        let nonces: [String]
        let files: [String]

        init(_ point: Int, _ draw: inout Draw) {
            victim = Part.allCases[point % Part.allCases.count]
            (place, source, target) = ("/run/\(draw.name())", "/srv/\(draw.name())", "/mnt/\(draw.name())")
            names = ["c-\(draw.name())", "d-\(draw.name())"]
            nonces = [draw.nonce(), draw.nonce()]
            files = [draw.nonce(), draw.nonce()]
        }

        func words(_ container: Int) -> [String] {
            [
                "run", place, names[container], source, target, "--", "/lab/guest", "pulse",
                nonces[container], "20",
            ]
        }

        /// The daemon has its own IPC namespace and the client has not: that is how they are told apart.
        func script(_ program: String) -> String {
            func side(_ options: String, _ file: String, _ words: [String]) -> String {
                let enter = #"mount -t tmpfs none "$0" && : >"$0/$1" && shift && exec "$@""#
                let all = [source, file, program] + words
                return "unshare --mount --uts \(options) /bin/sh -c '\(enter)' \(ShellText.join(all)) >&2 &"
            }
            return """
                mkdir -p \(place) \(source) \(target)
                \(side("--ipc", files[0], ["daemon", place]))
                until [ -e \(place)/ready ]; do kill -0 $! 2>/dev/null || exit 91; sleep 0.1; done
                \(side("", files[1], words(0)))
                until [ -e /lab/again ]; do sleep 0.1; done
                \(side("", files[1], words(1)))
                while :; do sleep 1; done
                """
        }
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] { Task(point, &draw).words(0) }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let task = Task(point, &draw)
        let table: [Part: Set<Part>]
        switch Self.table(artefact.files["survivors"] ?? []) {
        case .failure(let judgement): return judgement
        case .success(let read): table = read
        }
        let (judgement, isLate) = try bench.run(
            artefact, [],
            change: {
                $0.command = ["/bin/sh", "-c", task.script("\(CheckBench.work)/\(artefact.program)"), "room"]
            }
        ) { (room) throws(LabError) -> (Judgement, Bool) in try judge(task, table, room, bench.deadline) }
        return isLate ? try bench.late(judgement) : judgement
    }

    /// Who is left when one is killed: three lines, `PART: PART…`.
    static func table(_ bytes: [UInt8]) -> Result<[Part: Set<Part>], Judgement> {
        var table: [Part: Set<Part>] = [:]
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let text = String(line).trimmingWhitespace()
            if text.isEmpty || text.hasPrefix("#") { continue }
            let sides = text.split(separator: ":", omittingEmptySubsequences: false)
            let words = sides.count == 2 ? sides[1].split(separator: " ").map(String.init) : []
            let left = words.compactMap(Part.init(rawValue:))
            guard sides.count == 2, let killed = Part(rawValue: String(sides[0])), left.count == words.count,
                !left.contains(killed), table[killed] == nil
            else {
                return .failure(
                    .wrong(
                        nil,
                        "survivors has the line \(ForeignText.quoted(text)), which is none of the table's"
                    ))
            }
            table[killed] = Set(left)
        }
        guard table.count == Part.allCases.count else {
            return .failure(.wrong(nil, "survivors has not one line each for client, daemon and container"))
        }
        guard table[.client] == [.daemon, .container], table[.container] == [.daemon] else {
            return .failure(
                .wrong(nil, "survivors says of the client or of the container what the task does not allow"))
        }
        return .success(table)
    }

    private func judge(
        _ task: Task, _ table: [Part: Set<Part>], _ room: Room, _ deadline: MonotonicInstant
    ) throws(LabError) -> (Judgement, Bool) {
        let first = HostProcess(pid: room.pid)
        var parts: [Part: HostProcess] = [:]
        let wait = try room.wait(until: deadline) {
            guard let container = room.guest(with: task.nonces[0]) else { return false }
            parts = [.container: container]
            // In the order in which they were begun, so that whoever was left to the first process comes after them.
            for process in room.processes where (try? process.status())?.parent == room.pid {
                let own = room.ownKinds(of: process)
                guard own.contains("uts"), own.contains("mnt") else { continue }
                let part = own.contains("ipc") ? Part.daemon : .client
                if parts[part] == nil { parts[part] = process }
            }
            return true
        }
        guard wait == .met, let container = parts[.container] else {
            let status = wait == .ended ? room.end() : nil
            let how: Message =
                status == 91
                ? "the daemon ended before it was ready"
                : status.map { "the program ended with status \(Int($0))" } ?? "nothing ended"
            return (.wrong(nil, "the container never ran: \(how); \(room.lastWords)"), wait == .late)
        }
        guard let daemon = parts[.daemon] else {
            return (.wrong(nil, "the container ran, and the daemon had ended"), false)
        }
        if isOfClient(container, parts[.client], room) {
            return (
                .wrong("client-forks", "the container is in the client's namespaces, or descends from it"),
                false
            )
        }
        guard parts[.client] != nil else {
            return (.wrong(nil, "the container ran, and the client had ended: it was to wait"), false)
        }
        if let wrong = mounts(of: container, daemon, first, task) { return (wrong, false) }
        return try survival(task, parts, table[task.victim] ?? [], room, first)
    }

    private func isOfClient(_ container: HostProcess, _ client: HostProcess?, _ room: Room) -> Bool {
        guard let client else { return false }
        if container.namespace("uts") == client.namespace("uts") { return true }
        var process = container
        for _ in 0..<64 {
            if process == client { return true }
            guard process.pid != room.pid, let parent = (try? process.status())?.parent else { return false }
            process = HostProcess(pid: parent)
        }
        return false
    }

    /// What is wrong with what is mounted in a container; nil when nothing is.
    private func mounts(
        of container: HostProcess, _ daemon: HostProcess, _ first: HostProcess, _ task: Task
    ) -> Judgement? {
        let own = container.namespace("mnt")
        guard own != nil, own != daemon.namespace("mnt"), own != first.namespace("mnt") else {
            return .wrong(nil, "the container has no mount namespace of its own")
        }
        let seen = Files.list("/proc/\(container.pid)/root\(task.target)")
        if seen.contains(task.files[0]) { return nil }
        return seen.contains(task.files[1])
            ? .wrong(
                "clients-paths",
                "in the container \(task.target) has the files that the client sees in \(task.source)")
            : .wrong(
                nil,
                "in the container \(task.target) has not the files that the daemon sees in \(task.source)")
    }

    /// Kills one part, and sees who is left.
    private func survival(
        _ task: Task, _ parts: [Part: HostProcess], _ survivors: Set<Part>, _ room: Room, _ first: HostProcess
    ) throws(LabError) -> (Judgement, Bool) {
        guard let victim = parts[task.victim] else { preconditionFailure("all three parts were seen") }
        let others = parts.filter { $0.key != task.victim }
        let fated = others.filter { !survivors.contains($0.key) }
        let limit = CheckBench.patient(.seconds(5))
        func untrue(_ part: Part, isLeft: Bool) -> Judgement {
            let (killed, other) = (task.victim.rawValue, part.rawValue)
            return .wrong(
                "untrue-table",
                isLeft
                    ? "the \(killed) was killed, and the \(other) still runs: the table says otherwise"
                    : "the \(killed) was killed, and the \(other) is gone: the table says otherwise")
        }
        let pulse = parts[.container]?.waits ?? 0
        victim.end { $0.namespace("mnt") != first.namespace("mnt") }
        let isGone = try room.wait(until: .now().advanced(by: limit)) {
            !victim.isRunning && fated.values.allSatisfy { !$0.isRunning }
        }
        guard isGone == .met else {
            let left = fated.first { $0.value.isRunning }?.key ?? task.victim
            return (untrue(left, isLeft: true), isGone == .late)
        }
        if survivors.contains(.container), let container = parts[.container] {
            let beats = try room.wait(until: .now().advanced(by: limit)) {
                (container.waits ?? 0) > pulse + 3
            }
            guard beats == .met else { return (untrue(.container, isLeft: false), container.isRunning) }
        }
        if survivors.contains(.daemon), let daemon = parts[.daemon] {
            // It still serves, and not only is.
            try Files.write("", to: "\(room.files)/lab/again")
            var second: HostProcess?
            let serves = try room.wait(until: .now().advanced(by: limit)) {
                second = room.guest(with: task.nonces[1])
                return second != nil
            }
            guard serves == .met, let second else {
                return (untrue(.daemon, isLeft: false), daemon.isRunning)
            }
            if let wrong = mounts(of: second, daemon, first, task) { return (wrong, false) }
        }
        for (part, process) in others where survivors.contains(part) && !process.isRunning {
            return (untrue(part, isLeft: false), false)
        }
        let names = Part.allCases.filter(survivors.contains).map(\.rawValue)
        return (
            .right(
                "the \(task.victim.rawValue) was killed, and left is, as the table says: \(Message.names(names))"
            ),
            false
        )
    }
}
