import CLinux
import Glibc
import LabCore
import Launch

/// Somebody else's program on this machine, as a user who is not root, in namespaces, with limits, without a network, and
/// for a time: what it may not be trusted with is outside.
///
/// It ends when its first process does, and its first process ends with `with`, whatever happens.
package final class Room {
    /// Its first process.
    package let pid: pid_t
    /// Its directory on the host.
    package let files: String
    package let cgroups: RoomCgroups?
    private let pidfd: FileDescriptor
    private let interrupt: Interrupt
    private let mostOutput: Int
    /// Standard output and standard error, -1 at their end.
    private var streams: [Int32]
    private var said: [[UInt8]] = [[], []]
    /// True when one of its streams said more than it may.
    package private(set) var saidTooMuch = false

    package var output: [UInt8] { said[0] }
    package var errors: [UInt8] { said[1] }

    /// Makes a room, starts its program and hands it to `body`; then ends it and removes what it was made of.
    /// - Parameter furnish: puts files into its directory on the host before it is closed to everybody else.
    /// - Throws: `.unavailable` or `.permission` where this machine makes no room.
    package static func with<Value>(
        _ request: RoomRequest, _ context: RunContext,
        furnish: (_ directory: String) throws(LabError) -> Void,
        _ body: (Room) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        let user = RoomUser.current()
        let name = "lab-\(context.runID)-room-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        let directory = "\(context.paths.machines)/\(name)"
        try context.journal.record(JournaledResource(.directory, directory))
        var cgroups: RoomCgroups?
        func removeAll() throws(LabError) {
            try cgroups?.remove()
            try Files.removeTree(directory)
        }
        let value: Value
        do throws(LabError) {
            try make(directory, for: user, furnish)
            if request.hasOwnCgroup || Isolation.ofThisUser().contains(.limits) {
                cgroups = try RoomCgroups(
                    name: name, limits: request.limits, owner: request.hasOwnCgroup ? user : nil,
                    journal: context.journal)
            }
            value = try live(request, user, directory, cgroups, context, body)
        } catch {
            try? removeAll()
            throw error
        }
        try removeAll()
        return value
    }

    /// Its directory and the one above it can be passed by the room's user and changed by nobody but lab's.
    private static func make(
        _ directory: String, for user: RoomUser, _ furnish: (String) throws(LabError) -> Void
    ) throws(LabError) {
        // What its user is to read is not for the caller's umask to say.
        let mask = umask(0o022)
        defer { umask(mask) }
        let above = String(directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)])
        let isRoot = geteuid() == 0
        try Files.makeDirectory(above, mode: isRoot ? 0o711 : 0o700)
        try Files.makeDirectory("\(directory)/root")
        try furnish(directory)
        guard isRoot else { return }
        do throws(Errno) {
            try checked { chmod(above, 0o711) }
            try checked { lchown(directory, 0, user.gid) }
            try checked { chmod(directory, 0o710) }
        } catch {
            throw LabError(.output, "cannot close the directory \(directory)", cause: error)
        }
    }

    private static func live<Value>(
        _ request: RoomRequest, _ user: RoomUser, _ directory: String, _ cgroups: RoomCgroups?,
        _ context: RunContext, _ body: (Room) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        var request = request
        for index in request.binds.indices where !request.binds[index].source.hasPrefix("/") {
            request.binds[index].source = "\(directory)/\(request.binds[index].source)"
        }
        if let cgroups, request.hasOwnCgroup {
            for controller in CgroupMounts.Controller.allCases {
                request.binds.append(
                    .init(cgroups.own(controller), at: "/cgroup/\(controller.rawValue)", isWritable: true))
            }
        }
        let parent = try FileDescriptor.ofThisProcess()
        let program = try LaunchProgram.room(
            request, at: "\(directory)/root", user: user, cgroups: cgroups?.directoriesToJoin ?? [],
            parent: parent.rawValue)
        let buffer = ProgramBuffer(
            program,
            environment: ["PATH=\(SearchPath.standard)", "HOME=/tmp", "LANG=C.UTF-8"])
        let input = try ChildLauncher.pipe()
        let output = try ChildLauncher.pipe()
        let errors = try ChildLauncher.pipe()
        let parameters = ProgramBuffer.Parameters(
            arguments: request.command,
            standard: (input.read.rawValue, output.write.rawValue, errors.write.rawValue, -1),
            joins: cgroups?.joins ?? [])
        let keeper = try RoomKeeper(buffer, parameters, as: user)
        defer { keeper.end() }
        // Ours are closed, so that its end is the end of its streams.
        close(output.write.release())
        close(errors.write.release())
        close(input.write.release())
        let room = Room(
            pid: keeper.pid, pidfd: FileDescriptor(owning: keeper.pidfd), files: directory, cgroups: cgroups,
            streams: [output.read.release(), errors.read.release()], request.mostOutput, context.interrupt)
        defer { room.end() }
        withExtendedLifetime(parent) {}
        return try body(room)
    }

    private init(
        pid: pid_t, pidfd: consuming FileDescriptor, files: String, cgroups: RoomCgroups?, streams: [Int32],
        _ mostOutput: Int, _ interrupt: Interrupt
    ) {
        (self.pid, self.files, self.cgroups) = (pid, files, cgroups)
        self.pidfd = pidfd
        (self.streams, self.mostOutput, self.interrupt) = (streams, mostOutput, interrupt)
    }

    deinit { for stream in streams where stream >= 0 { close(stream) } }

    /// How a wait ended.
    package enum Wait: Sendable {
        case met
        /// The room's first process has ended, and with it the room.
        case ended
        case late
    }

    /// The interval at which a condition is looked at.
    private static let pause = Duration.milliseconds(10)

    /// Waits for a condition, while what is said in the room is taken.
    /// - Throws: `.interrupted` on a signal.
    package func wait(
        until deadline: MonotonicInstant, for condition: () throws(LabError) -> Bool = { false }
    ) throws(LabError) -> Wait {
        while true {
            take()
            if try condition() { return .met }
            let now = MonotonicInstant.now()
            if now >= deadline { return .late }
            var watched = ([pidfd.rawValue] + streams).map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            switch BoundedWait(until: min(deadline, now.advanced(by: Self.pause)), interrupt: interrupt).poll(
                &watched)
            {
            case .interrupted: throw Interrupt.error
            case .ready where watched[0].revents != 0:
                take()
                return try condition() ? .met : .ended
            case .ready, .late: break
            }
        }
    }

    /// Takes what has been said; who says too much is no longer heard.
    private func take() {
        for index in streams.indices {
            var chunk = [UInt8](repeating: 0, count: 1 << 16)
            while streams[index] >= 0 {
                let count = read(streams[index], &chunk, chunk.count)
                if count < 0 && errno == EAGAIN { break }
                if count > 0 { said[index] += chunk.prefix(count) }
                if said[index].count > mostOutput { saidTooMuch = true }
                if count <= 0 || said[index].count > mostOutput {
                    close(streams[index])
                    streams[index] = -1
                }
            }
        }
    }

    /// Its processes as the host numbers them: the first one and all that descend from it. Who loses its parent in there gets
    /// one of these.
    package var processes: [HostProcess] {
        var found = [pid]
        var next = 0
        while next < found.count {
            found += Self.children(of: found[next])
            next += 1
        }
        return found.map(HostProcess.init(pid:))
    }

    /// A kernel may have been built without the files that are quick to read.
    private static let listsChildren = Files.exists("/proc/\(getpid())/task/\(getpid())/children")

    /// Those of all its threads: proc(5), `/proc/PID/task/TID/children`.
    private static func children(of pid: pid_t) -> [pid_t] {
        guard listsChildren else {
            return HostProcess.all.filter { (try? $0.status())?.parent == pid }.map(\.pid)
        }
        let tasks = "/proc/\(pid)/task"
        return Files.list(tasks).flatMap {
            (Files.line("\(tasks)/\($0)/children") ?? "").split(separator: " ")
        }
        .compactMap { pid_t($0) }
    }

    /// The exit status of its first process, 128 + N for signal N; waits for its end, which `end` brings about.
    private var status: Int32?

    /// Kills its first process, and with that the kernel kills all of its PID namespace.
    /// - Returns: the exit status of the first process, 128 + N for signal N; nil when the kernel does not say.
    @discardableResult package func end() -> Int32? {
        if let status { return status }
        _ = clinux_pidfd_send_signal(pidfd.rawValue, SIGKILL)
        guard
            BoundedWait(until: .now().advanced(by: .seconds(10)), interrupt: .never).poll(pidfd.rawValue)
                == .ready
        else { return nil }
        var ended: Int32 = 0
        guard clinux_wait_pidfd(pidfd.rawValue, 0, &ended, nil) == 0 else { return nil }
        take()
        status = ended
        return ended
    }
}

/// The thread that starts a room and lives as long as it: a user namespace belongs to who made it, so it is not root who
/// makes it; and the signal at the parent's death comes at the death of a thread.
private final class RoomKeeper {
    let pid: pid_t
    /// Not yet owned.
    let pidfd: Int32
    private let state: Monitor<State>

    private struct State {
        var started: Result<(pid: pid_t, pidfd: Int32), LabError>?
        var isOver = false
    }

    init(
        _ buffer: ProgramBuffer, _ parameters: ProgramBuffer.Parameters, as user: RoomUser
    ) throws(LabError) {
        let state = Monitor(State())
        self.state = state
        // This thread waits until the other has read them.
        nonisolated(unsafe) let parameters = parameters
        do throws(Errno) {
            _ = try OSThread.start {
                do throws(LabError) {
                    if geteuid() == 0 {
                        try SeparateThread.kernel("become the user \(Int(user.uid))") {
                            clinux_become_user(user.uid, user.gid)
                        }
                    }
                    let started = try buffer.start(parameters)
                    let pid = started.pid
                    let pidfd = started.takePidfd().release()
                    state.withLock { $0.started = .success((pid, pidfd)) }
                } catch {
                    state.withLock { $0.started = .failure(error) }
                    return
                }
                _ = state.wait { $0.isOver }
            }
        } catch {
            throw LabError(.software, "cannot start a thread", cause: error)
        }
        guard let started = state.wait(until: { $0.started != nil }).state.started else {
            throw LabError(.software, "cannot start a thread")
        }
        (pid, pidfd) = try started.get()
    }

    func end() { state.withLock { $0.isOver = true } }
}
