import CLinux
import Glibc
import LabCore
import Synchronization

/// Makes QEMU, which libvirt starts as a daemon, a child of this process, which then reaps it in time.
///
/// libvirt waits for a QEMU that has ended until its parent has reaped it. Where that is an init that seldom looks,
/// the wait was 1.8 s after each VM.
enum Adoption {
    /// Processes detached while this is above 0 become our children: prctl(2), PR_SET_CHILD_SUBREAPER.
    private static let adopters = Mutex(0)

    /// The interval at which to look for the pid file of a QEMU that is being started, in milliseconds.
    private static let interval: Int32 = 20

    /// The time that a killed QEMU may take to be gone.
    private static let killLimit = Duration.seconds(10)

    /// Runs `body`, which starts the domain `name` below the embedded root `directory`.
    ///
    /// A QEMU that ends during its own start is reaped meanwhile; else libvirt would wait in vain and for long. One
    /// that is still starting at the deadline is killed, which ends libvirt's call: it has no deadline of its own.
    /// - Throws: `.timeout` then; else what `body` throws.
    static func around<Value: ~Copyable>(
        domain name: String, root directory: String, deadline: MonotonicInstant,
        _ body: () throws(LabError) -> Value
    ) throws(LabError) -> Value {
        change(by: 1)
        defer { change(by: -1) }
        let nurse = try QEMUReaper(
            pidFile: QEMUProcess.pidFile(domain: name, root: directory), deadline: deadline)
        do throws(LabError) {
            let value = try body()
            nurse.stop()
            return value
        } catch {
            nurse.stop()
            guard nurse.hasKilled, error.kind != .interrupted else { throw error }
            throw LabError(.timeout, "libvirt did not start the domain \(name) in time", cause: error.cause)
        }
    }

    private static func change(by step: Int) {
        adopters.withLock { count in
            count += step
            clinux_adopt_orphans(count > 0 ? 1 : 0)
        }
    }

    /// A thread that looks after the one process that a pid file will name.
    private final class QEMUReaper: @unchecked Sendable {
        private let pidFile: String
        private let deadline: MonotonicInstant
        private let end: FileDescriptor.Pipe
        private var thread: OSThread?
        /// True when the deadline came; to be read after `stop`.
        private(set) var hasKilled = false

        init(pidFile: String, deadline: MonotonicInstant) throws(LabError) {
            self.pidFile = pidFile
            self.deadline = deadline
            do { end = try FileDescriptor.pipe() } catch {
                throw LabError(.output, "cannot watch over the start of QEMU", cause: error)
            }
            do { thread = try OSThread.start { [self] in run() } } catch {
                throw LabError(.output, "cannot watch over the start of QEMU", cause: error)
            }
        }

        func stop() {
            try? end.write.writeAll([0])
            thread.take()?.join()
        }

        private func run() {
            guard let pid = awaitedProcess() else { return }
            let number = clinux_pidfd_open(pid)
            guard number >= 0 else { return }
            let process = FileDescriptor(owning: number)
            switch wait(for: process.rawValue, orStop: end.read.rawValue, until: deadline) {
            case .stopped: return
            case .ended: break
            case .tooLate:
                // QEMU itself may write to that file, and what is in QEMU may be hostile: no other process dies of it.
                guard isChild(pid) else { return }
                hasKilled = true
                _ = clinux_pidfd_send_signal(process.rawValue, SIGKILL)
                _ = wait(for: process.rawValue, orStop: -1, until: .now().advanced(by: Adoption.killLimit))
            }
            waitpid(pid, nil, WNOHANG)
        }

        /// The process in the pid file, which libvirt writes before QEMU is executed; nil when stopped before.
        private func awaitedProcess() -> pid_t? {
            var stopped = pollfd(fd: end.read.rawValue, events: Int16(POLLIN), revents: 0)
            while poll(&stopped, 1, Adoption.interval) <= 0 {
                if let pid = Files.line(pidFile).flatMap({ pid_t($0) }), pid > 0 { return pid }
            }
            return nil
        }

        /// Returns true when it was adopted by us, as a QEMU that libvirt has let go is.
        private func isChild(_ pid: pid_t) -> Bool {
            (try? HostProcess(pid: pid).status())?.parent == getpid()
        }

        private enum Event { case stopped, ended, tooLate }

        /// A pidfd is readable when its process has ended. poll(2) passes over a negative descriptor.
        private func wait(for process: Int32, orStop stop: Int32, until limit: MonotonicInstant) -> Event {
            var watched = [stop, process].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            var answer = BoundedWait(until: limit).poll(&watched)
            if answer == .interrupted {
                // As long as the call itself is given then.
                let last = MonotonicInstant.now().advanced(by: LibvirtCall.Kind.change.grace)
                answer = BoundedWait(until: min(limit, last)).poll(&watched)
            }
            guard answer == .ready else { return .tooLate }
            return watched[0].revents != 0 ? .stopped : .ended
        }
    }
}
