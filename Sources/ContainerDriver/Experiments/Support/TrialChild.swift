import CLinux
import Glibc
import LabCore
import Launch

/// A bare lab-guest with nothing around it but what an experiment puts there.
enum TrialChild {
    /// The surroundings of the child.
    struct Around {
        /// Made by clone3.
        var namespaces: Namespaces = []
        /// In which it runs.
        var cgroup: TrialCgroup?
        /// Done before the program is executed.
        var steps: [LaunchProgram.Step] = []
        /// The guest's path, nil for where it lies on the host.
        var program: String?
    }

    /// Starts one, hands it to `body` and ends it, whatever happens.
    static func with<Value>(
        _ workload: Workload, _ around: Around, _ bench: Bench,
        _ body: (ChildInstance) throws(LabError) -> Value
    ) throws(LabError) -> Value {
        let child = try start(workload, around, bench)
        defer { bench.dispose(child) }
        return try body(child)
    }

    /// Starts one; the caller hands it to `bench.dispose`.
    static func start(_ workload: Workload, _ around: Around, _ bench: Bench) throws(LabError)
        -> ChildInstance
    {
        let launcher = try ChildLauncher()
        let program = LaunchProgram.trial(
            around, program: around.program ?? bench.context.rootFilesystem.hostGuestPath,
            parent: launcher.parent.rawValue
        ).held(to: bench.context.placement?.measured)
        return try launcher.start(
            ProgramBuffer(program, environment: ChildLauncher.environment),
            arguments: workload.commandLine, cgroup: around.cgroup?.cloneTarget ?? -1,
            joins: around.cgroup?.joins ?? [], interrupt: bench.context.interrupt)
    }
}

extension LaunchProgram {
    /// A bare process (`process`) that joins cgroups and does some more steps.
    static func trial(_ around: TrialChild.Around, program: String, parent: Int32) -> LaunchProgram {
        let bare = process(program: program, parent: parent)
        let joining = (around.cgroup?.directoriesToJoin ?? []).enumerated().map { index, directory in
            Step(.joinCgroup(index: index, directory: directory))
        }
        return LaunchProgram(
            namespaces: around.namespaces,
            steps: bare.steps.dropLast() + joining + around.steps + bare.steps.suffix(1))
    }
}
