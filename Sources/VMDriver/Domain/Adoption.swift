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

    /// How often to look whether a QEMU that is being started has ended.
    private static let interval: Int32 = 20

    /// Runs `body`, which starts the domain `name` below the embedded root `directory`.
    ///
    /// A QEMU that ends during its own start is reaped meanwhile; else libvirt would wait in vain and for long.
    static func around<Value: ~Copyable>(
        domain name: String, root directory: String, _ body: () throws(LabError) -> Value
    ) throws(LabError) -> Value {
        change(by: 1)
        defer { change(by: -1) }
        let reaper = try Reaper(pidFile: QEMUProcess.pidFile(domain: name, root: directory))
        defer { reaper.stop() }
        return try body()
    }

    private static func change(by step: Int) {
        adopters.withLock { count in
            count += step
            clinux_adopt_orphans(count > 0 ? 1 : 0)
        }
    }

    /// A thread that reaps the one process that a pid file will name.
    private final class Reaper: @unchecked Sendable {
        private let pidFile: String
        private let end: FileDescriptor.Pipe
        private var thread = pthread_t()

        init(pidFile: String) throws(LabError) {
            self.pidFile = pidFile
            do { end = try FileDescriptor.pipe() } catch {
                throw LabError(.output, "cannot watch over the start of QEMU", cause: "\(error)")
            }
            let code = pthread_create(&thread, nil, runReaper, Unmanaged.passRetained(self).toOpaque())
            guard code == 0 else {
                Unmanaged.passUnretained(self).release()
                throw LabError(.output, "cannot watch over the start of QEMU", cause: "\(Errno(code))")
            }
        }

        func stop() {
            try? end.write.writeAll([0])
            pthread_join(thread, nil)
        }

        func run() {
            var stopped = pollfd(fd: end.read.rawValue, events: Int16(POLLIN), revents: 0)
            while poll(&stopped, 1, Adoption.interval) <= 0 {
                if let pid = Files.line(pidFile).flatMap({ pid_t($0) }), pid > 0 {
                    waitpid(pid, nil, WNOHANG)
                }
            }
        }
    }

    private static let runReaper: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        context in
        if let context { Unmanaged<Reaper>.fromOpaque(context).takeRetainedValue().run() }
        return nil
    }
}
