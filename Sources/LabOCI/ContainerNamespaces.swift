import CLinux
import Glibc
import LabCore
import Launch
import OCI

/// The namespaces of a container: those that are made, and those of a path, which are entered.
struct ContainerNamespaces {
    let new: Namespaces
    /// Open, in the order in which they are entered: that of the root last, whose /proc would be another's.
    let joined: [(kind: Namespaces, descriptor: Int32, path: String)]

    static let kinds: [(word: String, kind: Namespaces)] = [
        ("user", .user), ("cgroup", .cgroup), ("ipc", .ipc), ("uts", .uts), ("network", .network),
        ("pid", .pid), ("time", .time), ("mount", .mount),
    ]

    init(_ spec: RuntimeSpec.Linux) throws {
        var new: Namespaces = []
        var paths: [String: String] = [:]
        for namespace in spec.namespaces ?? [] {
            guard let kind = Self.kinds.first(where: { $0.word == namespace.type })?.kind else {
                throw Failure.unsupported("linux.namespaces: \(namespace.type)")
            }
            guard !new.contains(kind), paths[namespace.type] == nil else {
                throw Failure("malformed spec file: duplicated ns \"\(namespace.type)\"")
            }
            if let path = namespace.path, !path.isEmpty {
                paths[namespace.type] = path
            } else {
                new.insert(kind)
            }
        }
        var joined: [(kind: Namespaces, descriptor: Int32, path: String)] = []
        for (word, kind) in Self.kinds {
            guard let path = paths[word] else { continue }
            do {
                joined.append((kind, try FileDescriptor.open(path, O_RDONLY).release(), path))
            } catch { throw Failure("namespace path: lstat \(ForeignText.line(path, most: 400))", error) }
        }
        self.new = new
        self.joined = joined
    }

    func has(_ kind: Namespaces) -> Bool { new.contains(kind) || joined.contains { $0.kind == kind } }

    /// The flags of the child's clone: its cgroup namespace is made when it is in its cgroup, and one of time can be told the
    /// time only while nobody is in it.
    var cloneFlags: UInt64 { new.subtracting([.cgroup, .time]).rawValue }

    /// For the child: those of PIDs and of users it was born in.
    func enter() throws {
        for (kind, descriptor, path) in joined where kind != .pid && kind != .user {
            do { try Kernel.check { clinux_setns(descriptor, kind.rawValue) } } catch {
                throw Failure("failed to setns to \(ForeignText.line(path, most: 400))", error)
            }
        }
        joined.forEach { close($0.descriptor) }
    }

    /// For the child, when it is in its cgroups.
    func enterCgroup() throws {
        guard new.contains(.cgroup) else { return }
        do { try Kernel.check { clinux_unshare(Namespaces.cgroup.rawValue) } } catch {
            throw Failure("failed to unshare cgroup namespace", error)
        }
    }

    /// For the child, while it sees the host's /proc: makes its time namespace, tells it its clocks, and enters it.
    func enterTime(_ offsets: RuntimeSpec.TimeOffsets?) throws {
        guard new.contains(.time) else { return }
        do {
            try Kernel.check { clinux_unshare(Namespaces.time.rawValue) }
            var text = ""
            for (clock, offset) in [("monotonic", offsets?.monotonic), ("boottime", offsets?.boottime)] {
                if let offset { text += "\(clock) \(offset.secs ?? 0) \(offset.nanosecs ?? 0)\n" }
            }
            if !text.isEmpty { try Files.overwrite(text, at: "/proc/self/timens_offsets") }
            let made = try FileDescriptor.open("/proc/self/ns/time_for_children", O_RDONLY)
            try Kernel.check { clinux_setns(made.rawValue, Namespaces.time.rawValue) }
        } catch { throw Failure("failed to make a time namespace: \(error.words)") }
    }

    /// Forks the first process: in the new namespaces, and born in the joined ones of users and of PIDs. All others belong to
    /// the user namespace that they are made in, so that it comes first.
    /// - Parameter cgroup: of version 2, open, in which it is born unless it joins a namespace of users; -1 for none.
    /// - Returns: its pid; in it, `body` runs.
    func fork(in cgroup: Int32, _ body: () -> Never) throws -> pid_t {
        if let user = joined.first(where: { $0.kind == .user }) { return try fork(in: user, body) }
        let own = try FileDescriptor.open("/proc/self/ns/pid", O_RDONLY)
        let processes = joined.first { $0.kind == .pid }
        if let processes { try Self.enter(processes) }
        let pid = clinux_fork(cloneFlags, cgroup)
        if pid == 0 { body() }
        let code = Errno(errno)
        // Hooks are born outside again.
        if processes != nil { _ = clinux_setns(own.rawValue, Namespaces.pid.rawValue) }
        guard pid > 0 else { throw Failure("unable to start container process: clone", code) }
        return pid
    }

    private typealias Joined = (kind: Namespaces, descriptor: Int32, path: String)

    private static func enter(_ namespace: Joined) throws {
        do { try Kernel.check { clinux_setns(namespace.descriptor, namespace.kind.rawValue) } } catch {
            throw Failure("failed to setns to \(ForeignText.line(namespace.path, most: 400))", error)
        }
    }

    /// There is no way back from a user namespace: a child in between goes there, and its sibling is our child.
    private func fork(in user: Joined, _ body: () -> Never) throws -> pid_t {
        let answer = try FileDescriptor.pipe()
        let between = clinux_fork(0, -1)
        if between == 0 {
            var pid: pid_t = 0
            do {
                if let processes = joined.first(where: { $0.kind == .pid }) { try Self.enter(processes) }
                try Self.enter(user)
                pid = clinux_fork(cloneFlags | clinux_sibling, -1)
                if pid == 0 { body() }
                if pid < 0 { pid = -errno }
            } catch { pid = -EPERM }
            _ = withUnsafeBytes(of: &pid) { Glibc.write(answer.write.rawValue, $0.baseAddress, $0.count) }
            _exit(0)
        }
        guard between > 0 else { throw Failure("unable to start container process: clone", Errno(errno)) }
        let (read, write) = (answer.read.release(), answer.write.release())
        close(write)
        var pid: pid_t = -EPIPE
        _ = withUnsafeMutableBytes(of: &pid) { Glibc.read(read, $0.baseAddress, $0.count) }
        close(read)
        var status: Int32 = 0
        waitpid(between, &status, 0)
        guard pid > 0 else {
            throw Failure("failed to setns to \(ForeignText.line(user.path, most: 400))", Errno(-pid))
        }
        return pid
    }
}

/// Which sysctl is a container's own: of a namespace that it does not share with the host. All others would be the machine's.
enum SystemControl {
    private static let ofIPC = [
        "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax",
        "kernel.shmmni", "kernel.shm_rmid_forced",
    ]

    static func path(_ name: String) -> String {
        // net.ipv4.conf.eth0/1.forwarding: a slash in a name of the dotted form is a dot.
        if !name.contains("/") { return String(name.map { $0 == "." ? "/" : $0 }) }
        guard let first = name.first(where: { $0 == "." || $0 == "/" }), first == "." else { return name }
        return String(name.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
    }

    static func check(_ spec: RuntimeSpec, _ namespaces: ContainerNamespaces) throws {
        for member in spec.linux?.sysctl?.members ?? [] {
            let name = String(path(member.name).map { $0 == "/" ? "." : $0 })
            guard !path(member.name).split(separator: "/").contains("..") else {
                throw Failure(
                    "sysctl \"\(ForeignText.line(member.name, most: 200))\" is not in a separate kernel namespace"
                )
            }
            // Each has a word of its own in config.json; of the name there has always been only that.
            guard name != "kernel.hostname", name != "kernel.domainname" || spec.domainname?.isEmpty != false
            else {
                throw Failure(
                    "sysctl \"\(name)\" is not allowed as it conflicts with the OCI \"\(name.dropFirst(7))\" field"
                )
            }
            let isOwn =
                ofIPC.contains(name) || name.hasPrefix("fs.mqueue.")
                ? namespaces.has(.ipc)
                : name.hasPrefix("net.")
                    ? namespaces.has(.network)
                    : name == "kernel.domainname" ? namespaces.has(.uts) : false
            guard isOwn else {
                throw Failure(
                    "sysctl \"\(ForeignText.line(member.name, most: 200))\" is not in a separate kernel namespace"
                )
            }
        }
    }
}
