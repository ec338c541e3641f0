import CLinux
import Glibc
import LabCore
import Launch

/// A container's standard input, output and error, none of which is a descriptor of the caller's: who holds one of a file
/// may change the file's mode, of a directory may look around in it, and of a file that is open for reading may open it for
/// writing. What the caller has is reached by pipes, and a terminal by one of the container's own.
final class StandardStreams {
    /// The descriptors that become the container's; closed by `started`.
    private(set) var standard: (input: Int32, output: Int32, error: Int32, inherited: Int32) = (0, 1, 2, -1)
    /// The terminal that it is to have, where the caller's input and output both are one.
    private(set) var request: LaunchProgram.TerminalRequest?
    /// Those that are /dev/null: it has one of its own, so that nothing need be passed on.
    private(set) var nulls: [LaunchProgram.NullDescriptor] = []
    /// The caller's, where its standard input is one.
    let terminal: CallerTerminal?
    private var input: Flow?
    private var output: Flow?
    private var errors: Flow?
    /// The container's terminal: its master and, so that it does not hang up while nobody in there has it open, itself.
    private var own: (master: Int32, peer: Int32)?
    private var socket: FileDescriptor?
    /// The signal that its terminal made of what was typed last: SIGINT or SIGQUIT.
    private(set) var typed: Int32?
    private var childEnds: [Int32] = []
    private var isDraining = false

    init() throws(LabError) {
        let source = Flow.End.callers(STDIN_FILENO)
        if source.kind == .directory {
            throw LabError(
                .input, "cannot hand on standard input", cause: "it is a directory",
                remedy: "redirect it: < /dev/null, or < FILE")
        }
        terminal = source.kind == .other ? CallerTerminal() : nil
        var own: UInt32 = 0
        if let terminal, isatty(STDOUT_FILENO) == 1 {
            own = isatty(STDERR_FILENO) == 1 ? 0b111 : 0b011
            let size = terminal.size
            request = .init(descriptors: own, rows: size.ws_row, columns: size.ws_col)
        }
        do {
            if request != nil { try makeSocket() }
            if own & 0b001 == 0 { try makeInput(source) }
            if own & 0b010 == 0 { (output, standard.output) = try makeOutput(STDOUT_FILENO) }
            if own & 0b100 == 0 { (errors, standard.error) = try makeOutput(STDERR_FILENO) }
        } catch {
            throw LabError(.unavailable, "cannot make a pipe", cause: "\(error)")
        }
    }

    deinit { release() }

    private func makeSocket() throws(Errno) {
        var ends: [Int32] = [-1, -1]
        try checked { clinux_socketpair(&ends) }
        socket = FileDescriptor(owning: ends[0])
        childEnds.append(ends[1])
        standard.inherited = ends[1]
    }

    /// Leaves it to the container's start where it is one.
    private func isNull(_ end: Flow.End) -> Bool {
        let access = fcntl(end.number, F_GETFL) & O_ACCMODE
        guard end.kind == .null, access != O_ACCMODE else { return false }
        nulls.append(.init(number: end.number, access: access))
        return true
    }

    private func makeInput(_ callers: Flow.End) throws(Errno) {
        if isNull(callers) { return }
        let pipe = try FileDescriptor.pipe()
        // One that is open for writing alone, as after nohup(1), can't be read from in there either.
        if fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE == O_WRONLY {
            standard.input = pipe.write.release()
            childEnds.append(standard.input)
            return
        }
        let source = terminal == nil ? callers : CallerTerminal.end(STDIN_FILENO, O_RDONLY)
        let read = pipe.read.release()
        standard.input = read
        if source.kind == .file {
            // Kept open: see `Flow.giveBack`.
            input = Flow(from: source, to: .ours(pipe.write), gauge: read)
        } else {
            childEnds.append(read)
            input = Flow(from: source, to: .ours(pipe.write))
        }
    }

    /// Returns the flow, if there is one, and the descriptor that becomes the container's.
    private func makeOutput(_ number: Int32) throws(Errno) -> (Flow?, Int32) {
        // Output to a descriptor that the caller has not open is lost, and that is an error as it is outside.
        var sink = Flow.End(number: -1, kind: .other)
        if !StandardDescriptors.wasClosed(number) {
            sink = .callers(number)
            if isNull(sink) { return (nil, number) }
            if sink.kind == .other, isatty(number) == 1 { sink = CallerTerminal.end(number, O_WRONLY) }
        }
        let pipe = try FileDescriptor.pipe()
        let write = pipe.write.release()
        childEnds.append(write)
        return (Flow(from: .ours(pipe.read), to: sink), write)
    }

    /// The container runs: its ends are its own from now on, and the caller's terminal is for it.
    func started() throws(LabError) {
        for number in childEnds { close(number) }
        childEnds = []
        guard request != nil else { return }
        do {
            let master = try checked { clinux_receive_descriptor(socket?.rawValue ?? -1) }
            own = (master, -1)
            own = (master, try checked { clinux_terminal_peer(master) })
            input = Flow(
                from: CallerTerminal.end(STDIN_FILENO, O_RDONLY), to: Flow.End(number: master, kind: .other))
            input?.watch = { [unowned self] in typed = CallerTerminal.signal(typing: $0, at: master) ?? typed
            }
            output = Flow(
                from: Flow.End(number: master, kind: .other), to: CallerTerminal.end(STDOUT_FILENO, O_WRONLY))
        } catch {
            throw LabError(.unavailable, "cannot use the container's terminal", cause: "\(error)")
        }
        terminal?.enter()
    }

    /// Returns what poll(2) is to wait for. Terminals are asked first whether they may be read.
    func entries() -> (input: pollfd, output: pollfd, errors: pollfd) {
        let none = pollfd(fd: -1, events: 0, revents: 0)
        return (
            mustWaitForTerminal ? none : input?.entry ?? none, output?.entry ?? none, errors?.entry ?? none
        )
    }

    /// True when there is a terminal to read from that may not be read now: nothing tells when that changes.
    var mustWaitForTerminal: Bool {
        guard let terminal, let input, !input.hasEnded else { return false }
        if request != nil && !terminal.isRaw { terminal.enter() }
        return !terminal.mayRead
    }

    /// Moves what is ready.
    /// - Returns: false once the caller's terminal has hung up, and the container's with it.
    func move(_ ready: (input: pollfd, output: pollfd, errors: pollfd)) -> Bool {
        if ready.input.revents != 0 { input?.move() }
        if ready.output.revents != 0 { output?.move() }
        if ready.errors.revents != 0 { errors?.move() }
        guard own != nil, input?.hasEnded == true else { return true }
        closeOwn()
        return false
    }

    /// The signal that was typed since this was asked, for the process group in the foreground of the container's terminal.
    func takeTyped() -> (signal: Int32, group: pid_t)? {
        guard let typed, let own else { return nil }
        self.typed = nil
        return (typed, tcgetpgrp(own.master))
    }

    private func closeOwn() {
        guard let own else { return }
        self.own = nil
        output?.end()
        close(own.master)
        if own.peer >= 0 { close(own.peer) }
    }

    /// Moves what a container that has ended left behind; false while somebody has not taken it.
    func drain() -> Bool {
        if !isDraining { input?.giveBack() }
        isDraining = true
        input?.end()
        output?.drain()
        errors?.drain()
        return output?.hasEnded != false && errors?.hasEnded != false
    }

    func resize() {
        guard let own, let terminal else { return }
        var size = terminal.size
        _ = ioctl(own.master, UInt(TIOCSWINSZ), &size)
    }

    /// The error of the first stream that could not be passed on.
    var loss: LabError? {
        switch (input?.failure, output?.failure, errors?.failure) {
        case (.reading(let error), _, _):
            LabError(.stream, "cannot read standard input", cause: "\(error)")
        case (_, .writing(let error), _), (_, .reading(let error), _):
            LabError(.stream, "cannot write to standard output", cause: "\(error)")
        case (_, _, .writing(let error)), (_, _, .reading(let error)):
            LabError(.stream, "cannot write to standard error", cause: "\(error)")
        default: nil
        }
    }

    /// Closes all of it and gives the terminal back.
    func release() {
        terminal?.leave()
        for number in childEnds { close(number) }
        childEnds = []
        closeOwn()
        (input, output, errors) = (nil, nil, nil)
    }
}
