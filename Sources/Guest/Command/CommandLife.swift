import CGuest

/// command [HOME]: in a machine, starts the command of `/command` in the tree on its disk and tells the host of it through a
/// port of its own. It is this machine's init meanwhile: what the command leaves behind is its to reap, and goes with the
/// machine, which the host ends. Returns only when that could not begin, with the reason on the console.
///
/// With HOME the command is one that makes containers: the machine's cgroups are its to make, and the disk that it may write
/// to is mounted there. What `/input` holds, where it is there, is the command's standard input.
func startCommand(_ arguments: Arguments, _ session: inout Session) -> Int32 {
    do throws(Failure) {
        try session.machine.mountDevices()
        let command = try CommandFile()
        let port = try CommandPort()
        let input = cguest_open("/input")
        let home = arguments[0]
        try session.machine.enterDisk(command.fileSystem, beside: home == nil ? nil : literal(storageSerial))
        try session.machine.mountForPrograms(areMakers: home != nil)
        if let home { try session.machine.mountDisk(literal(storageSerial), at: home) }
        try session.machine.raiseLoopback()
        try session.machine.raiseInterface()
        sethostname("vm", 2)
        let life = try CommandLife(command, port, input: input)
        life.live()
    } catch {
        complain(error)
        return Status.system
    }
}

/// By which a machine's disk for what is written is known: StorageDisk.swift of VMDriver gives it.
private let storageSerial: StaticString = "lab-storage"

/// A command that was started, and its pipes.
private struct CommandLife {
    /// A step of its start, by which the host names it.
    private enum Step: UInt8 {
        case directory = 1
        case user
        case execute
    }

    /// What it wrote before its end is in its pipes, which hold no more than this: 1 MiB each, fcntl(2).
    private static let mostPieces = 34
    /// The milliseconds after which its sockets are looked at again: nothing tells when one listens.
    private static let interval: Int32 = 2
    /// The nanoseconds from the end of a command that found it not ready to the next.
    private static let checkPause: UInt64 = 10_000_000

    private let port: CommandPort
    private let command: CommandFile
    private let child: pid_t
    private let output: Int32
    private let errors: Int32
    private let ends: Int32

    /// - Parameter given: its standard input; -1 for one that has ended, as in a container.
    init(_ command: CommandFile, _ port: CommandPort, input given: Int32) throws(Failure) {
        let ends = cguest_watch_children()
        guard ends >= 0 else { throw Failure("cannot watch over the command") }
        let input = try CommandLife.pipe()
        let output = try CommandLife.pipe()
        let errors = try CommandLife.pipe()
        let report = try CommandLife.pipe()
        let child = cguest_fork()
        guard child >= 0 else { throw Failure("cannot start a process") }
        if child == 0 {
            setsid()
            dup2(given < 0 ? input.read : given, 0)
            dup2(output.write, 1)
            dup2(errors.write, 2)
            cguest_release_signals()
            CommandLife.become(command, command.program, command.arguments, report.write)
        }
        for number in [input.read, input.write, output.write, errors.write, report.write] { close(number) }
        if given >= 0 { close(given) }
        cguest_never_wait(output.read)
        cguest_never_wait(errors.read)
        self.port = port
        self.command = command
        self.child = child
        self.output = output.read
        self.errors = errors.read
        self.ends = ends
        // It ends when the program is executed.
        var failure: (UInt8, UInt8) = (0, 0)
        let count = withUnsafeMutableBytes(of: &failure) { CGuest.read(report.read, $0.baseAddress, 2) }
        close(report.read)
        if count == 2 {
            port.send(.failed, failure.0, failure.1)
            while true { pause() }
        }
    }

    private static func pipe() throws(Failure) -> (read: Int32, write: Int32) {
        let ends = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
        defer { ends.deallocate() }
        guard cguest_pipe(ends) == 0 else { throw Failure("cannot make a pipe") }
        return (ends[0], ends[1])
    }

    /// In the child: becomes the command, or says why it can't.
    private static func become(
        _ command: CommandFile, _ program: Text, _ arguments: CommandFile.Words, _ report: Int32
    ) -> Never {
        var step = Step.directory
        if chdir(command.directory) == 0 {
            step = .user
            if cguest_become(command.user, command.group, command.groups, command.groupCount) == 0 {
                step = .execute
                execve(program, arguments, command.environment)
            }
        }
        var failure = (step.rawValue, UInt8(truncatingIfNeeded: cguest_errno()))
        _ = withUnsafeBytes(of: &failure) { write(report, $0.baseAddress, 2) }
        _exit(127)
    }

    /// Starts the command that says whether it is ready; -1 where there can be no process now.
    private func start(_ check: CommandFile.Check) -> pid_t {
        let child = cguest_fork()
        guard child == 0 else { return child }
        setsid()
        let null = cguest_open_port("/dev/null")
        for number: Int32 in 0...2 { dup2(null, number) }
        cguest_release_signals()
        CommandLife.become(command, check.program, check.arguments, null)
    }

    /// Hands on what it says and what it is sent until it has ended; then the host ends the machine.
    func live() -> Never {
        let watched = UnsafeMutablePointer<pollfd>.allocate(capacity: 4)
        for (index, number) in [output, errors, port.descriptor, ends].enumerated() {
            watched[index] = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
        }
        var looksForPort = command.port != 0
        var check = command.check
        var checking: pid_t = -1
        var nextCheck: UInt64 = 0
        while true {
            if let check, checking <= 0, cguest_uptime() >= nextCheck { checking = start(check) }
            let isWaiting = looksForPort || check != nil && checking <= 0
            let count = poll(watched, 4, isWaiting ? CommandLife.interval : -1)
            if looksForPort && isListening(on: command.port) {
                looksForPort = false
                port.send(.ready)
            }
            guard count > 0 else { continue }
            // poll(2) passes over negative descriptors.
            if watched[0].revents != 0, port.forward(.output, from: output) == .end { watched[0].fd = -1 }
            if watched[1].revents != 0, port.forward(.errors, from: errors) == .end { watched[1].fd = -1 }
            if watched[2].revents != 0 {
                if watched[2].revents & Int16(POLLIN) != 0 {
                    port.deliverSignals(to: child)
                } else {
                    watched[2].fd = -1
                }
            }
            guard watched[3].revents != 0 else { continue }
            cguest_take_signals(ends)
            var status: Int32 = 0
            while true {
                let ended = cguest_reap(&status)
                if ended <= 0 { break }
                if ended == child { end(status) }
                guard ended == checking else { continue }
                checking = -1
                nextCheck = cguest_uptime() + CommandLife.checkPause
                if status == 0 {
                    check = nil
                    port.send(.ready)
                }
            }
        }
    }

    private func end(_ status: Int32) -> Never {
        for (kind, pipe) in [(CommandPort.Kind.output, output), (.errors, errors)] {
            var left = CommandLife.mostPieces
            while left > 0, port.forward(kind, from: pipe) == .sent { left -= 1 }
        }
        port.send(.ended, UInt8(truncatingIfNeeded: status))
        while true { pause() }
    }
}
