import CLinux
import Glibc
import LabCore
import OCI

/// The way of a filter's listener from the process that is held by it, over the runtime, to the socket of
/// `linux.seccomp.listenerPath`: config-linux.md, "SCMP_ACT_NOTIFY" and "The Container Process State".
enum ListenerHandover {
    struct ProcessState: SpecPart {
        var ociVersion = ""
        var fds = ["seccompFd"]
        var pid: Int32 = 0
        var metadata: String?
        var state = ContainerReport()
        init() {}
    }

    /// For the process: from this moment on any system call may wait for an answer, sendmsg(2) too. So a helper that shares its
    /// descriptors, and not the filter, sends the listener as soon as it is there.
    static func load(_ filter: CompiledFilter, telling channel: Channel) throws {
        // The lowest free number is the one that the kernel gives next.
        let number = try Kernel.check { fcntl(channel.descriptor, F_DUPFD, 0) }
        close(number)
        let helper = clinux_fork(0x400 /* CLONE_FILES */, -1)
        if helper == 0 { send(number, channel) }
        guard helper > 0 else { throw Failure("unable to init seccomp: clone", Errno(errno)) }
        do {
            let listener = try filter.load()
            var status: Int32 = 0
            // Who waits here for an answer gets it: by then somebody has the listener.
            try Kernel.check { waitpid(helper, &status, 0) }
            close(listener)
            guard status == 0 else { throw Failure("unable to hand the seccomp listener over") }
        } catch {
            kill(helper, SIGKILL)
            throw error
        }
    }

    private static func send(_ number: Int32, _ channel: Channel) -> Never {
        for _ in 0..<20_000 {
            if fcntl(number, F_GETFD) >= 0 {
                channel.say(.listens)
                guard clinux_send_descriptor(channel.descriptor, number) == 0, let (word, _) = channel.hear(),
                    word == .go
                else { _exit(1) }
                _exit(0)
            }
            usleep(500)
        }
        _exit(1)
    }

    /// For the runtime, when it was told that a listener follows.
    static func pass(
        _ channel: Channel, _ spec: RuntimeSpec.Seccomp?, pid: pid_t, _ report: ContainerReport
    ) throws {
        var arrival = pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0)
        try Kernel.check { poll(&arrival, 1, -1) }
        let listener = FileDescriptor(
            owning: try Kernel.check { clinux_receive_descriptor(channel.descriptor) })
        let path = spec?.listenerPath ?? ""
        let state = ProcessState {
            ($0.ociVersion, $0.pid, $0.metadata) = (Features.version, pid, spec?.listenerMetadata)
            $0.state = report
        }
        do {
            let socket = try UnixSocket.connect(path)
            let text = Array(try state.line().utf8)
            let sent = text.withUnsafeBytes {
                clinux_send_text(socket.rawValue, $0.baseAddress, $0.count, listener.rawValue)
            }
            guard sent == text.count else { throw Errno(sent < 0 ? errno : EMSGSIZE) }
        } catch {
            throw Failure(
                "unable to hand the seccomp listener to \(ForeignText.line(path, most: 400)): \(error.words)")
        }
        channel.say(.go)
    }
}

/// A socket that has a path.
enum UnixSocket {
    static func connect(_ path: String) throws -> FileDescriptor {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw Failure("the path is too long")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let socket = FileDescriptor(
            owning: try Kernel.check { Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0) })
        try Kernel.check {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        return socket
    }
}
