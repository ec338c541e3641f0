import Glibc
import LabCore

/// Who starts a VM's QEMU and ends it: libvirt, or this process by itself.
protocol VMStarter: Sendable {
    /// Returns what outlives a crash of ours, for the journal.
    func resource(for place: VMPlace) -> JournaledResource

    /// The file that holds what QEMU said on its standard error; nil where it is not ours to read.
    func log(of place: VMPlace) -> String?

    /// The user that its QEMUs are; nil where that is this process's, or a daemon's to choose.
    var user: QEMUUser? { get }

    /// Returns the path at which QEMU finds a file of this host's, once it was brought there.
    func path(of file: String) -> String
    /// Brings a file of this host's to where QEMU can read it; the second time it costs nothing.
    /// - Parameter place: a directory for what is one run's, which that removes; nil for one that is kept.
    func bring(_ file: String, into place: String?) throws(LabError)

    /// Starts QEMU; returns when the VM exists. A console that this carries is listened to for `watch` from the start.
    ///
    /// - Throws: `.timeout` when that takes longer than `deadline`, and then nothing of it is left.
    func start(
        _ description: DomainDescription, at place: VMPlace, for watch: GuestWatch, deadline: MonotonicInstant
    ) throws(LabError) -> any StartedVM

    /// Proves that QEMU can be given a tap of this host.
    /// - Throws: `.unavailable`, with the reason.
    func checkTaps() throws(LabError)

    /// Proves that such VMs can be started, as far as that is possible without one.
    func check(type: DomainType, machine: MachineProfile) throws(LabError)

    /// Returns the input of `start`, as text.
    func text(of description: DomainDescription) -> String
    /// The name of that text among an engine's digests.
    var textName: String { get }

    /// The quickest way out for the guest's records.
    var channel: RecordChannel { get }
    /// True when QEMU runs as a process of somebody else's.
    var isDaemon: Bool { get }
    /// True when QEMU runs on this machine.
    var isOfThisHost: Bool { get }
    /// True when its KVM is that of this machine: what /dev/kvm here says then holds.
    var usesKVMOfThisHost: Bool { get }
    /// The rate of the time-stamp counter of QEMU's host, in kilohertz; nil when nobody knows.
    var timeStampKilohertz: UInt64? { get }
    /// The programs that run a VM, with their versions.
    var versions: [EngineRecord.Detail] { get }
    /// Their settings, for the report.
    var settings: [EngineRecord.Detail] { get }
    /// What there is before any start, beside what the guest is made of; see `EngineRecord.prepared`.
    var prepared: [Message] { get }
    /// The respects in which its figures mean something other than those of other engines.
    var footnotes: [Message] { get }
}

/// A VM that was started, until it is gone.
protocol StartedVM: AnyObject {
    /// QEMU's process; nil where it belongs to a daemon.
    var process: HostProcess? { get }

    /// Nanoseconds of CPU time that the hypervisor has counted for it so far, where no process of this host tells: `process`
    /// is nil. Nil where nobody says.
    var countedCPUNanoseconds: UInt64? { get }

    /// Returns the hypervisor's counts of the guest's processors, see `ExitCounting`.
    func exitCounts() throws(LabError) -> [String: UInt64]

    /// Asks the guest through its balloon to keep no more than so much of its memory; returns before it has done so.
    /// - Throws: `.unavailable` where nobody can ask.
    func shrinkMemory(to bytes: UInt64) throws(LabError)

    /// Kills QEMU and removes what its starter made; one that is gone already is no error.
    ///
    /// - Returns: nanoseconds of CPU time that QEMU took in its whole life; nil when nobody can say any more.
    /// - Throws: `.timeout` when something is still there at the deadline.
    func end(deadline: MonotonicInstant) throws(LabError) -> UInt64?
}

/// The name and the files of one VM.
struct VMPlace: Sendable {
    let name: String
    /// Holds the FIFOs; removed with the VM.
    let directory: String

    var consolePipe: String { "\(directory)/console" }
    var recordPipe: String { "\(directory)/records" }
    var commandPipe: String { "\(directory)/command" }

    /// The error of a VM that could not be removed.
    var isStuck: LabError {
        LabError(
            .timeout, "the VM \(name) could not be removed in time",
            remedy: "lab clean, when the load is lower")
    }
}
