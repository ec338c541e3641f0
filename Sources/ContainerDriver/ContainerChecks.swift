import CLinux
import Glibc
import LabCore
import Launch
import OCI

/// The parts that containers are made of, each proved by using it once.
public enum ContainerChecks {
    /// One check for each kind of namespace, then overlay mounts, cgroup limits and the seccomp filter.
    ///
    /// What the containers of this user go without only warns. Nothing is left behind.
    /// - Parameter paths: a directory below `paths.state` is mounted on, in a mount namespace of its own.
    public static func all(paths: LabPaths) -> [DoctorCheck] {
        let isolation: Isolation = .ofThisUser()
        let namespaces = Namespaces.named.map { namespace($0.name, $0.namespace, isolation) }
        let needed: Set = isolation.contains(.user) ? ["namespace-user", "namespace-mnt"] : ["namespace-mnt"]
        let missing = namespaces.filter { needed.contains($0.id) && $0.status != .pass }
        return namespaces + [
            overlay(isolation, missing: missing.map(\.title), paths: paths),
            cgroupLimits(isolation, paths: paths), seccomp(),
        ]
    }

    private static let disabled: [Message] = ["\(EngineID.container)"]

    // MARK: Namespaces

    private static func namespace(_ name: String, _ kind: Namespaces, _ isolation: Isolation) -> DoctorCheck {
        let check = DoctorCheck.proving("namespace-\(name)", "\(name) namespace", disables: disabled) {
            () throws(LabError) in
            // Without root a user namespace gives the privilege to make the other.
            let made: Namespaces = isolation.contains(.user) ? [.user, kind] : kind
            do throws(LabError) {
                try LaunchProgram(
                    namespaces: made, steps: [Step(.execute(LaunchProgram.nothing))]
                ).rehearse()
            } catch {
                throw error.advising("boot a kernel that has it, see namespaces(7)")
            }
            return "clone3(\(made.flagNames.joined(separator: "|")))"
        }
        return isolation.namespaces.contains(kind) ? check : check.orWarning
    }

    // MARK: Overlay

    /// The steps in which a container gets its root, with an empty lower layer, and a write to the upper one.
    private static func overlay(_ isolation: Isolation, missing: [Message], paths: LabPaths) -> DoctorCheck {
        let title: Message = "overlay root"
        guard missing.isEmpty else {
            return DoctorCheck(
                id: "overlay", title: title, status: .skip,
                detail: "it needs the \(missing.joined(separator: ", "))",
                disables: disabled)
        }
        return .proving("overlay", title, disables: disabled) { () throws(LabError) in
            try withRun(paths) { runID, journal throws(LabError) in
                let directory = paths.run(runID)
                try journal.record(JournaledResource(.directory, directory))
                defer { try? Files.removeTree(directory) }
                for name in ["lower", "layer"] {
                    try Files.makeDirectory("\(directory)/\(name)", mode: 0o755)
                }
                var program = try container(
                    isolation.intersection([.user, .root]), lower: "\(directory)/lower",
                    mountPoint: "\(directory)/layer")
                program.steps.insert(
                    Step("write", .createFile("/written", mode: 0o600)), at: program.steps.count - 1)
                do throws(LabError) {
                    try program.rehearse()
                } catch {
                    throw error.advising("modprobe overlay; it needs Linux 5.12 or newer")
                }
                return "mounted on a tmpfs layer, entered and written to"
            }
        }
    }

    // MARK: Cgroups

    private static func cgroupLimits(_ isolation: Isolation, paths: LabPaths) -> DoctorCheck {
        let check = DoctorCheck.proving("cgroup-limits", "cgroup limits", disables: disabled) {
            () throws(LabError) in
            try withRun(paths) { runID, journal throws(LabError) in
                let limits = ResourceLimits(memoryBytes: 64 << 20, cpus: 1, pids: 32)
                let tree = try CgroupTree(mounts: .current(), name: "lab-\(runID)", journal: journal)
                do throws(LabError) {
                    let cgroups = try tree.make(limits)
                    try readBack(cgroups, tree.mounts)
                    try cgroups.remove()
                } catch {
                    try? tree.removeAll()
                    throw error
                }
                try tree.removeAll()
                return
                    "layout \(tree.mounts.layout.rawValue): \(Units.format(bytes: limits.memoryBytes)), \(limits.cpus) CPU "
                    + "and \(limits.pids) pids set and read back"
            }
        }
        return isolation.contains(.limits) ? check : check.orWarning
    }

    /// Looks whether the kernel took over what was written.
    private static func readBack(_ cgroups: InstanceCgroups, _ mounts: CgroupMounts) throws(LabError) {
        let limits = cgroups.limits
        for (hierarchy, directory) in zip(mounts.hierarchies, cgroups.directories) {
            let isV2 = hierarchy.version == .v2
            for controller in hierarchy.controllers {
                let kept =
                    switch controller {
                    case .memory:
                        Files.line("\(directory)/\(isV2 ? "memory.max" : "memory.limit_in_bytes")")
                            == "\(limits.memoryBytes)"
                    case .cpu: cpus(directory, isV2: isV2) == limits.cpus
                    case .pids: Files.line("\(directory)/pids.max") == "\(limits.pids)"
                    }
                guard kept else {
                    throw LabError(
                        .unavailable, "the limit of \(controller.rawValue) was written and not kept",
                        cause: "\(directory) shows another")
                }
            }
        }
    }

    /// The whole CPUs that a cgroup may use: its quota over its period.
    private static func cpus(_ directory: String, isV2: Bool) -> Int? {
        let files = isV2 ? ["cpu.max"] : ["cpu.cfs_quota_us", "cpu.cfs_period_us"]
        let words = files.flatMap { (Files.line("\(directory)/\($0)") ?? "").split(separator: " ") }
        guard words.count == 2, let quota = Int(words[0]), let period = Int(words[1]), period > 0,
            quota.isMultiple(of: period)
        else { return nil }
        return quota / period
    }

    // MARK: Seccomp

    private static func seccomp() -> DoctorCheck {
        .proving("seccomp", "seccomp filter", disables: disabled) { () throws(LabError) in
            let filter = try SeccompFilter(profile: .containerDefault)
            do throws(LabError) {
                try container([.noNewPrivileges, .seccomp], filter: filter).rehearse()
            } catch {
                throw error.advising("boot a kernel with CONFIG_SECCOMP_FILTER")
            }
            return "\(filter.instructionCount) BPF instructions loaded"
        }
    }

    // MARK: Use

    private typealias Step = LaunchProgram.Step

    /// The program of a container that has only these layers and ends at an execve of `LaunchProgram.nothing`.
    private static func container(
        _ isolation: Isolation, lower: String = "/", mountPoint: String = "/", filter: SeccompFilter? = nil
    ) throws(LabError) -> LaunchProgram {
        var program = try LaunchProgram.container(
            ContainerSpec(
                oci: .container(isolation, root: lower, hostname: ""), program: LaunchProgram.nothing,
                filter: filter,
                mountPoint: mountPoint, inheritsAll: true, parent: -1))
        // A child that ends at its execve says nothing and needs no descriptor.
        program.steps.removeAll { [CLINUX_STANDARD, CLINUX_PDEATHSIG].contains($0.operation.code) }
        return program
    }

    /// Gives `body` a journal, so that even a doctor that is killed leaves nothing that `lab clean` can't remove.
    private static func withRun(
        _ paths: LabPaths, _ body: (_ runID: String, RunJournal) throws(LabError) -> Message
    ) throws(LabError) -> Message {
        let runID = "doctor-\(getpid())-\(MonotonicInstant.now().nanoseconds)"
        let journal = try RunJournal(runID: runID, paths: paths)
        defer {
            // A resource that could not be removed stays written down.
            let left = ((try? journal.recorded()) ?? []).filter { Files.exists($0.name) }
            if left.isEmpty { journal.finish() }
        }
        return try body(runID, journal)
    }
}

extension LabError {
    /// The same error with a remedy, where it has none of its own.
    fileprivate func advising(_ remedy: Message) -> LabError {
        var error = self
        error.remedy = error.remedy ?? remedy
        return error
    }
}

extension DoctorCheck {
    /// A failure of what this user's containers go without: a warning that disables nothing.
    fileprivate var orWarning: DoctorCheck {
        guard status == .fail else { return self }
        var check = self
        check.status = .warn
        check.detail = "\(detail); containers of this user go without"
        check.disables = []
        return check
    }
}
