import Glibc
import LabCore

/// The host's knowledge of one probe of the workload `probe`: what its answer means.
struct HostProbe: Sendable {
    enum Group: String, CaseIterable, Sendable {
        /// Things that the workload sees.
        case visible
        /// Things that it can lay hands on.
        case reachable
        /// Things that it may do to its kernel.
        case privileged
    }

    enum Question: Sendable {
        /// Asks if it found what was planted, which this namespace hides; `proves` looks at the answer and the host.
        case planted(
            ProcessIsolation.Namespace,
            proves: @Sendable (ProbeAnswer, HostBait, ProcessIsolation, Host) -> Bool
        )
        /// Asks if what it saw is the host's, which the namespace may hide.
        case value(
            ProcessIsolation.Namespace?,
            isHosts: @Sendable (String, Host, ProcessIsolation?, HostBait) -> Bool)
        /// A file of the kernel's, opened for reading or for writing.
        case kernelFile(String)
        /// A system call that asks for a capability; `passed` are the errnos that only who has the right hears; what
        /// is done stays within a namespace of the workload's own, where one is named.
        case right(Call, capability: Int?, passed: [Int32] = [], within: ProcessIsolation.Namespace? = nil)
        /// A node of a disk, made and opened.
        case disk
        /// More memory than the instance was given.
        case memory
    }

    /// A system call with its arguments, as a filter sees it.
    struct Call: Sendable {
        var name: String
        var number: Int
        var arguments: [UInt64] = []
    }

    let id: String
    let group: Group
    let question: Question

    init(_ id: String, _ group: Group, _ question: Question) {
        self.id = id
        self.group = group
        self.question = question
    }
}

/// Capabilities by their numbers, capabilities(7).
enum Capability {
    static let names: [Int: String] = [
        2: "CAP_DAC_READ_SEARCH", 13: "CAP_NET_RAW", 16: "CAP_SYS_MODULE", 17: "CAP_SYS_RAWIO",
        19: "CAP_SYS_PTRACE", 21: "CAP_SYS_ADMIN", 22: "CAP_SYS_BOOT", 23: "CAP_SYS_NICE",
        24: "CAP_SYS_RESOURCE", 25: "CAP_SYS_TIME", 27: "CAP_MKNOD", 34: "CAP_SYSLOG", 38: "CAP_PERFMON",
        39: "CAP_BPF",
    ]
}
