import LabCore

/// The engines of this driver.
public enum ContainerEngines {
    public static let all: [EngineDescriptor] =
        [
            EngineDescriptor(
                .process, .process, .baseline, "a bare process: the baseline of every ratio"
            ) { _, _ in ProcessEngine() },
            EngineDescriptor(
                .container, .container, .own,
                "lab's own container: namespaces, cgroup, overlay root, seccomp, capabilities"
            ) { _, _ in ContainerEngine() },
        ] + PeerDescription.all.map(\.descriptor)
}
