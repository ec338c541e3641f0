import Glibc
import LabCore

/// Where one VM's name and files are.
struct VMPlace: Sendable {
    let name: String
    /// Holds the FIFOs; removed with the VM.
    let directory: String
    let hypervisor: Hypervisor

    var consolePipe: String { "\(directory)/console" }
    var recordPipe: String { "\(directory)/records" }
    /// What QEMU said on its standard error, by the embedded driver.
    var log: String? { hypervisor.directory.map { "\($0)/log/qemu/\(name).log" } }
}

/// One virtual machine, from its start to its removal.
public final class VMInstance: Instance, MemoryAccounting, CPUAccounting {
    private let place: VMPlace
    private let watch: GuestWatch
    private let process: QEMUProcess?
    private let domain: Domain
    private var isDisposed = false

    /// How long libvirt and the kernel may take to remove a VM that was killed.
    private static let removalLimit = Duration.seconds(30)

    private init(
        place: VMPlace, watch: GuestWatch, domain: consuming Domain, process: QEMUProcess?
    ) {
        self.place = place
        self.watch = watch
        self.domain = domain
        self.process = process
    }

    /// Starts a VM; the watch listens before libvirt is asked.
    static func start(
        _ description: DomainDescription, at place: VMPlace, requested: MonotonicInstant, journal: RunJournal
    ) throws(LabError) -> VMInstance {
        try journal.record(
            JournaledResource(.directory, place.directory),
            JournaledResource(.domain, "\(place.name) \(place.hypervisor.uri)"))
        do throws(LabError) {
            try makePipes(place)
            let watch = try GuestWatch(
                consolePath: "\(place.consolePipe).out", recordPath: "\(place.recordPipe).out",
                requested: requested)
            try watch.start()
            do throws(LabError) {
                let domain = try create(description, at: place, watch)
                let process = place.hypervisor.directory.flatMap { QEMUProcess(domain: place.name, root: $0) }
                return VMInstance(place: place, watch: watch, domain: domain, process: process)
            } catch {
                watch.stop()
                throw error
            }
        } catch {
            try? removeFiles(place)
            throw error
        }
    }

    private static func create(
        _ description: DomainDescription, at place: VMPlace, _ watch: GuestWatch
    ) throws(LabError) -> Domain {
        func create() throws(LabError) -> Domain {
            let domain = try place.hypervisor.connection.create(description.xml, name: place.name)
            watch.stamp(.created)
            return domain
        }
        // A daemon's QEMU is never ours.
        guard let directory = place.hypervisor.directory else { return try create() }
        return try Adoption.around(domain: place.name, root: directory, create)
    }

    public var timeline: Timeline { watch.now.timeline }
    public var transcript: GuestTranscript { watch.now.transcript }
    /// Empty: libvirt doesn't tell its own steps apart.
    public var stepNanoseconds: [UInt64] { [] }

    public func waitUntilReady(deadline: MonotonicInstant) throws(LabError) {
        try wait(for: "ready", deadline: deadline) { $0.timeline[.ready] != nil }
    }

    public func waitForOutput(deadline: MonotonicInstant) throws(LabError) {
        try wait(for: "output", deadline: deadline) { $0.timeline[.firstOutput] != nil }
    }

    public func waitForExit(deadline: MonotonicInstant) throws(LabError) -> Int32 {
        try wait(for: "exit", deadline: deadline) { $0.transcript.exitStatus != nil }
        guard let status = watch.now.transcript.exitStatus else {
            throw LabError(.software, "the VM \(place.name) ended without a status")
        }
        return status
    }

    /// Waits for a record, or for what makes it impossible.
    private func wait(
        for record: String, deadline: MonotonicInstant, isDone: (GuestWatch.View) -> Bool
    ) throws(LabError) {
        let (view, isSettled) = watch.wait(
            until: { isDone($0) || $0.transcript.violation != nil || $0.isOver }, deadline: deadline)
        if let violation = view.transcript.violation {
            throw LabError(.instance, "the guest of VM \(place.name) broke the protocol", cause: violation)
        }
        if isDone(view) { return }
        let reached = view.timeline.last.map { "after \($0.rawValue)" } ?? "before anything"
        if isSettled {
            throw LabError(
                .instance, "the VM \(place.name) ended \(reached), without the record \(record)",
                cause: lastWords(view.console))
        }
        throw LabError(
            .timeout, "the VM \(place.name) did not send the record \(record) in time; it stopped \(reached)",
            cause: lastWords(view.console))
    }

    /// The last lines of the guest's console and of QEMU's log.
    private func lastWords(_ console: ConsoleTail) -> String? {
        var words = console.lastLines(3)
        if let log = place.log, let text = try? Files.readText(log) { words += QEMULog.lastLines(text, 3) }
        return words.isEmpty ? nil : words.joined(separator: " | ")
    }

    public func dispose() throws(LabError) {
        guard !isDisposed else { return }
        let deadline = MonotonicInstant.now().advanced(by: Self.removalLimit)
        // Killed and reaped first: libvirt would send SIGTERM and look again every 200 ms.
        let isGone = process?.end(deadline: deadline) ?? true
        try domain.destroy()
        while domain.isActive && MonotonicInstant.now() < deadline { usleep(500) }
        guard isGone, !domain.isActive else {
            throw LabError(
                .timeout, "the VM \(place.name) could not be removed in time",
                remedy: "lab clean, when the load is lower")
        }
        watch.stop()
        try Self.removeFiles(place)
        watch.stamp(.cleanedUp)
        isDisposed = true
    }

    /// QEMU's share of the host's memory: `host-pss`.
    public func memoryBytes() throws(LabError) -> [String: UInt64] {
        ["host-pss": try ownProcess().proportionalBytes()]
    }

    public func hostCPUNanoseconds() throws(LabError) -> UInt64 {
        try ownProcess().cpuNanoseconds()
    }

    public var throttledNanoseconds: UInt64? { nil }

    private func ownProcess() throws(LabError) -> HostProcess {
        guard let process else {
            throw LabError(
                .unavailable, "the process of VM \(place.name) is unknown",
                cause: "it belongs to a libvirt daemon",
                remedy: "leave --connect out")
        }
        return HostProcess(pid: process.pid)
    }

    private static func makePipes(_ place: VMPlace) throws(LabError) {
        try Files.makeDirectory(place.directory, mode: 0o700)
        for pipe in [place.consolePipe, place.recordPipe] {
            for path in ["\(pipe).in", "\(pipe).out"] where mkfifo(path, 0o600) != 0 {
                throw LabError(.output, "cannot make the FIFO \(path)", cause: "\(Errno(errno))")
            }
        }
    }

    private static func removeFiles(_ place: VMPlace) throws(LabError) {
        try Files.removeTree(place.directory)
        if let log = place.log { unlink(log) }
    }
}

/// What QEMU wrote to its standard error, in the file that libvirt keeps for a domain.
enum QEMULog {
    /// The last lines that QEMU itself wrote: libvirt's own, the command and its environment are left out.
    static func lastLines(_ text: String, _ count: Int) -> [String] {
        let lines = text.split(separator: "\n").filter { line in
            line.contains("qemu-system-") && !line.contains("starting up") && !line.hasSuffix("\\")
        }
        return lines.suffix(count).map { String($0.prefix(240)) }
    }
}
