import CLinux
import Glibc
import LabCore
import OCI

/// The making of a container: `create`, and the first half of `run`.
///
///     runtime                                   first process
///     state directory, cgroups, limits
///     clone3 ────────────────────────────────►  waits, where its ids are yet to be mapped
///     maps ids, or makes cgroups; go ────────►  namespaces, root, mounts, devices, and cgroups when they are made
///     hooks prestart, createRuntime  ◄───────── made
///     go ────────────────────────────────────►  createContainer; pivot_root, terminal, masks, capabilities, user
///     score           ◄──────────────────────── ready
///     go ────────────────────────────────────►  waits for `start` at exec.fifo
///     exec.fifo: created                        filter; startContainer; execve
struct Creation {
    let store: StateStore
    let id: String
    let options: CreateOptions
    let log: Log

    /// - Parameter console: a socket for the terminal's other side.
    func make(_ configuration: Configuration, console: Int32?) throws -> ContainerState {
        let spec = configuration.spec
        for name in configuration.unknownCapabilities {
            log.warning(
                "ignoring unknown or unavailable capabilities: [\(ForeignText.line(name, most: 100))]")
        }
        if options.usesSystemd {
            guard SystemdScope.isRunning else {
                throw Failure(
                    "systemd cgroup flag passed, but systemd support for managing cgroups is not available: systemd does not run here"
                )
            }
        }
        try store.make(id)
        var cgroups: Cgroups?
        do {
            let lock = try store.lock(id)
            var state = ContainerState {
                ($0.id, $0.ociVersion) = (id, Features.version)
                ($0.bundle, $0.rootfs) = (configuration.bundle, configuration.rootfs)
                ($0.created, $0.annotations) = (RFC3339.text(Int(time(nil))), spec.annotations)
                if let hooks = spec.hooks, hooks.poststart != nil || hooks.poststop != nil {
                    $0.hooks = RuntimeSpec.Hooks {
                        ($0.poststart, $0.poststop) = (hooks.poststart, hooks.poststop)
                    }
                }
                $0.hasOwnPIDs = configuration.namespaces.new.contains(.pid)
            }
            try store.keep(config: configuration.bytes, of: id)
            if !options.hasNoCgroups {
                let path = spec.linux?.cgroupsPath ?? ""
                var places: Cgroups
                if options.usesSystemd {
                    let scope = try SystemdScope(path: path, id: id, isOfUser: geteuid() != 0)
                    state.scope = scope
                    places = try Cgroups(path: try scope.path())
                } else {
                    places = try Cgroups(path: path.isEmpty ? id : path)
                }
                state.cgroups = places.directories
                // Written down before they are made: whoever kills us then, `delete --force` finds them.
                try store.begin(state)
                cgroups = places
                if isLate(configuration, state) {
                    _ = try places.unifiedPart.make()
                } else if state.scope == nil {
                    places = try places.make()
                    (cgroups, state.cgroups) = (places, places.directories)
                    try places.apply(spec.linux?.resources ?? .init(), isNew: true)
                }
            } else if let resources = spec.linux?.resources, Self.asksForLimits(resources) {
                throw Failure("linux.resources can't be had with --cgroup-manager=disabled")
            }
            return try fork(configuration, state, cgroups, console, lock)
        } catch {
            try? cgroups?.remove()
            try? store.remove(id)
            throw error
        }
    }

    /// Whether the cgroups of version 1 are made beside the first process, which enters them later: where it sees them, and
    /// may, and none is left out.
    private func isLate(_ configuration: Configuration, _ state: ContainerState) -> Bool {
        let namespaces = configuration.namespaces
        return !state.cgroups.isEmpty && state.scope == nil && CgroupHierarchy.all.contains { !$0.isUnified }
            && namespaces.new.contains(.mount) && !namespaces.has(.user) && !Rootless.isOne
    }

    /// Rules for devices are in every specification, and podman's pids limit of 0 is none.
    private static func asksForLimits(_ resources: RuntimeSpec.Resources) -> Bool {
        var rest = resources
        rest.devices = nil
        if rest.pids?.limit ?? 0 <= 0 { rest.pids = nil }
        return rest != .init()
    }

    private func fork(
        _ configuration: Configuration, _ blank: ContainerState, _ cgroups: Cgroups?, _ console: Int32?,
        _ lock: borrowing FileDescriptor
    ) throws -> ContainerState {
        var state = blank
        let spec = configuration.spec
        let namespaces = configuration.namespaces
        defer { namespaces.joined.forEach { close($0.descriptor) } }
        let fifo = store.unfinishedFIFO(id)
        do { try Kernel.check { mkfifo(fifo, 0o600) } } catch { throw Failure("mkfifo \(fifo)", error) }
        // To read and to write: a reader without a writer would be at the end of the file.
        let waiting = FileDescriptor(owning: try Kernel.check { Glibc.open(fifo, O_RDWR | O_CLOEXEC) })
        let (ours, childs) = try Channel.pair()
        // Those of systemd's are made around a process that is there.
        let isLate = isLate(configuration, state)
        let entry = state.scope == nil ? try cgroups?.entry(isLate: isLate) : nil
        let waits = namespaces.has(.user) || state.scope != nil
        let mapped = try MappedMounts(spec, namespaces, bundle: configuration.bundle)
        defer { mapped.close() }
        let first = ContainerInit(
            state: state, spec: spec, namespaces: namespaces,
            root: ContainerRoot(
                spec: spec, directory: configuration.rootfs, bundle: configuration.bundle,
                hasUserNamespace: namespaces.has(.user), hasCgroupNamespace: namespaces.has(.cgroup),
                cgroups: cgroups?.places ?? [], mapped: mapped),
            process: ContainerProcess(
                process: spec.process ?? .init(), capabilities: configuration.capabilities,
                filter: configuration.filter, personality: configuration.personality, channel: childs),
            cgroups: CgroupStep(entry, namespaces, childs, isLate: isLate), waits: waits, channel: childs,
            fifo: waiting.rawValue, console: console,
            foreign: [lock.rawValue, ours.descriptor], preserved: options.preservedDescriptors,
            isMovedToRoot: options.isMovedToRoot, hasOwnKeyring: !options.keepsKeyring)
        defer { entry?.close() }
        let pid = try namespaces.fork(in: entry?.birthplace ?? -1) { first.run() }
        childs.end()
        do {
            defer { ours.end() }
            state.pid = pid
            state.startTime = ContainerState.startTime(of: pid) ?? 0
            try store.write(state)
            if isLate, let cgroups {
                try cgroups.make().apply(spec.linux?.resources ?? .init(), isNew: true)
                ours.say(.go)
            } else if let scope = state.scope, let cgroups {
                let resources = spec.linux?.resources ?? .init()
                try scope.start(pid, resources, isUnified: cgroups.isUnifiedOnly)
                let made = try cgroups.make()
                try made.apply(resources, isNew: true)
                try made.add(pid, toAll: true)
            } else if namespaces.joined.contains(where: { $0.kind == .user }) {
                try cgroups?.add(pid, toAll: false)
            }
            if namespaces.new.contains(.user) { try IDMaps.write(spec.linux ?? .init(), of: pid) }
            if waits { ours.say(.go) }
            try converse(ours, state, spec)
            try Kernel.check { rename(fifo, store.fifo(id)) }
            if let path = options.pidFile { try Files.write("\(pid)", to: path) }
            try Self.send(pid, to: options.handleSocket)
            return state
        } catch {
            kill(pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            throw error
        }
    }

    private func converse(_ channel: Channel, _ state: ContainerState, _ spec: RuntimeSpec) throws {
        while true {
            guard let (word, text) = channel.hear() else {
                throw Failure("unable to start container process: container init was killed")
            }
            switch word {
            case .made:
                Limits.raise(spec.process?.rlimits, of: state.pid)
                let report = store.report(state, .creating)
                try HookRunner.run(spec.hooks?.prestart, "prestart", report)
                try HookRunner.run(spec.hooks?.createRuntime, "createRuntime", report)
                channel.say(.go, "\(state.pid)")
            case .listens:
                try ListenerHandover.pass(
                    channel, spec.linux?.seccomp, pid: state.pid, store.report(state, .creating))
            case .ready:
                try Self.limit(spec.process ?? .init(), state.pid)
                channel.say(.go)
                return
            case .failed where text.hasPrefix("exec: "):
                throw Failure("unable to start container process: \(text)")
            case .failed, .go:
                throw Failure("unable to start container process: error during container init: \(text)")
            }
        }
    }

    /// A descriptor of a process, for who asked for it: `--pidfd-socket`.
    static func send(_ pid: pid_t, to path: String?) throws {
        guard let path, !path.isEmpty else { return }
        do {
            let handle = FileDescriptor(owning: try Kernel.check { clinux_pidfd_open(pid) })
            let socket = try UnixSocket.connect(path)
            try Kernel.check { clinux_send_descriptor(socket.rawValue, handle.rawValue) }
        } catch {
            throw Failure("failed to send the pidfd to \(ForeignText.line(path, most: 400)): \(error.words)")
        }
    }

    /// What is set from outside of a process that is ready.
    static func limit(_ process: RuntimeSpec.Process, _ pid: pid_t) throws {
        if let score = process.oomScoreAdj {
            do { try Files.overwrite("\(score)", at: "/proc/\(pid)/oom_score_adj") } catch {
                // Who is not the machine's root may only make it more likely.
                if Rootless.isOne, error == Errno(EACCES) || error == Errno(EPERM) { return }
                throw Failure("failed to set oom_score_adj", error)
            }
        }
    }
}

/// The words of `create` and `run`.
struct CreateOptions {
    var bundle = "."
    /// In the bundle.
    var file = "config.json"
    /// Where a descriptor of the first process goes.
    var handleSocket: String?
    var consoleSocket: String?
    var pidFile: String?
    var preservedDescriptors: Int32 = 0
    var isMovedToRoot = false
    var keepsKeyring = false
    var usesSystemd = false
    var hasNoCgroups = false
    var isDetached = false
    var isKept = false
}
