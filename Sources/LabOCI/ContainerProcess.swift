import CLinux
import Glibc
import LabCore
import OCI

/// The end of every process that this runtime starts in a container: from root with all its means to what `process` says, and
/// then the program.
struct ContainerProcess {
    let process: RuntimeSpec.Process
    let capabilities: CapabilitySets
    let filter: CompiledFilter?
    /// personality(2) of `linux.personality`.
    let personality: Int?
    /// To the runtime.
    let channel: Channel

    /// What there is to execute, found while files can be opened.
    struct Program {
        let path: String
        let environment: [String]
    }

    private var user: RuntimeSpec.User { process.user ?? .init() }
    private var hasNewPrivileges: Bool { process.noNewPrivileges != true }

    /// Closes all but these, for good: while a working directory and a program are looked up, a link of the image's may lead
    /// through /proc/self/fd to a directory of the host's (CVE-2024-21626).
    static func closeDescriptors(from first: Int32, but kept: [Int32]) throws(Errno) {
        var next = max(3, first)
        for number in kept.sorted() where number >= next {
            if number > next { try Kernel.call(SYS_close_range, Int(next), Int(number) - 1, 0) }
            next = number + 1
        }
        try Kernel.call(SYS_close_range, Int(next), Int(UInt32.max), 0)
    }

    /// Gives up what it is not to have, and finds its program.
    /// - Returns: its path, and its environment.
    func confine() throws -> Program {
        if let personality { _ = try Kernel.call(SYS_personality, personality) }
        try ownStreams()
        umask(mode_t(user.umask ?? 0o022))
        let environment = environment
        // From here on no file is opened.
        try Limits.set(process.rlimits)
        // Where it may not be by then: as root, but what only its user may enter is entered as that user below.
        let isThere = chdir(process.cwd) == 0
        if hasNewPrivileges, let filter { try load(filter) }
        do {
            try capabilities.bound()
            try Kernel.call(SYS_prctl, 8, 1)  // PR_SET_KEEPCAPS
            try become()
            try Kernel.call(SYS_prctl, 8, 0)
        } catch let error as Errno { throw Failure("unable to take the user of the process", error) }
        if !isThere, chdir(process.cwd) != 0 {
            throw Failure("chdir to cwd (\"\(process.cwd)\") set in config.json failed", Errno(errno))
        }
        try refuseOutside()
        do { try capabilities.take() } catch { throw Failure("unable to apply caps", error) }
        if !hasNewPrivileges {
            do { try Kernel.call(SYS_prctl, 38, 1) } catch {
                throw Failure("unable to set no new privileges", error)
            }
        }
        let found = try program()
        // While the runtime is there, which hands the listener on.
        if !hasNewPrivileges, let filter, filter.isListenedTo { try load(filter) }
        return Program(path: found, environment: environment)
    }

    private func load(_ filter: CompiledFilter) throws {
        guard filter.isListenedTo else {
            try filter.load()
            return
        }
        try ListenerHandover.load(filter, telling: channel)
    }

    /// Loads a filter that takes no privilege, as late as it can be.
    func loadFilter() throws {
        if !hasNewPrivileges, let filter, !filter.isListenedTo { try filter.load() }
    }

    /// The last step.
    func execute(_ program: Program) throws -> Never {
        let arguments = (process.args ?? []).map { strdup($0) } + [nil]
        let variables = program.environment.map { strdup($0) } + [nil]
        execve(program.path, arguments, variables)
        throw Failure("exec \(program.path)", Errno(errno))
    }

    /// A directory that its root does not have is one of the host's, wherever it came from.
    private func refuseOutside() throws {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
        let length = try Kernel.call(
            SYS_getcwd, Int(bitPattern: buffer.withUnsafeMutableBufferPointer { $0.baseAddress }),
            buffer.count)
        guard length > 0, buffer[0] == CChar(UInt8(ascii: "/")) else {
            throw Failure(
                "current working directory is outside of container mount namespace root -- possible container breakout detected"
            )
        }
    }

    private func become() throws {
        let groups = (user.additionalGids ?? []).map { gid_t($0) }
        do throws(Errno) {
            try Kernel.check {
                groups.withUnsafeBufferPointer {
                    clinux_syscall(Int(SYS_setgroups), $0.count, Int(bitPattern: $0.baseAddress), 0, 0, 0)
                }
            }
        } catch {
            // A user's own user namespace has given the right up, see user_namespaces(7).
            guard groups.isEmpty, Files.line("/proc/self/setgroups") == "deny" else {
                throw Failure("setgroups", error)
            }
        }
        let (uid, gid) = (Int(user.uid), Int(user.gid))
        do { try Kernel.call(SYS_setresgid, gid, gid, gid) } catch { throw Failure("setgid \(gid)", error) }
        do { try Kernel.call(SYS_setresuid, uid, uid, uid) } catch { throw Failure("setuid \(uid)", error) }
    }

    /// Its standard streams belong to its user, who may open them again by /dev/stdout then.
    private func ownStreams() throws {
        var null = stat()
        let hasNull = stat("/dev/null", &null) == 0
        for number in 0...2 as ClosedRange<Int32> {
            guard let status = try? Kernel.status(number), status.st_uid != user.uid else { continue }
            if hasNull && status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == null.st_rdev { continue }
            // A file system may have no owners, or not be the caller's to give away.
            fchown(number, user.uid, gid_t.max)
        }
    }

    private var environment: [String] {
        var given = Self.once(process.env ?? [])
        // Which descriptors they are, its own pid says: the first process of a container, mostly.
        if let count = getenv("LISTEN_FDS").map({ String(cString: $0) }) {
            given.removeAll { $0.hasPrefix("LISTEN_FDS=") || $0.hasPrefix("LISTEN_PID=") }
            given += ["LISTEN_FDS=\(count)", "LISTEN_PID=\(getpid())"]
        }
        guard !given.contains(where: { $0.hasPrefix("HOME=") }) else { return given }
        return given + ["HOME=\(home ?? "/")"]
    }

    /// Each variable once: the last of its values, as every runtime reads it.
    static func once(_ all: [String]) -> [String] {
        // Mostly they are a handful, of which no table is made.
        guard all.count > 100 else {
            var result: [String] = []
            for entry in all {
                let name = entry.utf8.prefix { $0 != UInt8(ascii: "=") }
                let place = result.firstIndex {
                    let other = $0.utf8
                    return other.starts(with: name)
                        && (other.count == name.count
                            || other.dropFirst(name.count).first == UInt8(ascii: "="))
                }
                if let place { result[place] = entry } else { result.append(entry) }
            }
            return result
        }
        var places: [Substring: Int] = [:]
        var result: [String] = []
        for entry in all {
            let name = entry.prefix { $0 != "=" }
            if let place = places[name] {
                result[place] = entry
            } else {
                places[name] = result.count
                result.append(entry)
            }
        }
        return result
    }

    /// As the container's own /etc/passwd has it.
    private var home: String? {
        guard let text = try? Files.readText("/etc/passwd", limit: 4 << 20) else { return nil }
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 5, UInt32(fields[2]) == user.uid, !fields[5].isEmpty {
                return String(fields[5])
            }
        }
        return nil
    }

    /// The file to execute, found as its user finds it. The words are Go's, which podman reads.
    private func program() throws -> String {
        guard let name = process.args?.first, !name.isEmpty else { throw Failure("args must not be empty") }
        let shown = "exec: \"\(ForeignText.line(name, most: 400))\""
        if name.contains("/") {
            var status = stat()
            guard stat(name, &status) == 0 else {
                throw Failure("\(shown): stat \(ForeignText.line(name, most: 400))", Errno(errno))
            }
            guard status.st_mode & S_IFMT != S_IFDIR else { throw Failure("\(shown): is a directory") }
            guard access(name, X_OK) == 0 else { throw Failure(shown, Errno(errno)) }
            return name
        }
        let path = (process.env ?? []).last { $0.hasPrefix("PATH=") }?.dropFirst(5) ?? ""
        var isForbidden = false
        for directory in path.split(separator: ":", omittingEmptySubsequences: false) {
            let candidate = directory.isEmpty ? "./\(name)" : "\(directory)/\(name)"
            var status = stat()
            guard stat(candidate, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            if access(candidate, X_OK) == 0 { return candidate }
            isForbidden = true
        }
        throw Failure(
            isForbidden ? "\(shown): permission denied" : "\(shown): executable file not found in $PATH")
    }
}
