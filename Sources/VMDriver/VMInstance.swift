import Glibc
import LabCore

/// One virtual machine, from its start to its removal.
public final class VMInstance: Instance, HostVisible, MemoryAccounting, MemoryReclaiming, CPUAccounting,
    ExitCounting
{
    private let place: VMPlace
    public let isReclaimable: Bool
    private let watch: GuestWatch
    /// Nil for lab-guest, which speaks in records.
    private let command: CommandPort?
    /// The reader of the guest's bytes where they come through FIFOs; otherwise the machine listens to its console.
    private var pipes: PipeListener?
    private let machine: any StartedVM
    /// The saved VM that it was restored from, which nobody else may be meanwhile.
    private var claim: SavedVM.Claim?
    /// Its link to the run's network, and who finds out over it that the command is ready.
    private let link: InstanceLink?
    private var portWatch: PortWatch?
    /// QEMU's words on its standard error.
    private let log: String?
    private var isDisposed = false
    /// Nanoseconds of CPU time of QEMU's whole life; known when it has ended.
    private var totalCPU: UInt64?

    /// The time that libvirt and the kernel may take to remove a VM that was killed.
    private static let removalLimit = Duration.seconds(30)

    private init(
        place: VMPlace, watch: GuestWatch, command: CommandPort?, pipes: PipeListener?,
        machine: any StartedVM, log: String?, isReclaimable: Bool, claim: SavedVM.Claim?,
        link: InstanceLink?
    ) {
        self.place = place
        self.command = command
        self.pipes = pipes
        self.isReclaimable = isReclaimable
        self.watch = watch
        self.machine = machine
        self.log = log
        self.claim = claim
        self.link = link
    }

    /// Starts a VM; the watch listens before QEMU is started.
    /// - Parameter output: where the output of a command goes; nil for lab-guest.
    /// - Parameter link: that it has to the run's network; removed with it.
    static func start(
        _ description: DomainDescription, by starter: any VMStarter, from origin: VMOrigin = .boot,
        at place: VMPlace, output: CommandOutput? = nil, link: InstanceLink? = nil,
        requested: MonotonicInstant, deadline: MonotonicInstant, journal: RunJournal
    ) throws(LabError) -> VMInstance {
        try journal.record(JournaledResource(.directory, place.directory), starter.resource(for: place))
        let log = starter.log(of: place)
        do throws(LabError) {
            let watch = GuestWatch(requested: requested, startsKernel: origin.startsKernel)
            var command: CommandPort?
            var pipes: PipeListener?
            if !description.channel.isConsole {
                try makePipes(of: place, hasCommand: output != nil, for: starter.user)
                command = try output.map { output throws(LabError) in
                    try CommandPort(output, at: place.commandPipe, for: watch)
                }
                pipes = try PipeListener(
                    consolePath: "\(place.consolePipe).out", recordPath: "\(place.recordPipe).out",
                    command: command, for: watch)
            }
            do throws(LabError) {
                let machine = try machine(description, by: starter, from: origin, at: place, watch, deadline)
                watch.stamp(.created)
                let claim = try order(machine, origin, at: place)
                let instance = VMInstance(
                    place: place, watch: watch, command: command, pipes: pipes, machine: machine,
                    log: log, isReclaimable: description.memory == .balloon, claim: claim, link: link)
                if let attempt = output?.attempt {
                    instance.portWatch = try? PortWatch(attempt) { watch.stamp(.ready, at: $0) }
                }
                return instance
            } catch {
                pipes?.stop()
                throw error
            }
        } catch {
            try? removeFiles(place, log)
            throw error
        }
    }

    private static func machine(
        _ description: DomainDescription, by starter: any VMStarter, from origin: VMOrigin,
        at place: VMPlace, _ watch: GuestWatch, _ deadline: MonotonicInstant
    ) throws(LabError) -> any StartedVM {
        guard case .saved(let claim, _) = origin else {
            return try starter.start(description, at: place, for: watch, deadline: deadline)
        }
        guard let starter = starter as? any RestoringStarter else {
            throw LabError(.software, "\(place.name) was to be restored by who can't")
        }
        return try starter.restore(claim.saved.image, as: description, at: place, deadline: deadline)
    }

    /// Tells a restored guest what to do.
    private static func order(
        _ machine: any StartedVM, _ origin: VMOrigin, at place: VMPlace
    ) throws(LabError) -> SavedVM.Claim? {
        guard case .saved(let claim, let order) = origin else { return nil }
        do throws(LabError) {
            try order.send(to: "\(place.consolePipe).in")
        } catch {
            _ = try? machine.end(deadline: .now().advanced(by: removalLimit))
            throw error
        }
        return claim
    }

    /// Writes its state to a new file, which ends it; `dispose` must follow all the same.
    /// - Throws: `.unavailable` where that can't be done.
    func save(to path: String, deadline: MonotonicInstant) throws(LabError) {
        guard let machine = machine as? any SavableVM else {
            throw LabError(.software, "\(place.name) was to be saved, and can't be")
        }
        watch.expectEnd()
        try machine.save(to: path, deadline: deadline)
    }

    public var timeline: Timeline { watch.now.timeline }
    public var transcript: GuestTranscript { watch.now.transcript }
    /// Empty: neither libvirt nor QEMU tells its own steps apart.
    public var stepNanoseconds: [UInt64] { [] }

    /// QEMU's process; nil where it belongs to a daemon.
    var hostProcess: HostProcess? { machine.process }

    public func waitUntilReady(deadline: MonotonicInstant) throws(LabError) {
        // What has ended will not become ready any more.
        try wait(for: "ready", deadline: deadline) { $0.timeline[.ready] != nil || $0.commandStatus != nil }
        let view = watch.now
        if let command, let status = view.commandStatus, view.timeline[.ready] == nil {
            throw command.output.endedEarly(status)
        }
    }

    public func wait(forOutputs count: Int, deadline: MonotonicInstant) throws(LabError) {
        try wait(for: "output \(count)", deadline: deadline) { $0.transcript.outputs.count >= count }
    }

    public func waitForExit(deadline: MonotonicInstant) throws(LabError) -> Int32 {
        let isCommand = command != nil
        func status(_ view: GuestWatch.View) -> Int32? {
            isCommand ? view.commandStatus : view.transcript.exitStatus
        }
        try wait(for: "exit", deadline: deadline) { status($0) != nil }
        guard let status = status(watch.now) else {
            throw LabError(.software, "the VM \(place.name) ended without a status")
        }
        return status
    }

    /// Waits for a record, or for what makes it impossible.
    private func wait(
        for record: Message, deadline: MonotonicInstant, isDone: (GuestWatch.View) -> Bool
    ) throws(LabError) {
        let isCommand = command != nil
        let (view, isSettled) = try watch.wait(
            until: {
                isDone($0) || $0.transcript.violation != nil || $0.isOver || $0.commandFailure != nil
                    || isCommand && $0.transcript.exitStatus != nil
            }, deadline: deadline)
        if let failure = view.commandFailure { throw failure }
        if let violation = view.transcript.violation {
            throw LabError(.instance, "the guest of VM \(place.name) broke the protocol", cause: violation)
        }
        if isDone(view) { return }
        if let command, let error = notDone(command.output, view, isSettled) { throw error }
        let reached: Message = view.timeline.last.map { "after \($0.rawValue)" } ?? "before anything"
        let words = lastWords(view.console)
        throw LabError(
            isSettled ? .instance : .timeout,
            isSettled
                ? "the VM \(place.name) ended \(reached), without the record \(record)"
                : "the VM \(place.name) did not send the record \(record) in time; it stopped \(reached)",
            cause: words.isEmpty ? nil : "\(words.joined(separator: " | "))",
            detail: words.last.map { .said($0) })
    }

    /// The reason why a command has not got there; nil where it is its VM that did not.
    private func notDone(
        _ output: CommandOutput, _ view: GuestWatch.View, _ isSettled: Bool
    ) -> LabError? {
        // lab-guest gave up, and has said why on its console.
        if view.transcript.exitStatus != nil {
            let words = view.console.lastLines(2)
            return LabError(
                .instance, "the command could not be started in the VM",
                cause: words.isEmpty ? nil : "\(words.joined(separator: " | "))",
                remedy: "see that it starts in a container: --engine container")
        }
        return isSettled || view.timeline[.initStarted] == nil ? nil : output.late
    }

    /// The last lines of the guest's console, or its kernel's panic, and of QEMU's log.
    private func lastWords(_ console: ConsoleTail) -> [String] {
        var words = console.panicLine.map { [$0] } ?? console.lastLines(3)
        if let log, let text = QEMULog.end(of: log) { words += QEMULog.lastLines(text, 3) }
        return words
    }

    public func dispose() throws(LabError) {
        guard !isDisposed else { return }
        watch.expectEnd()
        portWatch?.stop()
        portWatch = nil
        totalCPU = try machine.end(deadline: .now().advanced(by: Self.removalLimit)) ?? totalCPU
        pipes?.stop()
        pipes = nil
        try Self.removeFiles(place, log)
        try link?.remove()
        watch.stamp(.cleanedUp)
        isDisposed = true
        claim = nil
    }

    public func hostProcesses() throws(LabError) -> [HostProcess] { try ownProcess().family }

    /// The host's memory that QEMU takes, and whatever it started: `host-pss`.
    public func memoryBytes() throws(LabError) -> [String: UInt64] {
        // The VM is still there when its command has ended, and is then not what was asked for.
        guard watch.now.commandStatus == nil else {
            throw LabError(
                .instance, "the workload's memory is unknown", cause: "it has ended",
                remedy: CommandOutput.foreground)
        }
        let process = try ownProcess()
        var sum = try process.proportionalBytes()
        for relative in process.family.dropFirst() {
            // A helper that ends meanwhile has no memory.
            if let bytes = try? relative.proportionalBytes() { sum += bytes }
        }
        return ["host-pss": sum]
    }

    public func shrinkMemory(to bytes: UInt64) throws(LabError) {
        guard isReclaimable else {
            throw LabError(
                .unavailable, "the VM \(place.name) can't be asked for its memory",
                cause: "it has no balloon",
                remedy: "start it as the variant memory=balloon")
        }
        try machine.shrinkMemory(to: bytes)
    }

    public func hostCPUNanoseconds() throws(LabError) -> UInt64 {
        if let totalCPU { return totalCPU }
        if !isDisposed, let counted = machine.countedCPUNanoseconds { return counted }
        return try ownProcess().cpuNanoseconds()
    }

    public var throttledNanoseconds: UInt64? { nil }

    public func exitCounts() throws(LabError) -> [String: UInt64] { try machine.exitCounts() }

    private func ownProcess() throws(LabError) -> HostProcess {
        guard !isDisposed else {
            throw LabError(.software, "the VM \(place.name) was asked for its process after its end")
        }
        guard let process = machine.process else {
            throw LabError(
                .unavailable, "the process of VM \(place.name) is unknown",
                cause: "it belongs to a libvirt daemon, or to a hypervisor that has no process for it",
                remedy: "leave --connect out")
        }
        return process
    }

    private static func makePipes(
        of place: VMPlace, hasCommand: Bool, for user: QEMUUser?
    ) throws(LabError) {
        let names = [place.consolePipe, place.recordPipe] + (hasCommand ? [place.commandPipe] : [])
        try MachineFiles.make(place, pipes: names.flatMap { ["\($0).in", "\($0).out"] }, for: user)
    }

    private static func removeFiles(_ place: VMPlace, _ log: String?) throws(LabError) {
        try Files.removeTree(place.directory)
        if let log { unlink(log) }
    }
}

extension VMInstance: SignalReceiving {
    /// A command gets it from lab-guest; lab-guest itself gets none.
    public func send(signal: Int32) { command?.send(signal: signal) }
}

/// The output of QEMU on its standard error, in the file that libvirt or `DirectStarter` keeps.
enum QEMULog {
    /// The longest end of it that is read: how much it wrote is QEMU's to say, and QEMU may be the guest's by then.
    private static let most = 64 << 10

    /// The last 64 KiB of a regular file, invalid UTF-8 repaired; nil for anything else, a link included.
    static func end(of path: String) -> String? {
        guard let file = try? FileDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else {
            return nil
        }
        var status = stat()
        guard fstat(file.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes = [UInt8](repeating: 0, count: most)
        let count = pread(file.rawValue, &bytes, most, max(0, status.st_size - most))
        return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
    }

    /// The last lines that QEMU itself wrote: libvirt's own, the command and its environment are left out.
    static func lastLines(_ text: String, _ count: Int) -> [String] {
        let lines = text.split(separator: "\n").filter { line in
            // It calls itself by its program's name or, in older parts, `qemu`.
            (line.contains("qemu-system-") || line.hasPrefix("qemu: ") || line.contains(" qemu: "))
                && !line.contains("starting up") && !line.hasSuffix("\\")
        }
        return lines.suffix(count).map { String($0.prefix(240)) }
    }
}
