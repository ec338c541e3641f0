import Glibc
import LabCore

/// What is other in the life of a child that is a command of an image.
extension ChildInstance {
    /// The interval at which the sockets of a command are looked at, in milliseconds: nothing tells when one listens.
    static let portPause: Int32 = 1

    /// True when one of its processes, or of its network namespace's, listens on the port: proc_pid_net(5), `tcp`; or when it
    /// accepts a connection over its network.
    var isListening: Bool {
        if let attempt = command?.attempt { return attempt.step() }
        guard let port = command?.port else { return false }
        return HostProcess(pid: pid).family.contains { ListeningPorts.has(port, seenBy: $0.pid) }
    }
}

extension ChildInstance: SignalReceiving {
    public func send(signal: Int32) {
        guard timeline[.exited] == nil else { return }
        deliver(HostProcess(pid: pid).drops(signal) ? SIGKILL : signal)
    }
}

extension HostProcess {
    /// True when it is the first process of a PID namespace and has no handler for the signal: see pid_namespaces(7).
    func drops(_ signal: Int32) -> Bool {
        guard let status = try? status(), status.isInit else { return false }
        return !status.has(signal, in: "SigCgt") && !status.has(signal, in: "SigIgn")
    }
}
