import Glibc

/// What ended a trial that goes on until something stops it, or that waits for something: see `Observation.stops`.
public enum Stop: String, Codable, Hashable, Sendable, CaseIterable {
    /// The limit that the experiment is about, such as its budget of memory: what was reached is the answer.
    case subject
    // The limits of the harness, and of the machine in other respects than the one that is measured.
    /// Open files: EMFILE of this process, ENFILE of the machine.
    case openFiles = "open-files"
    /// Processes and threads: EAGAIN of clone(2), by RLIMIT_NPROC, a pids controller or the kernel.
    case processes
    /// Memory of the host beside the experiment's own budget: ENOMEM.
    case memory
    /// Room in a file system: ENOSPC, EDQUOT.
    case disk
    /// The pace of the disk, where a limit of it was to be met.
    case diskSpeed = "disk-speed"
    /// /proc/sys/user/max_*_namespaces.
    case namespaces
    case deadline
    /// A number that the lab or the experiment sets itself.
    case cap

    /// True when what was reached is a lower bound and no more.
    public var isOfHarness: Bool { self != .subject }

    /// The limit that an errno of a system call that makes something speaks of; nil for another cause.
    public init?(_ errno: Errno) {
        switch errno.rawValue {
        case EMFILE, ENFILE: self = .openFiles
        case EAGAIN: self = .processes
        case ENOMEM: self = .memory
        case ENOSPC, EDQUOT: self = .disk
        default: return nil
        }
    }
}

extension LabError {
    /// The limit of the harness that was met; nil where the failure is one of what is measured.
    public var stop: Stop? {
        switch detail {
        case .exhausted(let stop): stop
        case .notExecuted(let errno): Stop(Errno(errno))
        case .notInstalled, .said: nil
        case nil: kind == .timeout ? .deadline : nil
        }
    }

    /// - Parameter error: the cause, of a system call that makes, opens or starts something.
    public init(_ kind: Kind, _ message: Message, cause error: Errno, remedy: Message? = nil) {
        self.init(
            kind, message, cause: "\(error)", remedy: remedy, detail: Stop(error).map(Detail.exhausted))
    }
}
