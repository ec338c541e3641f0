import Glibc
import LabCore

/// The difference for a process in a namespace of its own, as the host sees it: one thing for each kind.
struct NamespaceConsequence {
    /// The observation of one thing.
    struct Seen {
        var isSo: Bool
        var answer: Message
        var mechanism: Mechanism?
        var evidence: Message
    }

    let bench: Bench

    static let hostname = "lab-namespace"
    /// It owns nothing on any machine.
    static let nobody: uid_t = 65_534

    /// It is process 1 in there and somebody else out here.
    func pid(_ child: ChildInstance) throws(LabError) -> Seen {
        let numbers = try status("NSpid", of: child.pid).split { $0.isWhitespace }.map(String.init)
        return Seen(
            isSo: numbers == ["\(child.pid)", "1"], answer: numbers.last.map { "pid \($0)" } ?? "",
            mechanism: .pidNamespace, evidence: "NSpid: \(numbers.joined(separator: " "))")
    }

    /// It has a mount that the host has not.
    func mount(_ child: ChildInstance, _ directory: String) -> Seen {
        func has(_ process: String) -> Bool {
            MountTable(mountinfo: (try? Files.readText("/proc/\(process)/mountinfo")) ?? "").entries
                .contains { $0.mountPoint == directory }
        }
        let (inside, outside) = (has("\(child.pid)"), has("self"))
        return Seen(
            isSo: inside && !outside, answer: inside ? "a mount of its own" : "no mount",
            mechanism: .mountNamespace, evidence: "in the host's table of mounts: \(outside)")
    }

    /// It has only its own loopback, and a port that is open on the host's is closed and free on it.
    func network(_ child: ChildInstance) throws(LabError) -> Seen {
        let names = Self.interfaces("\(child.pid)")
        let listener: (descriptor: Int32, port: UInt16)
        do throws(Errno) { listener = try Loopback.listener() } catch {
            throw LabError(.unavailable, "cannot listen on 127.0.0.1", cause: "\(error)")
        }
        defer { close(listener.descriptor) }
        let port = listener.port
        let (connected, bound) = try SeparateThread.inNamespace("net", .network, of: child.pid) {
            () throws(LabError) in (Loopback.answers(port), (try? Loopback.listen(port)) != nil)
        }
        return Seen(
            isSo: names == ["lo"] && !connected && bound,
            answer: .names(names), mechanism: .networkNamespace,
            evidence: "the host has \(Self.interfaces("self").joined(separator: ", ")); its open port "
                + "127.0.0.1:\(port) is \(connected ? "reached" : "not reached") and \(bound ? "free" : "taken")"
        )
    }

    /// The names of a process's network interfaces, sorted, from /proc/PID/net/dev.
    static func interfaces(_ process: String) -> [String] {
        let text = (try? Files.readText("/proc/\(process)/net/dev")) ?? ""
        return text.split(separator: "\n").compactMap { line in
            line.firstIndex(of: ":").map { line[..<$0].trimmingWhitespace() }
        }.filter { !$0.isEmpty && !$0.contains("|") }.sorted()
    }

    /// A System V key that is taken in there is free out here.
    func ipc(_ child: ChildInstance) throws(LabError) -> Seen {
        let key = key_t(truncatingIfNeeded: UInt32.random(in: 1..<0x7fff_ffff))
        // The segment goes with the namespace.
        let inside = try SeparateThread.inNamespace("ipc", .ipc, of: child.pid) { () throws(LabError) in
            shmget(key, 4_096, Int32(IPC_CREAT) | Int32(IPC_EXCL) | 0o600) >= 0 && shmget(key, 0, 0) >= 0
        }
        let outside = shmget(key, 0, 0)
        let code = Errno(outside < 0 ? errno : 0)
        return Seen(
            isSo: inside && code == Errno(ENOENT), answer: outside < 0 ? "\(code.name)" : "was found",
            mechanism: .ipcNamespace,
            evidence: inside
                ? "shmget of a key that is taken in there" : "shmget of a key that is not taken in there")
    }

    /// It has a name of its own.
    func uts(_ child: ChildInstance) throws(LabError) -> Seen {
        let inside = try SeparateThread.inNamespace("uts", .uts, of: child.pid) { () throws(LabError) in
            Self.nodeName()
        }
        let outside = Self.nodeName()
        return Seen(
            isSo: inside == Self.hostname && outside != inside, answer: "\(inside)", mechanism: .utsNamespace,
            evidence: "the host is called \(outside)")
    }

    private static func nodeName() -> String {
        var name = utsname()
        guard uname(&name) == 0 else { return "" }
        return withUnsafeBytes(of: &name.nodename) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// Compares the paths of its cgroup: where the host sees a path, it sees the root.
    func cgroup(_ child: ChildInstance) throws(LabError) -> Seen {
        let path = "/proc/\(child.pid)/cgroup"
        func line(of name: Substring, in text: String) -> String {
            String(text.split(separator: "\n").first { $0.hasPrefix(name) } ?? "")
        }
        let outside = try Files.readText(path)
        let place = outside.split(separator: "\n").first { $0.contains("/lab-") } ?? ""
        // `4:memory:` of `4:memory:/lab-…`, `0::` in v2.
        let name = place.prefix { $0 != "/" }
        let inside = try SeparateThread.inNamespace("cgroup", .cgroup, of: child.pid) {
            () throws(LabError) in try Files.readText(path)
        }
        let seen = line(of: name, in: inside)
        return Seen(
            isSo: !place.isEmpty && seen == "\(name)/", answer: "\(seen)", mechanism: .cgroupNamespace,
            evidence: "the host sees \(place)")
    }

    /// It is root with every capability in there, and somebody without privileges out here.
    func user(_ child: ChildInstance, _ user: uid_t) throws(LabError) -> Seen {
        let map = ((try? Files.readText("/proc/\(child.pid)/uid_map")) ?? "").split { $0.isWhitespace }
            .joined(separator: " ")
        let capabilities = try status("CapEff", of: child.pid)
        let owner = try status("Uid", of: child.pid).split { $0.isWhitespace }.first.map(String.init) ?? ""
        let all = UInt64(capabilities, radix: 16).map { $0 & ($0 + 1) == 0 && $0 > 0 } ?? false
        return Seen(
            isSo: map == "0 \(user) 1" && all && owner == "\(user)", answer: "uid 0, CapEff \(capabilities)",
            mechanism: .userNamespace, evidence: "uid_map: \(map); on the host its uid is \(owner)")
    }

    /// Its clock is a day ahead.
    func time(_ child: ChildInstance) throws(LabError) -> Seen {
        let text = try Files.readText("/proc/\(child.pid)/timens_offsets")
        let offset =
            text.split(separator: "\n").first { $0.hasPrefix("monotonic") }
            .map { $0.split { $0.isWhitespace }.joined(separator: " ") } ?? ""
        return Seen(
            isSo: offset == "monotonic 86400 0", answer: "\(offset)", mechanism: nil,
            evidence: "/proc/\(child.pid)/timens_offsets")
    }

    /// The value of a key in /proc/PID/status, see proc_pid_status(5).
    private func status(_ key: String, of pid: pid_t) throws(LabError) -> String {
        try HostProcess(pid: pid).status()[key] ?? ""
    }
}
