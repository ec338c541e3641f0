import CLinux
import Glibc
import LabCore
import OCI

/// What is done with a container that is there.
struct Lifecycle {
    let store: StateStore
    let log: Log

    func start(_ id: String) throws {
        let lock = try store.lock(id)
        defer { withExtendedLifetime(lock.rawValue) {} }
        let state = try store.read(id)
        switch store.status(of: state) {
        case .created: break
        case .stopped, .creating: throw Failure("cannot start a container that has stopped")
        case .running, .paused: throw Failure("cannot start an already running container")
        }
        try begin(state)
    }

    /// Lets the program of a container begin that waits for it.
    func begin(_ state: ContainerState) throws {
        let id = state.id
        let fifo: FileDescriptor
        do { fifo = try FileDescriptor.open(store.fifo(id), O_WRONLY) } catch {
            throw Failure("cannot start a container that has stopped", error)
        }
        unlink(store.fifo(id))
        try fifo.writeAll([0])
        do {
            try HookRunner.run(state.hooks?.poststart, "poststart", store.report(state, .running))
        } catch {
            // runtime.md: a failing poststart is an error of start, and the container goes.
            _ = try? signal(state, SIGKILL)
            throw error
        }
    }

    func kill(_ id: String, _ word: String, isForAll: Bool) throws {
        let number = try Signals.number(of: word)
        let state = try store.read(id)
        let cgroups = Cgroups(directories: state.cgroups)
        if isForAll {
            cgroups.processes.forEach { Glibc.kill($0, number) }
            if state.isAlive { try signal(state, number) }
            return
        }
        guard state.isAlive else { throw Failure("container not running") }
        try signal(state, number)
        // Without a PID namespace the others do not go with the first.
        if number == SIGKILL && !state.hasOwnPIDs { cgroups.processes.forEach { Glibc.kill($0, number) } }
        // What is frozen dies when it thaws.
        if number == SIGKILL && cgroups.isFrozen { try cgroups.freeze(false) }
    }

    /// Meets the process and nobody who has its number by now.
    private func signal(_ state: ContainerState, _ number: Int32) throws {
        do {
            let handle = FileDescriptor(owning: try Kernel.check { clinux_pidfd_open(state.pid) })
            guard state.isAlive else { throw Failure("container not running") }
            try Kernel.check { clinux_pidfd_send_signal(handle.rawValue, number) }
        } catch Errno(ESRCH) {
            throw Failure("container not running")
        } catch let error as Errno { throw Failure("unable to signal init", error) }
    }

    /// Removes all whose id fits a regular expression, as crun does it.
    func delete(fitting pattern: String, isForced: Bool) throws {
        var expression = regex_t()
        guard regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB) == 0 else {
            throw Failure("\(ForeignText.line(pattern, most: 200)) is no regular expression")
        }
        defer { regfree(&expression) }
        for state in store.all where regexec(&expression, state.id, 0, nil, 0) == 0 {
            try delete(state.id, isForced: isForced)
        }
    }

    func delete(_ id: String, isForced: Bool) throws {
        try StateStore.check(id)
        guard Files.exists(store.directory(id)) else {
            if isForced { return }
            throw Failure("container does not exist")
        }
        if isForced, let state = try? store.read(id) { try end(state) }
        let lock = try store.lock(id)
        defer { withExtendedLifetime(lock.rawValue) {} }
        guard let state = try? store.read(id) else {
            // A runtime was killed before it wrote anything down.
            guard isForced else { throw Failure("container does not exist") }
            return try store.remove(id)
        }
        switch store.status(of: state) {
        case .stopped: break
        case .created, .creating: try end(state)
        case let status:
            guard isForced else {
                throw Failure("cannot delete container \(id) that is not stopped: \(status.rawValue)")
            }
            try end(state)
        }
        try remove(state)
    }

    /// Removes what is left of a container whose first process has ended.
    func remove(_ state: ContainerState) throws {
        let cgroups = Cgroups(directories: state.cgroups)
        for pid in cgroups.processes { Glibc.kill(pid, SIGKILL) }
        state.scope?.stop()
        try cgroups.remove()
        try store.remove(state.id)
        var report = store.report(state, .stopped)
        report.pid = 0
        do { try HookRunner.run(state.hooks?.poststop, "poststop", report) } catch {
            // runtime.md: the rest goes on, and so has the container gone.
            log.warning(error.words)
        }
    }

    /// Kills all that is in it and waits, ten seconds at most, until its first process is gone.
    private func end(_ state: ContainerState) throws {
        let cgroups = Cgroups(directories: state.cgroups)
        for attempt in 0..<1_000 {
            if state.isAlive { try? signal(state, SIGKILL) }
            for pid in cgroups.processes { Glibc.kill(pid, SIGKILL) }
            if attempt == 0, cgroups.isFrozen { try cgroups.freeze(false) }
            if !state.isAlive { return }
            // Somebody may have put it into another's freezer, in which nothing dies.
            if attempt == 10 { Cgroups.thaw(state.pid) }
            usleep(10_000)
        }
        throw Failure("container init still running")
    }

    func pause(_ id: String) throws {
        let lock = try store.lock(id)
        defer { withExtendedLifetime(lock.rawValue) {} }
        let state = try store.read(id)
        let status = store.status(of: state)
        guard status == .running || status == .created else { throw Failure("container not running") }
        try Cgroups(directories: state.cgroups).freeze(true)
    }

    func resume(_ id: String) throws {
        let lock = try store.lock(id)
        defer { withExtendedLifetime(lock.rawValue) {} }
        let state = try store.read(id)
        guard store.status(of: state) == .paused else { throw Failure("container not paused") }
        try Cgroups(directories: state.cgroups).freeze(false)
    }

    func update(_ id: String, _ resources: RuntimeSpec.Resources) throws {
        let lock = try store.lock(id)
        defer { withExtendedLifetime(lock.rawValue) {} }
        let state = try store.read(id)
        guard state.isAlive else { throw Failure("container not running") }
        let cgroups = Cgroups(directories: state.cgroups)
        try state.scope?.update(resources, isUnified: cgroups.isUnifiedOnly)
        try cgroups.apply(resources, isNew: false)
    }

    func state(_ id: String) throws {
        print(try listing(try store.read(id)).text(), terminator: "")
    }

    private func listing(_ state: ContainerState) -> ContainerListing {
        let report = store.report(state)
        return ContainerListing {
            ($0.ociVersion, $0.id, $0.pid) = (report.ociVersion, report.id, report.pid ?? 0)
            ($0.status, $0.bundle, $0.rootfs) = (report.status, report.bundle, state.rootfs)
            ($0.created, $0.annotations, $0.owner) = (state.created, report.annotations, owner(of: state))
        }
    }

    private func owner(of state: ContainerState) -> String {
        var status = stat()
        stat(store.directory(state.id), &status)
        // Not by getpwuid(3), which loads libraries into a program that is linked to none.
        for line in ((try? Files.readText("/etc/passwd", limit: 4 << 20)) ?? "").split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false)
            if fields.count > 2, UInt32(fields[2]) == status.st_uid { return String(fields[0]) }
        }
        return "#\(status.st_uid)"
    }

    func processes(_ id: String, isJSON: Bool, _ words: [String]) throws {
        let state = try store.read(id)
        let all = Cgroups(directories: state.cgroups).processes
        if isJSON { return print("[\(all.map(String.init).joined(separator: ","))]") }
        let output = try Tool.run(
            "ps", words.isEmpty ? ["-ef"] : words, in: "/",
            deadline: MonotonicInstant.now().advanced(by: .seconds(30)))
        let lines = output.text.split(separator: "\n")
        guard output.status == 0, let head = lines.first,
            let column = head.split(separator: " ").firstIndex(of: "PID")
        else { throw Failure("couldn't find PID field in ps output") }
        print(head)
        for line in lines.dropFirst() {
            let fields = line.split(separator: " ")
            guard fields.count > column, let pid = pid_t(fields[column]), all.contains(pid) else { continue }
            print(line)
        }
    }

    func list(isQuiet: Bool, isJSON: Bool) throws {
        let all = store.all
        if isQuiet { return all.forEach { print($0.id) } }
        if isJSON {
            return print("[\(try all.map { try listing($0).line() }.joined(separator: ","))]")
        }
        var rows = [["ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"]]
        for state in all {
            let report = store.report(state)
            rows.append([
                state.id, "\(report.pid ?? 0)", report.status, state.bundle, state.created, owner(of: state),
            ])
        }
        let widths = rows[0].indices.map { column in max(12, (rows.map { $0[column].count }.max() ?? 0) + 3) }
        for row in rows {
            let cells = zip(row, widths).map { text, width in
                text + String(repeating: " ", count: max(0, width - text.count))
            }
            print(cells.dropLast().joined() + (row.last ?? ""))
        }
    }
}

/// Signals by number, by name, and by name without `SIG`.
enum Signals {
    private static let names = [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE",
        "ALRM",
        "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM",
        "PROF",
        "WINCH", "IO", "PWR", "SYS",
    ]

    static func number(of word: String) throws -> Int32 {
        // 0 asks only whether it is there: kill(2).
        if let number = Int32(word), (0...64).contains(number) { return number }
        var name = word.uppercased()
        if name.hasPrefix("SIG") { name.removeFirst(3) }
        if let place = names.firstIndex(of: name) { return Int32(place + 1) }
        if name == "POLL" { return SIGIO }
        for (start, base, sign) in [("RTMIN", 34, 1), ("RTMAX", 64, -1)] as [(String, Int32, Int32)]
        where name.hasPrefix(start) {
            let rest = name.dropFirst(5)
            let offset = rest.isEmpty ? 0 : Int32(rest.dropFirst()) ?? 100
            if (34...64).contains(base + sign * offset) { return base + sign * offset }
        }
        throw Failure("unknown signal \"\(ForeignText.line(word, most: 40))\"")
    }
}

func ~= (pattern: Errno, error: any Error) -> Bool { (error as? Errno) == pattern }
