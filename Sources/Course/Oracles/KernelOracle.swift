import ContainerDriver
import LabCore

/// `kernel`: which settings of the kernel a container has for itself, and which all share.
///
/// The oracle writes to each in a room of its own and reads it on the host: what was changed inside and not outside is
/// private. So it is this kernel that says what is right, and not a list.
struct KernelOracle: Oracle {
    let id = "kernel"
    let mistakes = ["same-value", "by-prefix"]
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

    func words(_ point: Int, _ draw: inout Draw) -> [String] {
        Array(Self.settings.shuffled(using: &draw).prefix(2 * Self.mostOfASort))
    }

    func judge(
        _ artefact: Artefact, _ point: Int, _ draw: inout Draw, _ bench: CheckBench
    ) throws(LabError) -> Judgement {
        let order = Self.settings.shuffled(using: &draw)
        let known = try Self.experiment(order, bench)
        var sorts: [[Bool]: Int] = [:]
        let asked = order.filter { path in
            guard let isPrivate = known[path] else { return false }
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
        return try bench.answer(artefact, asked).judged { Self.judge($0, asked, known) }
    }

    private static func judge(_ said: [UInt8], _ asked: [String], _ known: [String: Bool]) -> Judgement {
        var answers: [String: Bool] = [:]
        for line in String(decoding: said, as: UTF8.self).split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count == 2, ["private", "shared"].contains(words[1]), answers[words[0]] == nil else {
                return .wrong(nil, "the answer has a line \(ForeignText.quoted(String(line)))")
            }
            answers[words[0]] = words[1] == "private"
        }
        if let missing = asked.first(where: { answers[$0] == nil }) {
            return .wrong(nil, "there is no answer for \(missing)")
        }
        let wrong = asked.filter { answers[$0] != known[$0] }
        guard let first = wrong.first else {
            return .right("all \(asked.count) settings are told apart as this kernel has them")
        }
        let seen: Message =
            known[first] == true
            ? "of \(asked.count) answers \(wrong.count) are wrong: \(first) was changed inside, and stayed as it was outside"
            : "of \(asked.count) answers \(wrong.count) are wrong: \(first) can't be changed inside, and is the same outside"
        // Who goes by the first part of the name errs at the exceptions and nowhere else.
        if wrong.allSatisfy({ (known[$0] == true) != $0.hasPrefix(networkPrefix) }) {
            return .wrong("by-prefix", seen)
        }
        return .wrong(wrong.allSatisfy { known[$0] == true } ? "same-value" : nil, seen)
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
