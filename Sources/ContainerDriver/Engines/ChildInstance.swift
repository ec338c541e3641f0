import CLinux
import Glibc
import LabCore
import Launch

/// A running child of ours, a bare process or the init of a container, and the pipes that it speaks on.
public final class ChildInstance: Instance {
    public private(set) var timeline = Timeline()
    public private(set) var transcript = GuestTranscript()
    /// The output of a command; nil for lab-guest, which speaks in records.
    let command: CommandOutput?
    public private(set) var stepNanoseconds: [UInt64]
    /// User and system CPU time of the child and of what it waited for, in nanoseconds; nil until it was reaped.
    public private(set) var cpuNanoseconds: UInt64?
    /// The host's pid of the child; reused by the kernel once it was reaped.
    public let pid: pid_t
    /// Its cgroups, nil when it has none of its own.
    let accounts: CgroupReader?

    private let requested: MonotonicInstant
    /// True when `stepNanoseconds` is kept at all.
    private let timesSteps: Bool
    private var life: Life
    private var output: PolledPipe
    private var errors: PolledPipe
    /// The last bytes that the child wrote to stderr, for error messages.
    private var lastWords: [UInt8] = []
    private var pidfd: FileDescriptor?
    /// Keeps a command's mount namespace until its removal: to undo it is no part of the command's own end.
    private var mounts: FileDescriptor?
    /// What shows that a command is ready where another command does; until it has answered, or the child has ended.
    private var check: ReadyCheck?
    private var checkNanoseconds: UInt64 = 0
    private let interrupt: Interrupt
    /// Removes what the engine made around the child, stamping its steps. Called once, after the child was reaped.
    private var cleanUp: ((ChildInstance) throws(LabError) -> Void)?

    private enum Life {
        case running
        case reaped(status: Int32)
    }

    /// The read end of a pipe, closed once it has ended.
    private struct PolledPipe: ~Copyable {
        var descriptor: FileDescriptor?
        /// poll(2) passes over negative descriptors.
        var pollNumber: Int32 { ChildInstance.number(descriptor) }

        /// - Throws: EBADF once it has ended.
        func read(upTo count: Int) throws(Errno) -> [UInt8] {
            switch descriptor {
            case .some(let open): try open.read(upTo: count)
            case .none: throw Errno(EBADF)
            }
        }
    }

    init(
        started: consuming ProgramBuffer.Started, output: consuming FileDescriptor,
        errors: consuming FileDescriptor,
        requested: MonotonicInstant, stepsBefore: [UInt64], timesSteps: Bool, interrupt: Interrupt,
        accounts: CgroupReader?, command: CommandOutput?,
        cleanUp: @escaping (ChildInstance) throws(LabError) -> Void
    ) {
        let created = MonotonicInstant.now()
        self.requested = requested
        self.timesSteps = timesSteps
        pid = started.pid
        var steps = stepsBefore
        steps.reserveCapacity(stepsBefore.count + started.stamps.count + 8)
        steps.append(MonotonicInstant(nanoseconds: started.began).nanoseconds(since: requested))
        for stamp in started.stamps {
            steps.append(MonotonicInstant(nanoseconds: stamp).nanoseconds(since: requested))
        }
        steps.append(created.nanoseconds(since: requested))
        stepNanoseconds = timesSteps ? steps : []
        pidfd = started.takePidfd()
        self.output = PolledPipe(descriptor: output)
        self.errors = PolledPipe(descriptor: errors)
        self.interrupt = interrupt
        self.accounts = accounts
        self.command = command
        self.cleanUp = cleanUp
        life = .running
        timeline.stamp(.requested, at: requested, since: requested)
        timeline.stamp(.created, at: created, since: requested)
        if command != nil { mounts = try? .open("/proc/\(pid)/ns/mnt", O_RDONLY) }
    }

    deinit { precondition(cleanUp == nil, "an instance was dropped without dispose()") }

    /// Has it shown by another command that it is ready. Where that can't begin, the child is gone.
    func watch(by make: (pid_t) throws(LabError) -> ReadyCheck) throws(LabError) {
        do throws(LabError) { check = try make(pid) } catch {
            try? dispose()
            throw error
        }
    }

    public func waitUntilReady(deadline: MonotonicInstant) throws(LabError) {
        try wait(for: .ready, deadline: deadline)
    }

    public func wait(forOutputs count: Int, deadline: MonotonicInstant) throws(LabError) {
        while transcript.outputs.count < count {
            if case .reaped = life {
                throw LabError(
                    .instance, "the workload ended before its output \(count)", cause: lastOutput())
            }
            try poll(deadline: deadline, waitingFor: "output \(count)")
        }
    }

    private func wait(for mark: Mark, deadline: MonotonicInstant) throws(LabError) {
        while timeline[mark] == nil {
            if case .reaped(let status) = life {
                if let command { throw command.endedEarly(status) }
                throw LabError(
                    .instance, "the workload ended before the mark \(mark.rawValue)", cause: lastOutput())
            }
            try poll(deadline: deadline, waitingFor: "\(mark.rawValue)")
        }
    }

    public func waitForExit(deadline: MonotonicInstant) throws(LabError) -> Int32 {
        while true {
            if case .reaped(let status) = life { return status }
            try poll(deadline: deadline, waitingFor: "exit")
        }
    }

    public func dispose() throws(LabError) {
        if case .running = life {
            _ = clinux_pidfd_send_signal(pidfdNumber, SIGKILL)
            try reap()
        }
        guard let cleanUp else { return }
        self.cleanUp = nil
        mounts = nil
        try cleanUp(self)
        output.descriptor = nil
        errors.descriptor = nil
        pidfd = nil
        timeline.stamp(.cleanedUp, at: .now(), since: requested)
    }

    /// Its exit status, 128 + N for signal N; nil while it runs.
    var status: Int32? {
        if case .reaped(let status) = life { status } else { nil }
    }

    /// Sends it a signal while it runs.
    func deliver(_ signal: Int32) {
        if case .running = life { _ = clinux_pidfd_send_signal(pidfdNumber, signal) }
    }

    private var pidfdNumber: Int32 { Self.number(pidfd) }

    /// The number of a descriptor, -1 once it is closed.
    static func number(_ descriptor: borrowing FileDescriptor?) -> Int32 {
        switch descriptor {
        case .some(let open): open.rawValue
        case .none: -1
        }
    }

    /// Notes the end of one more of the engine's steps.
    func stampStep() {
        if timesSteps { stepNanoseconds.append(MonotonicInstant.now().nanoseconds(since: requested)) }
    }

    /// One round of poll(2): takes what the child said and notices its end.
    private func poll(deadline: MonotonicInstant, waitingFor what: Message) throws(LabError) {
        var events = (
            pollfd(fd: output.pollNumber, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors.pollNumber, events: Int16(POLLIN), revents: 0),
            pollfd(fd: pidfdNumber, events: Int16(POLLIN), revents: 0),
            pollfd(fd: interrupt.descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: check?.rawValue ?? -1, events: Int16(POLLIN), revents: 0)
        )
        let timeout = deadline.pollTimeoutMilliseconds
        let looksForPort = timeline[.ready] == nil && (command?.port != nil || command?.attempt != nil)
        let ready = withUnsafeMutableBytes(of: &events) {
            Glibc.poll(
                $0.baseAddress?.assumingMemoryBound(to: pollfd.self), 5,
                looksForPort ? min(timeout, Self.portPause) : timeout)
        }
        if ready < 0 { return }  // EINTR: the caller's loop comes back
        if looksForPort && isListening { timeline.stamp(.ready, at: .now(), since: requested) }
        if ready == 0 {
            if looksForPort && timeout > Self.portPause { return }
            if let command {
                command.lastCheck = check?.lastStatus
                throw command.late
            }
            let last: Message = timeline.last.map { " after the mark \($0.rawValue)" } ?? ""
            throw LabError(
                .timeout, "the workload did not reach \(what) in time\(last)", remedy: "raise --timeout")
        }
        if events.3.revents != 0 { throw Interrupt.error }
        if events.0.revents != 0 { takeOutput() }
        if events.1.revents != 0 { takeErrors() }
        // Who has seen it ready has seen it before its end.
        if let answer = check?.answer { try take(answer) }
        if events.2.revents != 0 { try reap() }
        if let failure = command?.failure { throw failure }
        if let violation = transcript.violation {
            throw LabError(.instance, "the workload broke the protocol", cause: violation)
        }
    }

    /// Reads what is there without blocking (the pipes are O_NONBLOCK) and stamps it.
    private func takeOutput() {
        if let command {
            take(&output, of: .output, to: command)
            return
        }
        var buffer: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (
            0, 0, 0, 0, 0, 0, 0, 0
        )
        while output.pollNumber >= 0 {
            let count = withUnsafeMutableBytes(of: &buffer) {
                read(output.pollNumber, $0.baseAddress, $0.count)
            }
            let instant = MonotonicInstant.now()
            if count < 0 { return }  // EAGAIN
            if count == 0 {
                output.descriptor = nil
                transcript.finish()
                return
            }
            withUnsafeBytes(of: &buffer) { bytes in
                transcript.receive(bytes.prefix(count)) { record in
                    switch record {
                    case .initStarted: timeline.stamp(.initStarted, at: instant, since: requested)
                    case .ready: timeline.stamp(.ready, at: instant, since: requested)
                    case .output: timeline.stamp(.firstOutput, at: instant, since: requested)
                    case .metric, .exit: break
                    }
                }
            }
        }
    }

    /// Reads what there is of a command's stream, at most so much that the other one has its turn.
    private func take(_ pipe: inout PolledPipe, of stream: CommandOutput.Stream, to command: CommandOutput) {
        withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 1) { buffer in
            var left = 16
            while pipe.pollNumber >= 0, left > 0, command.failure == nil {
                left -= 1
                let count = read(pipe.pollNumber, buffer.baseAddress, buffer.count)
                let instant = MonotonicInstant.now()
                if count < 0 { return }  // EAGAIN
                if count == 0 {
                    pipe.descriptor = nil
                    return
                }
                let news = command.receive(UnsafeRawBufferPointer(rebasing: buffer[..<count]), of: stream)
                if news.contains(.firstOutput) { timeline.stamp(.firstOutput, at: instant, since: requested) }
                if news.contains(.ready) { timeline.stamp(.ready, at: instant, since: requested) }
            }
        }
    }

    private func takeErrors() {
        if let command {
            take(&errors, of: .errors, to: command)
            return
        }
        guard let bytes = try? errors.read(upTo: 4_096) else { return }
        if bytes.isEmpty { errors.descriptor = nil }
        lastWords = (lastWords + bytes).suffix(4_096)
    }

    private func take(_ answer: Result<MonotonicInstant, LabError>) throws(LabError) {
        endCheck()
        timeline.stamp(.ready, at: try answer.get(), since: requested)
    }

    private func endCheck() {
        guard let check else { return }
        check.stop()
        checkNanoseconds = check.cpuNanoseconds
        self.check = nil
    }

    private func reap() throws(LabError) {
        // All that the child said before its end is in the pipes: read first, so that marks keep their order.
        takeOutput()
        takeErrors()
        var status: Int32 = 0
        var cpu: UInt64 = 0
        while clinux_wait_pidfd(pidfdNumber, 0, &status, &cpu) != 0 {
            let code = errno
            guard code == EINTR else {
                throw LabError(.software, "cannot wait for the workload", cause: "\(Errno(code))")
            }
        }
        let instant = MonotonicInstant.now()
        endCheck()
        if command?.readiness == .exit { timeline.stamp(.ready, at: instant, since: requested) }
        timeline.stamp(.exited, at: instant, since: requested)
        stampStep()
        cpuNanoseconds = cpu + checkNanoseconds
        life = .reaped(status: status)
        if status == 128 + SIGKILL, let command, let limits = accounts?.limits,
            limits.outOfMemoryKills ?? 0 > 0
        {
            command.failure = command.failure ?? CommandOutput.ranOutOfMemory(limit: limits.memoryLimitBytes)
        }
    }

    /// The end of what it said on stderr.
    var said: String { command?.lastWords ?? GuestTranscript.printable(lastWords) }

    /// Returns its end, and its last words on stderr.
    func lastOutput() -> Message {
        guard case .reaped(let status) = life else { return "\(said)" }
        let how: Message = status > 128 ? "killed by signal \(status - 128)" : "exit status \(status)"
        return said.isEmpty ? how : "\(how); it said \(said)"
    }
}
