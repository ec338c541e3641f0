import Glibc
import LabCore

/// `lab-container` as a user calls it, with the host's own root as the container's, which has the tools for looking at it.
final class ContainerCalls {
    /// The built program; nil when only the tests were built.
    static let program: String? = LabProgram.path.flatMap {
        access("\($0)-container", X_OK) == 0 ? "\($0)-container" : nil
    }
    static let canRun = program != nil && geteuid() == 0

    let lab: LabProgram

    init() throws { lab = try LabProgram() }

    var directory: String { lab.directory.path }

    /// A script of sh in which `$C` is the program and `$D` a directory for it.
    func start(_ script: String) throws -> LabProgram.Running {
        try lab.start(
            ["-c", script], program: "/bin/sh", environment: ["C": Self.program ?? "", "D": directory])
    }

    func run(_ script: String) throws -> LabProgram.Finished { try start(script).wait() }

    /// Starts `lab-container run / WORD…`; its pid is the program's own.
    func container(_ words: String...) throws -> LabProgram.Running {
        try lab.start(["run", "/"] + words, program: Self.program)
    }

    /// Waits until that was said.
    func waitFor(_ text: String, from running: LabProgram.Running) -> Bool {
        waitUntil { (try? Files.readText(running.outputPath).contains(text)) == true }
    }

    /// The first process of a container, which is the only child in another PID namespace.
    static func firstProcess(of pid: pid_t) -> pid_t? {
        let children = Files.line("/proc/\(pid)/task/\(pid)/children") ?? ""
        return children.split(separator: " ").compactMap { pid_t($0) }.first { child in
            (try? Files.readText("/proc/\(child)/status").contains("NSpid:\t\(child)\t1\n")) == true
        }
    }
}

func waitUntil(_ limit: Duration = .seconds(20), _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = MonotonicInstant.now().advanced(by: limit)
    while MonotonicInstant.now() < deadline {
        if try condition() { return true }
        usleep(2_000)
    }
    return false
}

/// A process that is gone, or of which nothing is left but its parent's duty to reap it.
func isGone(_ pid: pid_t) -> Bool {
    kill(pid, 0) != 0 || Files.line("/proc/\(pid)/stat")?.contains(") Z ") == true
}

/// Where a link leads. The corresponding C function is `readlink`.
func linkTarget(_ path: String) -> String? {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    let length = readlink(path, &buffer, buffer.count)
    return length < 0 ? nil : String(decoding: buffer.prefix(length), as: UTF8.self)
}
