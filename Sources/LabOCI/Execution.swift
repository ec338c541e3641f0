import CLinux
import Glibc
import LabCore
import Launch
import OCI

/// The words of `exec`.
struct ExecOptions {
    var consoleSocket: String?
    var pidFile: String?
    var processFile: String?
    var directory: String?
    var environment: [String] = []
    var hasTerminal = false
    var user: String?
    var groups: [UInt32] = []
    var capabilities: [String] = []
    var hasNoNewPrivileges = false
    var isDetached = false
    var preservedDescriptors: Int32 = 0
    var ignoresPause = false
    /// Of AppArmor, and of SELinux.
    var profile: String?
    var label: String?
    /// Below its cgroups.
    var cgroups: [String] = []
    /// Where a descriptor of the process goes.
    var handleSocket: String?
    var command: [String] = []
}

/// Another process in a container that runs: in its cgroups and namespaces, and under its filter.
struct Execution {
    let store: StateStore
    let id: String
    let options: ExecOptions

    /// - Returns: the status to exit with.
    func run() throws -> Int32 {
        let state = try store.read(id)
        switch store.status(of: state) {
        case .stopped, .creating: throw Failure("cannot exec in a stopped container")
        case .paused where !options.ignoresPause:
            throw Failure("cannot exec in a paused container (use --ignore-paused to override)")
        default: break
        }
        let config = try store.config(id)
        let process = try process(of: config)
        let isTerminal = process.terminal == true
        let session = try ForegroundSession(
            isTerminal: isTerminal, isDetached: options.isDetached, consoleSocket: options.consoleSocket)
        let pid = try start(process, config.linux?.seccomp, state, session.console)
        do {
            if let path = options.pidFile { try Files.write("\(pid)", to: path) }
            try Creation.send(pid, to: options.handleSocket)
        } catch {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            throw error
        }
        return options.isDetached ? 0 : try session.wait(for: pid)
    }

    private func process(of config: RuntimeSpec) throws -> RuntimeSpec.Process {
        var process: RuntimeSpec.Process
        if let path = options.processFile {
            process = try RuntimeSpec.Process(json: try Words.contents(of: path), of: path)
            if options.hasTerminal { process.terminal = true }
        } else {
            process = config.process ?? .init()
            guard !options.command.isEmpty else { throw Failure("exec args cannot be empty") }
            process.args = options.command
            process.terminal = options.hasTerminal
            process.env = (process.env ?? []) + options.environment
            if let directory = options.directory { process.cwd = directory }
            if let user = options.user {
                let numbers = user.split(separator: ":", omittingEmptySubsequences: false).map { UInt32($0) }
                guard numbers.count <= 2, let uid = numbers.first ?? nil, !numbers.contains(nil) else {
                    throw Failure("parsing \(ForeignText.line(user, most: 100)) as uid[:gid] failed")
                }
                var changed = process.user ?? .init()
                changed.uid = uid
                if numbers.count == 2, let gid = numbers[1] { changed.gid = gid }
                process.user = changed
            }
            if !options.groups.isEmpty {
                var changed = process.user ?? .init()
                changed.additionalGids = (changed.additionalGids ?? []) + options.groups
                process.user = changed
            }
            if !options.capabilities.isEmpty {
                var sets = process.capabilities ?? .init()
                sets.bounding = (sets.bounding ?? []) + options.capabilities
                sets.effective = (sets.effective ?? []) + options.capabilities
                sets.permitted = (sets.permitted ?? []) + options.capabilities
                process.capabilities = sets
            }
            if options.hasNoNewPrivileges { process.noNewPrivileges = true }
        }
        if let profile = options.profile { process.apparmorProfile = profile }
        if let label = options.label { process.selinuxLabel = label }
        try Configuration.check(process)
        return process
    }

    /// The kinds of namespaces in which the process is elsewhere than we.
    private static func others(_ pid: pid_t) throws -> Namespaces {
        var result: Namespaces = []
        for (name, kind) in Namespaces.kinds {
            var (its, own) = (stat(), stat())
            guard stat("/proc/\(pid)/ns/\(name)", &its) == 0 else {
                // Not every kernel has those of time.
                if kind == .time { continue }
                throw Failure("cannot exec in a stopped container")
            }
            if stat("/proc/self/ns/\(name)", &own) == 0, its.st_ino != own.st_ino || its.st_dev != own.st_dev
            {
                result.insert(kind)
            }
        }
        return result
    }

    private func start(
        _ process: RuntimeSpec.Process, _ seccomp: RuntimeSpec.Seccomp?, _ state: ContainerState,
        _ console: Int32?
    ) throws -> pid_t {
        let filter = try seccomp.map { try FilterStore(store).filter($0) }
        let first = FileDescriptor(owning: try Kernel.check { clinux_pidfd_open(state.pid) })
        let others = try Self.others(state.pid)
        // Its number may have become another's before it was opened.
        guard state.isAlive else { throw Failure("cannot exec in a stopped container") }
        let (ours, childs) = try Channel.pair()
        defer { ours.end() }
        let confined = ContainerProcess(
            process: process, capabilities: CapabilitySets.read(process.capabilities).sets, filter: filter,
            personality: nil, channel: childs)
        let own = try FileDescriptor.open("/proc/self/ns/pid", O_RDONLY)
        if others.contains(.pid) {
            do { try Kernel.check { clinux_setns(first.rawValue, Namespaces.pid.rawValue) } } catch {
                throw Failure("unable to start container process: setns", error)
            }
        }
        let entry = try Cgroups(directories: state.cgroups).below(options.cgroups).entry(
            isLate: false)
        var pid = clinux_fork(0, entry.birthplace)
        // A container that has cgroups of its own below its cgroup may have no process in that: then beside its first.
        if pid < 0, errno == EBUSY, options.cgroups.isEmpty,
            let other = try? Cgroups.directory(of: state.pid)
        {
            pid = clinux_fork(0, other.rawValue)
        }
        if pid == 0 {
            inside(confined, others.subtracting(.pid), first.rawValue, console, ours, childs, entry)
        }
        let code = Errno(errno)
        entry.close()
        if others.contains(.pid) { _ = clinux_setns(own.rawValue, Namespaces.pid.rawValue) }
        childs.end()
        guard pid > 0 else { throw Failure("unable to start container process: clone", code) }
        do {
            Limits.raise(process.rlimits, of: pid)
            ours.say(.go)
            while let (word, text) = ours.hear() {
                switch word {
                case .listens:
                    try ListenerHandover.pass(ours, seccomp, pid: pid, store.report(state))
                case .ready:
                    try Creation.limit(process, pid)
                    ours.say(.go)
                default:
                    throw Failure("unable to start container process: \(text)")
                }
            }
            return pid
        } catch {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            throw error
        }
    }

    private func inside(
        _ process: ContainerProcess, _ others: Namespaces, _ first: Int32, _ console: Int32?, _ ours: Channel,
        _ channel: Channel, _ entry: Cgroups.Entry
    ) -> Never {
        ours.end()
        guard channel.hear() != nil else { _exit(1) }
        do {
            try Scheduling.setAffinity(process.process.execCPUAffinity?.initial)
            try entry.join()
            try Scheduling.setAffinity(process.process.execCPUAffinity?.final)
            try Scheduling.apply(process.process)
            try Labels.apply(process.process)
            umask(0)
            clinux_reset_signals()
            try Kernel.call(SYS_prctl, 4, 0)  // PR_SET_DUMPABLE
            if !others.isEmpty {
                do { try Kernel.check { clinux_setns(first, others.rawValue) } } catch {
                    throw Failure("setns", error)
                }
            }
            if others.contains(.user) {
                _ = try? Kernel.call(SYS_setresgid, 0, 0, 0)
                _ = try? Kernel.call(SYS_setresuid, 0, 0, 0)
            }
            _ = try? Kernel.call(SYS_setsid)
            try ContainerInit.joinKeyring()
            if let console {
                let root = try FileDescriptor.openPath("/")
                try Terminal.openAnother(process.process.consoleSize, root, telling: console)
            }
            try ContainerProcess.closeDescriptors(
                from: 3 + options.preservedDescriptors, but: [channel.descriptor])
            let program = try process.confine()
            channel.say(.ready)
            guard channel.hear() != nil else { _exit(1) }
            try process.loadFilter()
            try process.execute(program)
        } catch {
            channel.say(.failed, error.words)
            _exit(1)
        }
    }
}
