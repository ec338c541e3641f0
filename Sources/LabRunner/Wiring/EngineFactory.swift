import ContainerDriver
import LabCore
import VMDriver

/// What the user says about engines apart from the lab: only VMs listen.
struct EngineSettings: Equatable, Sendable {
    /// One of `EngineFactory.profiles`; nil for the default one.
    var profile: String?
    /// A libvirt URI; nil for QEMU's driver inside this process.
    var connect: String?
    /// A kernel's path; nil for one of this machine's.
    var kernel: String?
    /// Whether a kernel may be downloaded when there is none: the only time that lab uses the network.
    var fetchesKernel = false
    /// Whether containers may get the cgroups of others that have ended; not where what those left on the account
    /// would be measured.
    var handsCgroupsOn = true
    /// What `./lab`, whose work is to install what is missing, says for the user.
    static var fetchIsAllowed: Bool { Process.environment["LAB_FETCH"] == "1" }
}

/// The one place that knows which engine is which type.
enum EngineFactory {
    static let profiles = MachineProfile.allCases.map(\.rawValue)

    /// Every engine and what it is, in a line; the order is that of `EngineID.known`.
    static let catalogue: [(id: EngineID, summary: Message)] = [
        (.process, "a bare process: the baseline of every ratio"),
        (.container, "lab's own container: namespaces, cgroup, overlay root, seccomp, capabilities"),
        (.kvm, "a libvirt domain on KVM: the hypervisor in the kernel"),
        (.qemu, "a libvirt domain on QEMU's TCG: emulation in user space, never presented as hardware"),
        (
            .xen,
            "a libvirt domain on Xen, paravirtualised: the hypervisor below the host itself; --connect xen:///system"
        ),
        (.runc, "runc, started by hand on an OCI bundle"),
        (.crun, "crun, started by hand on an OCI bundle"),
        (.podman, "podman run: a container engine without a daemon"),
        (.docker, "docker run: a container engine with a daemon"),
        (.bwrap, "bubblewrap: namespaces and mounts, no cgroup"),
        (.qemuDirect, "the same QEMU started without libvirt: the difference is libvirt's own cost"),
    ]

    /// The engines of these names, in their order.
    /// - Parameter pool: what earlier runs of this process leave to this one.
    static func make(
        _ engines: [EngineID], _ settings: EngineSettings, context: RunContext,
        pool: EnginePool = EnginePool()
    ) -> [any Engine] {
        engines.compactMap { make($0, settings, context: context, pool: pool) }
    }

    /// One engine; nil for one that no driver has.
    private static func make(
        _ engine: EngineID, _ settings: EngineSettings, context: RunContext, pool: EnginePool
    ) -> (any Engine)? {
        switch engine {
        case .process: ProcessEngine()
        case .container: ContainerEngine(handsCgroupsOn: settings.handsCgroupsOn)
        case .kvm: pool.machine(engine) { virtualMachine(.kvm, settings, context: context) }
        case .qemu: pool.machine(engine) { virtualMachine(.qemu, settings, context: context) }
        case .xen: pool.machine(engine) { virtualMachine(.xen, settings, context: context) }
        case .qemuDirect:
            pool.machine(engine) {
                virtualMachine(.qemu, settings, context: context, id: engine, usesLibvirt: false)
            }
        default: PeerEngine(engine, context: context, known: pool.answer(of: engine))
        }
    }

    private static func virtualMachine(
        _ type: DomainType, _ settings: EngineSettings, context: RunContext, id: EngineID? = nil,
        usesLibvirt: Bool = true
    ) -> VMEngine {
        let profile = settings.profile.flatMap(MachineProfile.init(rawValue:)) ?? .standard
        let configuration = VMConfiguration(
            profile: profile, usesLibvirt: usesLibvirt, connection: settings.connect, kernel: settings.kernel,
            fetchesKernel: settings.fetchesKernel)
        return VMEngine(
            type, id: id, configuration: configuration, paths: context.paths,
            rootFilesystem: context.rootFilesystem)
    }

    /// What the drivers can prove of this machine piece by piece.
    /// - Parameter connect: a libvirt URI; nil for QEMU's driver inside this process.
    static func driverChecks(paths: LabPaths, connect: String? = nil) -> [DoctorCheck] {
        ContainerChecks.all(paths: paths) + VMChecks.all(paths: paths, connect: connect)
    }
}
