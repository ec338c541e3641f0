import ContainerDriver
import LabCore
import VMDriver

/// `kernel`: which settings of the kernel a container and a VM have for themselves, and which all share.
///
/// The oracle writes to each in a container and in a VM of its own and reads it on the host: what was changed inside and not outside is
/// private. So it is the two kernels that say what is right, and not a list.
struct KernelOracle: Oracle {
    let id = "kernel"
    let mistakes = ["same-value", "by-prefix", "one-kernel"]
    let points = 2

    /// Settings with a number, below `/proc/sys`. Some of them became private with a later kernel, and some are not shown in a
    /// container before one.
    private static let settings =
        [
            "fs/file-max", "fs/mqueue/msg_max", "fs/mqueue/msgsize_max", "fs/mqueue/queues_max", "fs/nr_open",
            "kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/panic", "kernel/pid_max",
            "kernel/shmmni", "kernel/threads-max", "net/core/rmem_default", "net/core/rmem_max",
            "net/core/somaxconn", "net/core/wmem_default", "net/core/wmem_max", "net/ipv4/ip_default_ttl",
            "net/ipv4/tcp_fin_timeout", "net/ipv4/tcp_keepalive_time", "net/ipv4/tcp_syn_retries",
            "net/unix/max_dgram_qlen", "user/max_ipc_namespaces", "user/max_net_namespaces",
            "user/max_uts_namespaces", "vm/dirty_ratio", "vm/max_map_count", "vm/swappiness",
        ].map { "/proc/sys/\($0)" }

    private static let networkPrefix = "/proc/sys/net/"
    /// How many there are at a point of each sort: private or not, of the network or not.
    private static let mostOfASort = 3

    private struct Task {
        let boxes: KernelBoxes
        /// The programs that ask in the two, in the order in which they are named.
        let programs: [String]
        /// Every setting, in the order in which they are chosen.
        let order: [String]

        init(_ draw: inout Draw) {
            boxes = KernelBoxes(container: draw.name(), machine: draw.name())
            let programs = [boxes.container, boxes.machine].map(boxes.program)
            self.programs = Bool.random(using: &draw) ? programs : programs.reversed()
            order = KernelOracle.settings.shuffled(using: &draw)
        }
    }

    /// A setting in one of the boxes.
    private struct Question: Hashable {
        let program: String
        let path: String

        var text: String { "\(program) \(path)" }
    }

    func words(_ point: Int, _ draw: inout Draw) -> [String] {
        let task = Task(&draw)
        return task.programs + task.order.prefix(2 * Self.mostOfASort)
    }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        try MachineRoom.requirePrograms(MachineRoom.qemu)
        let task = Task(&draw)
        let guest = try RoomGuest(bench.context)
        let inMachine = try Self.settingsOfMachine(guest, bench)
        let known = try Self.experiment(task.order, bench)
        var sorts: [[Bool]: Int] = [:]
        let asked = task.order.filter { path in
            guard let isPrivate = known[path], inMachine.contains(path) else { return false }
            let sort = [isPrivate, path.hasPrefix(Self.networkPrefix)]
            sorts[sort, default: 0] += 1
            return sorts[sort, default: 0] <= Self.mostOfASort
        }
        // One that a list by prefixes gets right, one that it gets wrong, and one of the commonest.
        guard sorts[[true, true]] != nil, sorts[[true, false]] != nil || sorts[[false, true]] != nil,
            sorts[[false, false]] != nil
        else {
            throw LabError(
                .unavailable, "this kernel lets too few settings be told apart",
                cause:
                    "in a user namespace it lets \(known.values.count { $0 }) of \(known.count) be written",
                remedy: "check on a machine with Linux 6.1 or later")
        }
        let answer = try bench.answer(
            artefact, task.programs + asked, before: try task.boxes.script(guest),
            change: { $0.binds.append(KernelBoxes.bind) },
            furnish: { (files) throws(LabError) in try task.boxes.furnish(files, guest) },
            meanwhile: { (room) throws(LabError) in try KernelBoxes.awaitStart(in: room, bench) })
        return try answer.judged { (said) in Self.judge(said, asked, known, task.boxes) }
    }

    private static func judge(
        _ said: [UInt8], _ asked: [String], _ known: [String: Bool], _ boxes: KernelBoxes
    ) -> Judgement {
        let (container, machine) = (boxes.program(boxes.container), boxes.program(boxes.machine))
        // A VM's kernel is its own with all that it has.
        let truth = Dictionary(
            uniqueKeysWithValues: asked.flatMap { path in
                [
                    (Question(program: container, path: path), known[path] == true),
                    (Question(program: machine, path: path), true),
                ]
            })
        var answers: [Question: Bool] = [:]
        for line in String(decoding: said, as: UTF8.self).split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count == 3, ["private", "shared"].contains(words[2]),
                answers[Question(program: words[0], path: words[1])] == nil
            else {
                return .wrong(nil, "the answer has a line \(ForeignText.quoted(String(line)))")
            }
            answers[Question(program: words[0], path: words[1])] = words[2] == "private"
        }
        let questions = asked.flatMap { path in
            [Question(program: container, path: path), Question(program: machine, path: path)]
        }
        if let missing = questions.first(where: { answers[$0] == nil }) {
            return .wrong(nil, "there is no answer for \(missing.text)")
        }
        let wrong = questions.filter { answers[$0] != truth[$0] }
        guard let first = wrong.first else {
            return .right("all \(asked.count) settings are told apart, in the container and in the VM")
        }
        let seen: Message =
            if first.program == machine {
                "of \(questions.count) answers \(wrong.count) are wrong: \(first.path) was changed in the VM, and stayed as it was outside"
            } else if truth[first] == true {
                "of \(questions.count) answers \(wrong.count) are wrong: \(first.path) was changed in the container, and stayed as it was outside"
            } else {
                "of \(questions.count) answers \(wrong.count) are wrong: \(first.path) can't be changed in the container, and is the same outside"
            }
        let inContainer = wrong.filter { $0.program == container }
        // All that is said of the VM is what is true of the container.
        if inContainer.isEmpty, wrong.allSatisfy({ known[$0.path] == false }) {
            return .wrong("one-kernel", seen)
        }
        // Who goes by the first part of the name errs at the exceptions and nowhere else.
        if wrong.allSatisfy({ truth[$0] != $0.path.hasPrefix(networkPrefix) }) {
            return .wrong("by-prefix", seen)
        }
        return .wrong(wrong.allSatisfy { truth[$0] == true } ? "same-value" : nil, seen)
    }

    /// Writes down the value of each, one less in its place, and what is there then.
    private static let script = """
        for path in "$@"; do
            old=$(cat "$path" 2>/dev/null) || continue
            (echo $((old - 1)) >"$path") 2>/dev/null
            echo "$path $old $(cat "$path")"
        done
        """

    /// Which settings are private, where this kernel lets it be seen.
    private static func experiment(_ paths: [String], _ bench: CheckBench) throws(LabError) -> [String: Bool]
    {
        let before = values(paths)
        let said = try Room.with(
            RoomRequest(["/bin/sh", "-c", script, "sh"] + paths), bench.context,
            furnish: { (_) throws(LabError) in }
        ) { (room) throws(LabError) -> [UInt8] in
            guard try room.wait(until: bench.deadline) == .ended, room.end() == 0 else {
                throw LabError(
                    .unavailable, "the kernel's settings were not read in a room", cause: room.lastWords)
            }
            return room.output
        }
        let after = values(paths)
        var known: [String: Bool] = [:]
        for line in String(decoding: said, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            // What somebody else changed meanwhile tells nothing.
            guard words.count == 3, let host = before[words[0]], after[words[0]] == host else { continue }
            if words[1] != words[2] {
                known[words[0]] = true
            } else if words[1] == host && !mayBePrivate(words[0]) {
                known[words[0]] = false
            }
        }
        return known
    }

    /// What was seen in a VM of a kernel and an initramfs, which boots the same again.
    private static let seen = Monitor<(digest: String, paths: Set<String>)>(("", []))

    /// Those that were changed in a VM, and were not on the host.
    private static func settingsOfMachine(
        _ guest: RoomGuest, _ bench: CheckBench
    ) throws(LabError) -> Set<String> {
        let (digest, paths) = seen.withLock { $0 }
        if digest == guest.digest { return paths }
        let boxes = KernelBoxes(container: "container", machine: "machine")
        var request = RoomRequest(
            [
                "/bin/sh", "-c", try boxes.script(guest, withContainer: false) + machineScript, "sh",
            ] + settings)
        request.binds = [KernelBoxes.bind]
        let before = values(settings)
        let said = try Room.with(
            request, bench.context,
            furnish: { (files) throws(LabError) in try boxes.furnish(files, guest) }
        ) { (room) throws(LabError) -> [UInt8] in
            try KernelBoxes.awaitStart(in: room, bench)
            guard try room.wait(until: .now().advanced(by: CheckBench.limit)) == .ended, room.end() == 0
            else {
                throw LabError(
                    .unavailable, "the kernel's settings were not read in a VM", cause: room.lastWords)
            }
            return room.output
        }
        let after = values(settings)
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n")
        let changed = Set(lines.map(String.init).filter { before[$0] != nil && before[$0] == after[$0] })
        seen.withLock { $0 = (guest.digest, changed) }
        return changed
    }

    /// Prints each path whose value is another one once it was written.
    private static let machineScript = """
        for path in "$@"; do
            old=$(/vm/machine "$path") || continue
            new=$(/vm/machine "$path" $((old - 1))) || continue
            [ "$new" = "$old" ] || echo "$path"
        done
        exit 0
        """

    /// Settings of namespaces that an older kernel lets nobody write but the host's root: there to be refused is no sign.
    private static func mayBePrivate(_ path: String) -> Bool {
        ["/fs/mqueue/", "/kernel/msgm", "/kernel/shmm", "/kernel/pid_max", "/sys/user/"].contains {
            path.contains($0)
        }
    }

    /// What the host itself reads.
    private static func values(_ paths: [String]) -> [String: String] {
        var values: [String: String] = [:]
        for path in paths { values[path] = Files.line(path)?.trimmingWhitespace() }
        return values
    }
}
