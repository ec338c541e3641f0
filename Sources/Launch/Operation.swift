import CLinux
import Glibc
import LabCore

extension LaunchProgram {
    /// One system call, or one short fixed sequence of them: what the C executor reads, with its name and its text.
    ///
    /// A new one is a function below, an entry of `clinux_operation` and its case in the executor.
    package struct Operation: Sendable {
        package let code: clinux_operation
        /// The name of a step that has no better one, made when somebody asks: of most programs nobody does.
        package let name: @Sendable () -> Message
        /// Those of `clinux_step`; nil is NULL. No array: a start makes a hundred operations.
        package let a: String?
        package let b: String?
        package let c: String?
        /// The bytes that `data` points to.
        package let data: [UInt8]?
        package let x: UInt64
        package let y: UInt64
        /// In the notation of strace(1), for the arguments of one start.
        package let text: @Sendable (_ arguments: [String]) -> String

        private init(
            _ code: clinux_operation, _ name: @escaping @autoclosure @Sendable () -> Message,
            _ a: String? = nil, _ b: String? = nil, _ c: String? = nil, data: [UInt8]? = nil,
            x: UInt64 = 0, y: UInt64 = 0, text: @escaping @Sendable (_ arguments: [String]) -> String
        ) {
            self.code = code
            self.name = name
            (self.a, self.b, self.c) = (a, b, c)
            self.data = data
            self.x = x
            self.y = y
            self.text = text
        }
    }
}

extension LaunchProgram.Operation: Equatable {
    /// Returns true when the executor does the same.
    package static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && (left.a, left.b, left.c) == (right.a, right.b, right.c)
            && left.data == right.data
            && left.x == right.x
            && left.y == right.y
    }
}

// MARK: Files and mounts

extension LaunchProgram.Operation {
    package static func mount(
        source: String?, target: String, type: String?, flags: MountFlags, data: String?
    )
        -> Self
    {
        Self(
            CLINUX_MOUNT, "mount \(target)", source, target, type, data: data.map(terminated),
            x: flags.rawValue
        ) { _ in
            "mount(\(quoted(source)), \(quoted(target)), \(quoted(type)), \(flags.text), \(quoted(data)))"
        }
    }
    /// After it, absolute paths are the container's and relative ones the host's.
    package static func pivotRoot(_ path: String) -> Self {
        Self(CLINUX_PIVOT_ROOT, "pivot_root", path) { _ in
            "chdir(\(quoted(path))); pivot_root(\".\", \".\"); fchdir(<old root>)"
        }
    }
    package static let leaveOldRoot = Self(CLINUX_LEAVE_OLD_ROOT, "leave the old root") { _ in
        "umount2(\".\", MNT_DETACH); chdir(\"/\")"
    }
    /// Like `pivotRoot`, but what was the root stays below, covered, and there is nothing to unmount.
    package static func moveRoot(_ path: String) -> Self {
        Self(CLINUX_MOVE_ROOT, "enter the root", path) { _ in
            "chdir(\(quoted(path))); mount(\".\", \"/\", NULL, MS_MOVE, NULL); chroot(\".\"); fchdir(<old root>)"
        }
    }
    package static func changeDirectory(_ path: String) -> Self {
        Self(CLINUX_CHDIR, "chdir \(path)", path) { _ in "chdir(\(quoted(path)))" }
    }
    package static func makeDirectory(_ path: String, mode: UInt32 = 0o755) -> Self {
        Self(CLINUX_MKDIR, "mkdir \(path)", path, x: UInt64(mode)) { _ in
            "mkdir(\(quoted(path)), \(octal(mode)))"
        }
    }
    package static func symlink(target: String, path: String) -> Self {
        Self(CLINUX_SYMLINK, "link \(path)", target, path) { _ in
            "symlink(\(quoted(target)), \(quoted(path)))"
        }
    }
    package static func createFile(_ path: String, mode: UInt32) -> Self {
        Self(CLINUX_NODE, "create \(path)", path, x: UInt64(S_IFREG | mode)) { _ in
            "mknod(\(quoted(path)), S_IFREG|\(octal(mode)))"
        }
    }
    /// A node of our own, whatever the umask; for whom the kernel lets make none, a bind of the caller's.
    package static func makeDevice(
        _ path: String, mode: UInt32, _ device: LaunchProgram.Device, orBind original: String
    ) -> Self {
        let (major, minor) = (device.major, device.minor)
        return Self(
            CLINUX_NODE, "device \(path)", path, original, x: UInt64(S_IFCHR | mode),
            y: UInt64(gnu_dev_makedev(major, minor))
        ) { _ in
            "mknod(\(quoted(path)), S_IFCHR|\(octal(mode)), makedev(\(major), \(minor))) "
                + "or mount(\(quoted(original)), \(quoted(path)), NULL, MS_BIND, NULL)"
        }
    }
    /// Adds flags to a mount and to all below it, and takes none away, see mount_setattr(2).
    package static func addMountFlags(_ path: String, _ flags: MountFlags) -> Self {
        Self(CLINUX_MOUNT_FLAGS, "read-only \(path)", path, x: flags.rawValue) { _ in
            "mount_setattr(AT_FDCWD, \(quoted(path)), AT_RECURSIVE, {attr_set=\(flags.attributeText)})"
        }
    }
    /// Takes flags away from a mount, and from none below it.
    package static func removeMountFlags(_ path: String, _ flags: MountFlags) -> Self {
        Self(CLINUX_MOUNT_FLAGS, "writable \(path)", path, y: flags.rawValue) { _ in
            "mount_setattr(AT_FDCWD, \(quoted(path)), 0, {attr_clr=\(flags.attributeText)})"
        }
    }
    /// - Parameter name: that of a keyring of this user's, made where there is none; nil for a new one without a name.
    package static func joinSessionKeyring(_ name: String?) -> Self {
        Self(CLINUX_SESSION_KEYRING, "session keyring", name) { _ in
            "keyctl(KEYCTL_JOIN_SESSION_KEYRING, \(quoted(name)))"
        }
    }
    /// Makes a mount of its own of a path and of what is mounted below it, with the flags of the mount that it is in.
    package static func bindItself(_ path: String) -> Self {
        Self(CLINUX_MOUNT, "read-only \(path)", path, path, x: MountFlags([.bind, .recursive]).rawValue) {
            _ in
            "mount(\(quoted(path)), \(quoted(path)), NULL, MS_BIND|MS_REC, NULL)"
        }
    }
    /// Makes a mount of its own of a path and of what is mounted below it, read-only, with other flags beside.
    package static func bindReadOnly(_ path: String, _ others: MountFlags) -> Self {
        let flags = others.union(.readOnly)
        return Self(CLINUX_READ_ONLY, "read-only \(path)", path, x: flags.rawValue) { _ in
            "mount(\(quoted(path)), \(quoted(path)), NULL, MS_BIND|MS_REC, NULL); "
                + "mount_setattr(AT_FDCWD, \(quoted(path)), AT_RECURSIVE, {attr_set=\(flags.attributeText)})"
        }
    }
    /// Covers a path by the one, or where it is a directory and that is none, or the other way round, by the other. A
    /// `*` in it stands for the number of each processor.
    package static func mask(_ path: String, by first: String, orBy otherwise: String) -> Self {
        guard path.utf8.contains(UInt8(ascii: "*")) else {
            return Self(CLINUX_MASK, "mask \(path)", first, otherwise, path) { _ in
                "mount(\(quoted(first)) or \(quoted(otherwise)), \(quoted(path)), NULL, MS_BIND, NULL)"
            }
        }
        let parts = path.split(separator: "*", maxSplits: 1, omittingEmptySubsequences: false)
        return Self(
            CLINUX_MASK_EACH, "mask \(path)", first, otherwise, String(parts[0]),
            data: terminated(String(parts[1]))
        ) { _ in
            "mount(\(quoted(first)) or \(quoted(otherwise)), \(quoted(path)), NULL, MS_BIND, NULL), …"
        }
    }
    package static func write(_ text: String, to path: String) -> Self {
        Self(CLINUX_WRITE, "write \(path)", path, data: Array(text.utf8), y: UInt64(text.utf8.count)) { _ in
            "write(<\(path)>, \(quoted(text)))"
        }
    }
}

// MARK: Namespaces and cgroups

extension LaunchProgram.Operation {
    package static func enterNamespace(descriptor: Int32, _ namespace: Namespaces) -> Self {
        Self(CLINUX_SETNS, "enter the stage", x: UInt64(descriptor), y: namespace.rawValue) { _ in
            "setns(<\(namespace == .network ? "network" : "stage")>, \(namespace.flagText))"
        }
    }
    package static func unshare(_ namespaces: Namespaces) -> Self {
        Self(CLINUX_UNSHARE, "unshare", x: namespaces.rawValue) { _ in "unshare(\(namespaces.flagText))" }
    }
    /// Writes to the `tasks` file of the directory, which is open: number `index` of a start's parameters.
    package static func joinCgroup(index: Int, directory: String) -> Self {
        Self(CLINUX_JOIN_CGROUP, "join cgroup", x: UInt64(index)) { _ in "write(<\(directory)/tasks>, \"0\")"
        }
    }
    package static func setHostname(_ name: String) -> Self {
        Self(CLINUX_HOSTNAME, "hostname", name) { _ in "sethostname(\(quoted(name)))" }
    }
    package static let loopbackUp = Self(CLINUX_LOOPBACK_UP, "loopback up") { _ in
        "ioctl(<socket>, SIOCSIFFLAGS, {\"lo\", IFF_UP})"
    }
}

// MARK: Descriptors, terminal, session

extension LaunchProgram.Operation {
    /// Gives the child its descriptor 0, 1, 2 or 3, one of a start's parameters.
    package static func standardDescriptor(_ number: Int32) -> Self {
        let name: Message =
            switch number {
            case 0: "stdin"
            case 1: "stdout"
            case 2: "stderr"
            default: "inherited descriptor"
            }
        return Self(CLINUX_STANDARD, name, x: UInt64(number)) { _ in
            "dup3(<\(number == 0 ? "empty pipe" : number < 3 ? "pipe" : "inherited")>, \(number), 0)"
        }
    }
    /// Gives the child a /dev/null of its own root in the place of the host's.
    /// - Parameter access: O_RDONLY, O_WRONLY or O_RDWR.
    package static func nullDevice(_ number: Int32, access: Int32) -> Self {
        Self(CLINUX_NULL, "null device", x: UInt64(number), y: UInt64(access)) { _ in
            "dup2(<open(\"/dev/null\", \(["O_RDONLY", "O_WRONLY", "O_RDWR"][Int(access)]))>, \(number))"
        }
    }
    package static func closeOnExec(from first: Int32) -> Self {
        Self(CLINUX_CLOSE_FROM, "close descriptors", x: UInt64(first), y: UInt64(clinux_close_on_exec)) { _ in
            "close_range(\(first), ~0U, CLOSE_RANGE_CLOEXEC)"
        }
    }
    package static func closeDescriptors(from first: Int32) -> Self {
        Self(CLINUX_CLOSE_FROM, "close all descriptors", x: UInt64(first)) { _ in
            "close_range(\(first), ~0U, 0)"
        }
    }
    /// Makes a terminal of /dev/pts the child's own, and its descriptors those of a mask; the master goes to us.
    package static func openTerminal(_ terminal: LaunchProgram.TerminalRequest) -> Self {
        Self(
            CLINUX_TERMINAL, "terminal", x: UInt64(terminal.descriptors),
            y: UInt64(terminal.rows) << 16 | UInt64(terminal.columns)
        ) { _ in
            let numbers = (0..<3).filter { terminal.descriptors >> $0 & 1 != 0 }
            return
                "open(\"/dev/pts/ptmx\", O_RDWR); ioctl(<master>, TIOCGPTPEER); ioctl(<terminal>, TIOCSCTTY); "
                + numbers.map { "dup2(<terminal>, \($0))" }.joined(separator: "; ")
        }
    }
    package static let newSession = Self(CLINUX_SETSID, "new session") { _ in "setsid()" }
    package static func dieWithParent(signal: Int32 = SIGKILL, parent: Int32) -> Self {
        Self(CLINUX_PDEATHSIG, "die with the parent", x: UInt64(signal), y: UInt64(bitPattern: Int64(parent)))
        { _ in
            "prctl(PR_SET_PDEATHSIG, \(signal)); poll(<parent's pidfd>)"
        }
    }
}

// MARK: Privileges and resources

extension LaunchProgram.Operation {
    package static func boundCapabilities(_ kept: Capabilities) -> Self {
        Self(CLINUX_BOUNDING_SET, "bounding set", x: kept.rawValue) { _ in
            "prctl(PR_CAPBSET_DROP, …all but \(kept.text))"
        }
    }
    package static func setCapabilities(_ kept: Capabilities) -> Self {
        Self(CLINUX_CAPABILITIES, "capabilities", x: kept.rawValue) { _ in
            "capset({effective=permitted=\(kept.text), inheritable=0})"
        }
    }
    package static let noNewPrivileges = Self(CLINUX_NO_NEW_PRIVS, "no new privileges") { _ in
        "prctl(PR_SET_NO_NEW_PRIVS, 1)"
    }
    package static func loadFilter(_ filter: SeccompFilter) -> Self {
        let count = filter.instructions.count
        return Self(CLINUX_SECCOMP, "seccomp filter", data: filter.bytes, x: UInt64(count)) { _ in
            "seccomp(SECCOMP_SET_MODE_FILTER, 0, {len=\(count), …})"
        }
    }
    package static func setGroups(_ groups: [gid_t]) -> Self {
        Self(CLINUX_GROUPS, "supplementary groups", data: bytes(groups), x: UInt64(groups.count)) { _ in
            "setgroups(\(groups.count), [\(groups.map(String.init).joined(separator: ", "))])"
        }
    }
    package static func setGroup(_ group: gid_t) -> Self {
        let text = "setresgid(\(group), \(group), \(group))"
        return call(SYS_setresgid, [Int](repeating: Int(group), count: 3), "group", text)
    }
    /// The kernel forgets the signal at the parent's death with it.
    package static func setUser(_ user: uid_t) -> Self {
        let text = "setresuid(\(user), \(user), \(user))"
        return call(SYS_setresuid, [Int](repeating: Int(user), count: 3), "user", text)
    }
    package static func setLimits(_ limits: [Rlimit]) -> Self {
        let numbers = limits.flatMap { [UInt64($0.resource), $0.soft, $0.hard] }
        return Self(CLINUX_LIMITS, "resource limits", data: bytes(numbers), x: UInt64(limits.count)) { _ in
            limits.map(\.text).joined(separator: "; ")
        }
    }
    package static func setUmask(_ mask: mode_t) -> Self {
        Self(CLINUX_UMASK, "umask", x: UInt64(mask)) { _ in "umask(\(octal(mask)))" }
    }
    /// Bit N - 1 stands for signal N.
    package static func defaultSignals(_ signals: UInt64) -> Self {
        Self(CLINUX_SIGNALS, "default signals", x: signals) { _ in
            "rt_sigaction(<signals of 0x\(String(signals, radix: 16))>, SIG_DFL)"
        }
    }
    package static func setSchedulingPolicy(_ policy: Int32) -> Self {
        Self(CLINUX_SCHEDULER, "scheduling policy", x: UInt64(policy)) { _ in
            "sched_setscheduler(0, \(policy == SCHED_OTHER ? "SCHED_OTHER" : String(policy)), {0})"
        }
    }
    package static func setAffinity(_ processors: CPUList) -> Self {
        let mask = processors.mask
        return Self(CLINUX_AFFINITY, "processors", data: mask, x: UInt64(mask.count)) { _ in
            "sched_setaffinity(0, \(mask.count), [\(processors)])"
        }
    }
    /// The child sends a pidfd of itself over a socket, to who ends it when its parent can't.
    package static func announce(to socket: Int32) -> Self {
        Self(CLINUX_ANNOUNCE, "announce to the watcher", x: UInt64(socket)) { _ in
            "sendmsg(<watcher>, SCM_RIGHTS: pidfd_open(getpid()))"
        }
    }
    /// A system call that takes at most five arguments, all of them numbers.
    package static func call(
        _ number: Int32, _ arguments: [Int], _ name: @escaping @autoclosure @Sendable () -> Message,
        _ text: String
    ) -> Self {
        precondition(arguments.count <= 5, "a step has room for five arguments")
        let numbers = ([Int(number)] + arguments + [0, 0, 0, 0, 0]).prefix(6).map(Int64.init)
        return Self(CLINUX_CALL, name(), data: bytes(numbers)) { _ in text }
    }
    package static func execute(_ path: String) -> Self {
        Self(CLINUX_EXEC, "execve", path) { arguments in
            "execve(\(quoted(path)), [\(arguments.map { quoted($0) }.joined(separator: ", "))], <environment>)"
        }
    }
}

/// A C string literal, or NULL.
private func quoted(_ text: String?) -> String {
    guard let text else { return "NULL" }
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": result += "\\\(scalar)"
        case "\n": result += "\\n"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}

private func octal(_ mode: UInt32) -> String { "0\(String(mode, radix: 8))" }

private func terminated(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

private func bytes(_ values: [some BitwiseCopyable]) -> [UInt8] { values.withUnsafeBytes(Array.init) }
