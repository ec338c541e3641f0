import CLinux
import Glibc
import LabCore
import Launch

extension LaunchProgram {
    /// QEMU as a child in a session of its own that is killed with the *thread* that starts it: prctl(2), PR_SET_PDEATHSIG.
    /// - Parameter user: who it is; nil for who we are. In any case it has no capability and gets none.
    /// - Parameter hasTap: whether its descriptor 3 is a tap.
    static func qemu(
        _ program: String, as user: QEMUUser?, hasTap: Bool = false, parent: Int32
    ) -> LaunchProgram {
        let identity = user.map {
            [Step(.setGroups($0.groups)), Step(.setGroup($0.gid)), Step(.setUser($0.uid))]
        }
        return LaunchProgram(
            namespaces: [],
            steps: (identity ?? []) + [
                Step(.setCapabilities([])), Step(.noNewPrivileges), Step(.setLimits([.noCore])),
            ] + callersLimits() + child(parent: parent)
                + (hasTap ? [Step(.standardDescriptor(DomainDescription.tapDescriptor))] : []) + [
                    // Not where lab is, which may be a place that its user can't go to.
                    Step(.changeDirectory("/")),
                    Step(.closeOnExec(from: DomainDescription.tapDescriptor + (hasTap ? 1 : 0))),
                    Step(.execute(program)),
                ])
    }
}

extension QEMUProcess {
    /// Starts a program, and returns when it has been executed; the caller must wait for its end.
    /// - Parameter input: its standard input.
    /// - Parameter output: its standard output and standard error.
    /// - Parameter tap: its descriptor 3; -1 for none.
    /// - Parameter processors: those on which its threads run; nil for all of the caller's.
    /// - Throws: `.instance` or `.permission`, naming the step that failed and its errno.
    static func start(
        _ program: String, _ arguments: [String], input: Int32, output: Int32, tap: Int32 = -1,
        as user: QEMUUser? = nil, on processors: CPUList? = nil
    ) throws(LabError) -> QEMUProcess {
        let parent = try FileDescriptor.ofThisProcess()
        return try start(
            .qemu(program, as: user, hasTap: tap >= 0, parent: parent.rawValue).held(to: processors),
            [program] + arguments, input: input, output: output, tap: tap)
    }

    static func start(
        _ program: LaunchProgram, _ words: [String], input: Int32, output: Int32, tap: Int32 = -1
    ) throws(LabError) -> QEMUProcess {
        // Plain English, as under libvirt: what QEMU says goes into error messages.
        let buffer = ProgramBuffer(program, environment: ["LC_ALL=C", "PATH=/usr/bin:/bin"])
        // A child that becomes another user makes the memory that it shares with us undumpable, until it has its own.
        let isDumpable = clinux_is_dumpable()
        defer { if isDumpable == 1 { _ = clinux_set_dumpable(1) } }
        return QEMUProcess(
            pid: try buffer.start(.init(arguments: words, standard: (input, output, output, tap))).pid)
    }
}
