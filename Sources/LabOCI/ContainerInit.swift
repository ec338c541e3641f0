import CLinux
import Glibc
import LabCore
import OCI

/// The step of a first process into its cgroups, done once: when it begins, or when it can't go on without, so that the runtime
/// makes them meanwhile.
final class CgroupStep {
    /// nil without cgroups.
    private let entry: Cgroups.Entry?
    private let namespaces: ContainerNamespaces
    private let channel: Channel
    /// True when the runtime says when they are made.
    let isLate: Bool
    private var isDone = false

    init(_ entry: Cgroups.Entry?, _ namespaces: ContainerNamespaces, _ channel: Channel, isLate: Bool) {
        (self.entry, self.namespaces, self.channel, self.isLate) = (entry, namespaces, channel, isLate)
    }

    func take() throws {
        guard !isDone else { return }
        isDone = true
        if isLate, channel.hear() == nil { _exit(1) }
        try entry?.join()
        try namespaces.enterCgroup()
    }
}

/// A container's first process, from its fork to its execve. It has a copy of the runtime's memory, so that nothing needs to be
/// handed over, and one thread.
struct ContainerInit {
    let state: ContainerState
    let spec: RuntimeSpec
    let namespaces: ContainerNamespaces
    let root: ContainerRoot
    let process: ContainerProcess
    let cgroups: CgroupStep
    /// True when something is done to it before it may begin.
    let waits: Bool
    let channel: Channel
    /// A FIFO that is open to read and to write, so that to read it waits for `start`.
    let fifo: Int32
    /// A socket for the terminal's other side.
    let console: Int32?
    /// Descriptors that only the runtime is to have.
    let foreign: [Int32]
    let preserved: Int32
    let isMovedToRoot: Bool
    let hasOwnKeyring: Bool

    func run() -> Never {
        foreign.forEach { close($0) }
        if waits, channel.hear() == nil { _exit(1) }
        let program: ContainerProcess.Program
        do {
            program = try prepare()
        } catch {
            channel.say(.failed, error.words)
            _exit(1)
        }
        channel.say(.ready)
        guard channel.hear() != nil else { _exit(1) }
        channel.end()
        do {
            var byte: UInt8 = 0
            guard try Kernel.check({ read(fifo, &byte, 1) }) == 1 else { _exit(1) }
            close(fifo)
            // A hook of the container's is under its filter, as with runc.
            try process.loadFilter()
            try HookRunner.run(
                spec.hooks?.startContainer, "startContainer", report(.created), inherits: false)
            clinux_reset_signals()
            try process.execute(program)
        } catch {
            // Whoever made it is gone; its standard error is the container's.
            var text = "\(error.words)\n"
            _ = text.withUTF8 { write(STDERR_FILENO, $0.baseAddress, $0.count) }
            _exit(1)
        }
    }

    private func report(_ status: ContainerState.Status) -> ContainerReport {
        ContainerReport {
            ($0.ociVersion, $0.id, $0.bundle) = (state.ociVersion, state.id, state.bundle)
            $0.status = status.rawValue
            // As it numbers itself: it may not see who the host says it is.
            $0.pid = getpid()
            $0.annotations = spec.annotations
        }
    }

    private func prepare() throws -> ContainerProcess.Program {
        umask(0)
        clinux_reset_signals()
        // Whoever is in a namespace that it enters must not look into a copy of the runtime's memory.
        try Kernel.call(SYS_prctl, 4, 0)  // PR_SET_DUMPABLE
        if namespaces.has(.user) {
            // Who it was has no name in there; where 0 has none either, what it may do does not depend on it.
            _ = try? Kernel.call(SYS_setresgid, 0, 0, 0)
            _ = try? Kernel.call(SYS_setresuid, 0, 0, 0)
        }
        if !cgroups.isLate { try cgroups.take() }
        try namespaces.enter()
        try namespaces.enterTime(spec.linux?.timeOffsets)
        try Scheduling.apply(process.process)
        try Labels.apply(process.process)
        _ = try? Kernel.call(SYS_setsid)
        if hasOwnKeyring { try Self.joinKeyring() }
        if namespaces.new.contains(.network) {
            do { try Kernel.check { clinux_loopback_up() } } catch { throw Failure("set lo up", error) }
        }
        var made: Int32 = -1
        if namespaces.new.contains(.mount) {
            made = try root.prepare(cgroups).release()
        }
        try cgroups.take()
        channel.say(.made)
        guard let (_, pid) = channel.hear() else { _exit(1) }
        if made >= 0 {
            var report = report(.creating)
            report.pid = pid_t(pid)
            try HookRunner.run(spec.hooks?.createContainer, "createContainer", report, inherits: false)
        }
        let rootfs = FileDescriptor(owning: made >= 0 ? made : try FileDescriptor.openPath("/").release())
        if made >= 0 { try root.enter(rootfs, byMoving: isMovedToRoot) }
        if let console { try Terminal.open(spec.process?.consoleSize, rootfs, telling: console) }
        try name()
        try setSystemControls(RootFiles(root: rootfs.rawValue))
        if made >= 0 { try root.close(rootfs) }
        close(rootfs.release())
        try ContainerProcess.closeDescriptors(from: 3 + preserved, but: [channel.descriptor, fifo])
        return try process.confine()
    }

    private func name() throws {
        if let hostname = spec.hostname, !hostname.isEmpty {
            do { try Kernel.check { sethostname(hostname, hostname.utf8.count) } } catch {
                throw Failure("sethostname", error)
            }
        }
        if let name = spec.domainname, !name.isEmpty {
            do {
                try name.withCString { text in
                    _ = try Kernel.call(SYS_setdomainname, Int(bitPattern: text), name.utf8.count)
                }
            } catch { throw Failure("setdomainname: \(error.words)") }
        }
    }

    private func setSystemControls(_ files: RootFiles) throws {
        for member in spec.linux?.sysctl?.members ?? [] {
            let path = "/proc/sys/" + SystemControl.path(member.name)
            do {
                let file = try files.openKernelFile(path, O_WRONLY, magic: Kernel.procMagic)
                try file.writeAll(Array(member.value.utf8))
            } catch { throw Failure("failed to write \"\(member.value)\" to \"\(path)\": \(error.words)") }
        }
    }

    /// Otherwise it would possess the keys in the caller's, see session-keyring(7).
    static func joinKeyring() throws {
        do { try Kernel.call(SYS_keyctl, 1, 0) } catch {
            guard [Errno(ENOSYS), Errno(EPERM)].contains(error) else {
                throw Failure("unable to join session keyring", error)
            }
        }
    }
}
