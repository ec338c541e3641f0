import CLinux
import Glibc
import LabCore
import Launch

/// The cost of one namespace in the making of a process: clone3 with it against clone3 without, in turn. The kinds that
/// a container makes by unshare(2) in the child are timed there.
///
/// Values: `cost-nanoseconds`, the median with it less the median without, and `base-nanoseconds`, the latter.
struct NamespaceCost: Experiment {
    let id = "namespace-cost"

    private static let pairs = 40
    private static let arguments = ["lab-guest", "--channel=none", "exit", "0"]

    func perform(on engine: any PreparedEngine, _ bench: Bench) throws(LabError) -> Finding {
        let (_, kind) = try NamespaceKind.named(bench.setting)
        let program = bench.context.rootFilesystem.hostGuestPath
        let execute = LaunchProgram.Step(.execute(program))
        let isUnshared = NamespaceKind.unshared.contains(kind)
        let with = ProgramBuffer(
            LaunchProgram(
                namespaces: isUnshared ? [] : kind,
                steps: isUnshared ? [.init(.unshare(kind)), execute] : [execute]),
            environment: [])
        let without = ProgramBuffer(LaunchProgram(namespaces: [], steps: [execute]), environment: [])
        var costs: [Double] = []
        var bases: [Double] = []
        costs.reserveCapacity(Self.pairs)
        bases.reserveCapacity(Self.pairs)
        for _ in 0..<Self.pairs {
            try bench.context.interrupt.check()
            bases.append(try time(without))
            costs.append(try time(with))
        }
        guard let base = Statistics.median(bases), let whole = Statistics.median(costs) else {
            preconditionFailure("there are pairs")
        }
        return Finding(values: ["cost-nanoseconds": whole - base, "base-nanoseconds": base])
    }

    /// Nanoseconds from just before clone3 until the child has its namespace.
    private func time(_ buffer: ProgramBuffer) throws(LabError) -> Double {
        let started = try buffer.start(ProgramBuffer.Parameters(arguments: Self.arguments))
        var status: Int32 = 0
        do throws(Errno) {
            try checked { clinux_wait_pidfd(started.pidfd.rawValue, 0, &status, nil) }
        } catch {
            throw LabError(.software, "cannot wait for a child", cause: "\(error)")
        }
        guard status == 0 else {
            throw LabError(.instance, "a child in a new namespace failed", cause: "exit status \(status)")
        }
        return Double((started.stamps.first ?? started.began) - started.asked)
    }
}

/// The kinds of namespaces as settings of an experiment.
enum NamespaceKind {
    /// Those that a child makes for itself: the cgroup namespace once it has joined its cgroup, and the time
    /// namespace because clone3 refuses it to a child that shares our memory.
    static let unshared: Namespaces = [.cgroup, .time]

    /// - Throws: `.usage` for a name that is none.
    static func named(_ setting: String?) throws(LabError) -> (name: String, kind: Namespaces) {
        let names = Namespaces.kinds.map(\.name)
        guard let found = Namespaces.kinds.first(where: { $0.name == setting }) else {
            let word = setting ?? ""
            throw LabError(
                .usage, "\"\(word)\" is no kind of namespace\(didYouMean(word, in: names))",
                remedy: "use one of \(names.joined(separator: ", "))")
        }
        return (found.name, found.namespace)
    }

    /// The kinds in which a process is apart from this one, by the inodes of /proc/PID/ns, see namespaces(7).
    static func differing(_ pid: pid_t) -> [String] {
        Namespaces.kinds.map(\.name).filter { inode("\(pid)", $0) != inode("self", $0) }
    }

    /// The inode of a namespace, which names it while it lives; nil when it can't be read.
    static func inode(_ process: String, _ name: String) -> UInt64? {
        var status = stat()
        return stat("/proc/\(process)/ns/\(name)", &status) == 0 ? UInt64(status.st_ino) : nil
    }
}
