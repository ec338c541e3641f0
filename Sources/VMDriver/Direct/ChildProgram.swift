import CLinux
import Glibc
import LabCore

/// Starts a program as a child in a session of its own that is killed with us, through the executor that starts
/// containers too: clone3 with CLONE_VM and CLONE_VFORK, so that the size of this process costs nothing.
enum ChildProgram {
    /// Returns the child's pid when it has been executed; the caller must wait for it.
    ///
    /// The child dies with the *thread* that calls this: prctl(2), PR_SET_PDEATHSIG.
    /// - Parameter input: its standard input.
    /// - Parameter output: its standard output and standard error.
    /// - Parameter user: who it is; nil for who we are. In any case it has no capability and gets none.
    /// - Throws: `.instance`, naming the step that failed and its errno.
    static func start(
        _ program: String, _ arguments: [String], input: Int32, output: Int32, as user: QEMUUser? = nil
    ) throws(LabError) -> pid_t {
        let parent = clinux_pidfd_open(getpid())
        guard parent >= 0 else {
            throw LabError(.software, "cannot watch over \(program)", cause: "\(Errno(errno))")
        }
        defer { close(parent) }
        let path = strdup(program)
        defer { free(path) }
        let directory = strdup("/")
        defer { free(directory) }
        let groups = user?.groups ?? []
        return try groups.withUnsafeBufferPointer { (groups) throws(LabError) in
            let becomes = user.map { user in
                clinux_step(
                    operation: CLINUX_USER, tolerated_error: 0, a: nil, b: nil, c: nil,
                    data: groups.baseAddress, x: UInt64(user.uid), y: UInt64(groups.count))
            }
            let steps =
                (becomes.map { [$0] } ?? []) + [
                    step(CLINUX_CAPABILITIES, 0),
                    step(CLINUX_NO_NEW_PRIVS),
                    step(CLINUX_NO_CORE),
                    // After the change of user, with which the kernel forgets it.
                    step(CLINUX_PDEATHSIG, UInt64(SIGKILL), UInt64(parent)),
                    step(CLINUX_SETSID),
                    step(CLINUX_STANDARD, 0),
                    step(CLINUX_STANDARD, 1),
                    step(CLINUX_STANDARD, 2),
                    step(CLINUX_CLOSE_FROM, 3),
                    // Not where lab is, which may be a place that its user can't go to.
                    clinux_step(
                        operation: CLINUX_CHDIR, tolerated_error: 0, a: directory, b: nil, c: nil, data: nil,
                        x: 0, y: 0),
                    clinux_step(
                        operation: CLINUX_EXEC, tolerated_error: 0, a: path, b: nil, c: nil, data: nil, x: 0,
                        y: 0),
                ]
            return try withVector([program] + arguments) { (argv) throws(LabError) in
                // Plain English, as under libvirt: what QEMU says goes into error messages.
                try withVector(["LC_ALL=C", "PATH=/usr/bin:/bin"]) { (envp) throws(LabError) in
                    try start(steps, argv, envp, (input, output, output, -1), program)
                }
            }
        }
    }

    private static func start(
        _ steps: [clinux_step], _ argv: [UnsafeMutablePointer<CChar>?],
        _ envp: [UnsafeMutablePointer<CChar>?], _ standard: (Int32, Int32, Int32, Int32),
        _ program: String
    ) throws(LabError) -> pid_t {
        var stamps = [UInt64](repeating: 0, count: steps.count)
        var launch = clinux_launch()
        launch.count = UInt32(steps.count)
        launch.cgroup = -1
        launch.standard = standard
        var pidfd: Int32 = -1
        // A child that becomes another user makes the memory that it shares with us undumpable, until it has its own.
        let isDumpable = clinux_is_dumpable()
        defer { if isDumpable == 1 { _ = clinux_set_dumpable(1) } }
        let pid = steps.withUnsafeBufferPointer { steps in
            argv.withUnsafeBufferPointer { argv in
                envp.withUnsafeBufferPointer { envp in
                    stamps.withUnsafeMutableBufferPointer { stamps in
                        launch.steps = steps.baseAddress
                        launch.argv = argv.baseAddress
                        launch.envp = envp.baseAddress
                        launch.stamps = stamps.baseAddress
                        return clinux_start(&launch, &pidfd)
                    }
                }
            }
        }
        guard pid > 0 else {
            let place: Message = launch.failed_step < 0 ? "clone3" : "step \(launch.failed_step)"
            throw LabError(
                .instance, "cannot start \(program)", cause: "\(place): \(Errno(launch.error))")
        }
        close(pidfd)
        return pid
    }

    private static func step(_ operation: clinux_operation, _ x: UInt64 = 0, _ y: UInt64 = 0) -> clinux_step {
        clinux_step(operation: operation, tolerated_error: 0, a: nil, b: nil, c: nil, data: nil, x: x, y: y)
    }

    /// C copies of `words`, ended by NULL, for the time of `body`.
    private static func withVector<Value>(
        _ words: [String], _ body: ([UnsafeMutablePointer<CChar>?]) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        let vector: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for word in vector { free(word) } }
        return try body(vector)
    }
}
