import LabCore

/// The experiments with what a container is made of: layers of isolation, namespaces, cgroups and overlay mounts.
public enum ContainerExperiments {
    public static let all: [any Experiment] = [
        Ladder(), NamespaceCost(), NamespaceEffect(), CPUQuota(), MemoryLimit(), PidsLimit(), IOLimit(),
        CgroupKill(), Freezer(), CPUPressure(), MemoryPressure(), Delegation(), ControllerList(), CopyUp(),
        MetadataCopyUp(), Whiteout(), DirectoryRename(), LayerSharing(), LookupDepth(), ForeignProgram(),
    ]
}
