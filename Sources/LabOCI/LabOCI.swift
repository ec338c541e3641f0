import CLinux
import Glibc
import LabCore
import OCI

/// The program `lab-oci`: an OCI runtime, called as runc is.
@main
struct LabOCI {
    static let help = """
        NAME:
           lab-oci - an OCI runtime

        USAGE:
           lab-oci [global options] command [command options] [arguments...]

        COMMANDS:
           create ID               make a container of the bundle in the current directory, or of --bundle
           start ID                let the program of a created container begin
           run ID                  create, start, wait and delete; --detach only the first two
           exec ID COMMAND [ARG…]  run another process in it
           state ID                its state, as the runtime specification has it
           list                    all containers of --root
           ps ID                   its processes
           kill ID [SIGNAL]        send its first process a signal, SIGTERM by default; --all to all of them
           pause ID, resume ID     stop it and let it go on
           update ID               change its limits
           events ID               what it uses, every five seconds or --interval, and when it ran out of memory;
                                   --stats once
           delete ID               remove what is left of it; --force also while it runs; --regex all that fit
           spec                    write a config.json
           features                what this runtime can do

        GLOBAL OPTIONS:
           --root DIRECTORY        where states are kept, by default /run/lab-oci or $XDG_RUNTIME_DIR/lab-oci
           --log FILE              where errors are written, too
           --log-format FORMAT     text or json
           --cgroup-manager NAME   cgroupfs, systemd or disabled
           --systemd-cgroup        have systemd make the cgroup: cgroupsPath is SLICE:PREFIX:NAME
           --version               the version of this program and of the specification

        """

    static func main() {
        var log = Log()
        do {
            let command = try Words.ofThisProgram()
            exit(try run(command.dropFirst(), of: command, &log))
        } catch {
            log.error(error.words)
            exit((error as? Failure)?.status ?? 1)
        }
    }

    private static func run(
        _ arguments: ArraySlice<String>, of whole: [String], _ log: inout Log
    ) throws -> Int32 {
        let global = try Words(arguments, Words.global)
        log.path = global["log"].flatMap { $0.isEmpty ? nil : $0 }
        switch global["log-format"] {
        case nil, "text": break
        case "json": log.isJSON = true
        case let other?: throw Failure("invalid log-format: \(ForeignText.line(other, most: 100))")
        }
        if global.has("version") {
            print("lab-oci version 1\nspec: \(Features.version)")
            return 0
        }
        guard let command = global.rest.first, !global.has("help"), command != "help" else {
            print(help, terminator: "")
            return 0
        }
        guard let known = Words.known(command) else {
            if Words.missing.contains(command) { throw Failure("\(command) is not supported by lab-oci") }
            throw Failure("No help topic for '\(ForeignText.line(command, most: 100))'", status: 3)
        }
        // Before there is anything that could be lost: the program starts over.
        if ["create", "run", "exec"].contains(command) { try protect(whole) }
        // Not `ProgramStart`: it raises limits, and containers are to have the caller's.
        StandardDescriptors.claim()
        SearchPath.dropRelative()
        signal(SIGCHLD, SIG_DFL)
        // What stands behind a container's name belongs to what runs there, or to ps.
        let words = try Words(
            global.rest.dropFirst(), known, isMixed: !["exec", "ps"].contains(command))
        if words.has("help") {
            print(help, terminator: "")
            return 0
        }
        return try run(command, words, global, log)
    }

    private static func protect(_ words: [String]) throws {
        var texts = words.map { strdup($0) } + [nil]
        guard clinux_protect_own_file(&texts) != 0 else { return texts.forEach { free($0) } }
        throw Failure("lab-oci cannot be protected from its containers", Errno(errno))
    }

    private static func run(_ command: String, _ words: Words, _ global: Words, _ log: Log) throws -> Int32 {
        let store = StateStore(root: global["root"] ?? StateStore.standardRoot())
        let containers = Lifecycle(store: store, log: log)
        switch command {
        case "create", "run":
            do { return try create(command, words, global, store, log) } catch {
                throw Failure("lab-oci \(command) failed: \(error.words)")
            }
        case "exec":
            do { return try exec(words, store) } catch {
                throw Failure("exec failed: \(error.words)", status: 255)
            }
        case "start": try containers.start(try words.only(command))
        case "state": try containers.state(try words.only(command))
        case "kill":
            guard let id = words.rest.first, words.rest.count <= 2 else {
                throw Failure("\"kill\" requires a minimum of 1 argument")
            }
            let signal = words.rest.count == 2 ? words.rest[words.rest.startIndex + 1] : "SIGTERM"
            try containers.kill(id, signal, isForAll: words.has("all"))
        case "delete" where words.has("regex"):
            try containers.delete(fitting: try words.only(command), isForced: words.has("force"))
        case "delete": try containers.delete(try words.only(command), isForced: words.has("force"))
        case "pause": try containers.pause(try words.only(command))
        case "resume": try containers.resume(try words.only(command))
        case "list":
            try containers.list(
                isQuiet: words.has("quiet"), isJSON: try format(words, ["table", "json"]) == "json")
        case "ps":
            guard let id = words.rest.first else { throw Failure("\"ps\" requires a minimum of 1 argument") }
            try containers.processes(
                id, isJSON: try format(words, ["table", "json"]) == "json", Array(words.rest.dropFirst()))
        case "update": try containers.update(try words.only(command), try resources(words))
        case "events":
            let period = try EventStream.period(words["interval"] ?? "5s")
            try EventStream(store: store, id: try words.only(command)).run(
                every: period, isOnce: words.has("stats"))
        case "features": print(try Features().text(), terminator: "")
        default: try writeSpec(words)
        }
        return 0
    }

    /// How many descriptors from 3 on the container gets: those asked for, behind those of socket activation (sd_listen_fds(3)).
    private static func preserved(_ words: Words) throws -> Int32 {
        let asked = try words.number("preserve-fds") ?? 0
        let listened = getenv("LISTEN_FDS").flatMap { Int64(String(cString: $0)) } ?? 0
        guard (0...1_000).contains(asked), (0...1_000).contains(listened) else {
            throw Failure("please check --preserve-fds and LISTEN_FDS: not a number of descriptors")
        }
        return Int32(asked + listened)
    }

    private static func format(_ words: Words, _ known: [String]) throws -> String {
        let format = words["format"] ?? known[0]
        guard known.contains(format) else { throw Failure("invalid format option") }
        return format
    }

    private static func create(
        _ command: String, _ words: Words, _ global: Words, _ store: StateStore, _ log: Log
    ) throws -> Int32 {
        let id = try words.only(command)
        var options = CreateOptions()
        options.bundle = words["bundle"] ?? "."
        options.file = words["config"] ?? options.file
        options.handleSocket = words["pidfd-socket"]
        options.consoleSocket = words["console-socket"]
        options.pidFile = words["pid-file"].flatMap { $0.isEmpty ? nil : $0 }
        options.preservedDescriptors = try preserved(words)
        (options.isMovedToRoot, options.keepsKeyring) = (words.has("no-pivot"), words.has("no-new-keyring"))
        options.usesSystemd = global.has("systemd-cgroup") || global["cgroup-manager"] == "systemd"
        options.hasNoCgroups = global["cgroup-manager"] == "disabled"
        options.isDetached = command == "create" || words.has("detach")
        options.isKept = words.has("keep")
        try StateStore.check(id)
        let configuration = try Configuration(
            bundle: options.bundle, file: options.file, filters: FilterStore(store))
        let session = try ForegroundSession(
            isTerminal: configuration.spec.process?.terminal == true, isDetached: options.isDetached,
            consoleSocket: options.consoleSocket)
        let state = try Creation(store: store, id: id, options: options, log: log)
            .make(configuration, console: session.console)
        if command == "create" { return 0 }
        let containers = Lifecycle(store: store, log: log)
        do {
            do {
                let lock = try store.lock(id)
                defer { withExtendedLifetime(lock.rawValue) {} }
                try containers.begin(state)
            }
            if options.isDetached { return 0 }
            let status = try session.wait(for: state.pid)
            guard !options.isKept else { return status }
            // Somebody else may have removed it by now.
            guard let lock = try? store.lock(id) else { return status }
            defer { withExtendedLifetime(lock.rawValue) {} }
            try containers.remove(state)
            return status
        } catch {
            try? containers.delete(id, isForced: true)
            throw error
        }
    }

    private static func exec(_ words: Words, _ store: StateStore) throws -> Int32 {
        guard let id = words.rest.first else { throw Failure("\"exec\" requires a minimum of 1 argument") }
        var options = ExecOptions()
        options.command = Array(words.rest.dropFirst())
        (options.consoleSocket, options.directory) = (words["console-socket"], words["cwd"])
        (options.pidFile, options.processFile) = (words["pid-file"], words["process"])
        (options.user, options.environment) = (words["user"], words.values["env"] ?? [])
        options.groups = try (words.values["additional-gids"] ?? []).map { text in
            guard let number = UInt32(text) else {
                throw Failure("\(ForeignText.line(text, most: 40)) is no gid")
            }
            return number
        }
        options.capabilities = words.values["cap"] ?? []
        options.cgroups = words.values["cgroup"] ?? []
        options.handleSocket = words["pidfd-socket"]
        (options.profile, options.label) = (words["apparmor"], words["process-label"])
        (options.hasTerminal, options.isDetached) = (words.has("tty"), words.has("detach"))
        options.hasNoNewPrivileges = words.has("no-new-privs")
        options.ignoresPause = words.has("ignore-paused")
        options.preservedDescriptors = try preserved(words)
        return try Execution(store: store, id: id, options: options).run()
    }

    private static func resources(_ words: Words) throws -> RuntimeSpec.Resources {
        if let path = words["resources"] {
            return try RuntimeSpec.Resources(
                json: try Words.contents(of: path), of: path == "-" ? "standard input" : path)
        }
        func bytes(_ name: String) throws -> Int64? {
            guard let text = words[name] else { return nil }
            if let number = Int64(text) { return number }
            // Go's units: each is 1024 of the one before, whatever it is called.
            let digits = text.prefix { $0.isNumber }
            let unit = text.dropFirst(digits.count).lowercased()
            guard let number = Int64(digits),
                let power = ["k", "m", "g", "t", "p"].firstIndex(where: {
                    [$0, "\($0)b", "\($0)ib"].contains(unit)
                }),
                case (let bytes, false) = number.multipliedReportingOverflow(by: 1 << (10 * (power + 1)))
            else { throw Failure("invalid size: '\(ForeignText.line(text, most: 40))'") }
            return bytes
        }
        var resources = RuntimeSpec.Resources()
        resources.memory = .init()
        resources.memory?.limit = try bytes("memory")
        resources.memory?.swap = try bytes("memory-swap")
        resources.memory?.reservation = try bytes("memory-reservation")
        var cpu = RuntimeSpec.CPU()
        cpu.quota = try words.number("cpu-quota")
        cpu.period = try words.number("cpu-period").map { UInt64(clamping: $0) }
        cpu.shares = try words.number("cpu-share").map { UInt64(clamping: $0) }
        cpu.burst = try words.number("cpu-burst").map { UInt64(clamping: $0) }
        cpu.idle = try words.number("cpu-idle")
        (cpu.cpus, cpu.mems) = (words["cpuset-cpus"], words["cpuset-mems"])
        resources.cpu = cpu
        if let weight = try words.number("blkio-weight") {
            resources.blockIO = RuntimeSpec.BlockIO { $0.weight = UInt16(clamping: weight) }
        }
        if let limit = try words.number("pids-limit") {
            resources.pids = RuntimeSpec.Pids { $0.limit = limit }
        }
        return resources
    }

    private static func writeSpec(_ words: Words) throws {
        let path = "\(words["bundle"] ?? ".")/config.json"
        guard !Files.exists(path) else { throw Failure("File config.json exists. Remove it first") }
        let spec = words.has("rootless") ? SpecTemplate.rootless : SpecTemplate.whole
        try Files.write(try spec.text(), to: path)
    }
}
