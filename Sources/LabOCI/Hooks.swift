import Glibc
import LabCore
import OCI

/// What a runtime says of a container: runtime.md, "State", on standard output and to hooks.
struct ContainerReport: SpecPart {
    var ociVersion = ""
    var id = ""
    var status = ""
    var pid: Int32?
    var bundle = ""
    var annotations: [String: String]?
    init() {}
}

/// The same with what `state` and `list` say beside it, in the order in which runc does.
struct ContainerListing: SpecPart {
    var ociVersion = ""
    var id = ""
    var pid: Int32 = 0
    var status = ""
    var bundle = ""
    var rootfs = ""
    var created = ""
    var annotations: [String: String]?
    var owner = ""
    init() {}
}

enum HookRunner {
    /// Runs hooks one after another, each with the container's state as its input.
    /// - Parameter inherits: whether it may see the variables that the runtime was called with: a container may not.
    static func run(
        _ hooks: [RuntimeSpec.Hook]?, _ stage: String, _ report: ContainerReport, inherits: Bool = true
    ) throws {
        for (index, hook) in (hooks ?? []).enumerated() {
            do { try run(hook, report, inherits) } catch {
                throw Failure("error running \(stage) hook #\(index): \(error.words)")
            }
        }
    }

    private static var callers: [String] {
        let bytes = (try? Files.read("/proc/self/environ", step: 1 << 12)) ?? []
        return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func run(_ hook: RuntimeSpec.Hook, _ report: ContainerReport, _ inherits: Bool) throws {
        guard hook.path.hasPrefix("/") else { throw Failure("the path of a hook must be absolute") }
        let input = try FileDescriptor.pipe()
        let output = try FileDescriptor.pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.read.rawValue, 0)
        posix_spawn_file_actions_adddup2(&actions, output.write.rawValue, 1)
        posix_spawn_file_actions_adddup2(&actions, output.write.rawValue, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words = (hook.args ?? [hook.path]).map { strdup($0) } + [nil]
        // Without a list it has the caller's, as under runc and crun.
        let own = hook.env ?? (inherits ? Self.callers : [])
        var variables = own.map { strdup($0) } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var pid: pid_t = 0
        let code = posix_spawn(&pid, hook.path, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw Failure("fork/exec \(hook.path)", Errno(code)) }
        close(output.write.release())
        close(input.read.release())
        // One that never reads it has had its say in its status.
        signal(SIGPIPE, SIG_IGN)
        let told = input.write
        try? told.writeAll(Array(try report.text().utf8))
        close(told.release())
        let (status, said) = try wait(pid, output.read, hook.timeout)
        guard status == 0 else {
            let text = ForeignText.line(said.trimmingWhitespace(), most: 1_000)
            // As Go says it.
            let signal = status & 0x7f
            let end =
                signal == 0
                ? "exit status \(status.exitStatus)"
                : "signal: \(String(cString: strsignal(signal)).lowercased())"
            throw Failure("\(end), stdout and stderr: \(text)")
        }
    }

    private static func wait(
        _ pid: pid_t, _ output: borrowing FileDescriptor, _ timeout: Int?
    ) throws -> (status: Int32, said: String) {
        let deadline = timeout.map { MonotonicInstant.now().advanced(by: .seconds($0)) }
        var said: [UInt8] = []
        // Until its end, and not until nobody has its output any more: what it leaves running may keep that.
        while true {
            var status: Int32 = 0
            let ended = waitpid(pid, &status, WNOHANG)
            var event = pollfd(fd: output.rawValue, events: Int16(POLLIN), revents: 0)
            if poll(&event, 1, ended == pid ? 0 : 5) > 0, event.revents & Int16(POLLIN) != 0 {
                let chunk = (try? output.read(upTo: 1 << 14)) ?? []
                if said.count < 1 << 16 { said += chunk }
                if ended != pid { continue }
            } else if ended != pid && event.revents != 0 {
                usleep(1_000)
            }
            if ended == pid {
                return (status, String(decoding: said, as: UTF8.self))
            }
            if let deadline, MonotonicInstant.now() > deadline {
                kill(pid, SIGKILL)
                waitpid(pid, &status, 0)
                throw Failure("hook ran past specified timeout of \(timeout ?? 0)s")
            }
        }
    }
}

extension Int32 {
    /// A status of waitpid(2) as a shell has it: 128 + N for signal N.
    var exitStatus: Int32 { self & 0x7f == 0 ? self >> 8 & 0xff : 128 + (self & 0x7f) }
}
