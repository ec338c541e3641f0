import LabCore

/// The experiments that work on any engine, through what its instances offer.
public enum Experiments {
    public static let all: [any Experiment] =
        [
            IsolationProbes(), KernelOwnership(), VirtualisationLayer(), Execution(), Machinery(),
            Viewpoint(), DensityExperiment(), MemoryTide(), OtherKernel(), ImageSize(),
            OneFileChange(), Artefacts(), CrashRecovery(), Rollout(), ToolInventory(), ToolStart(),
        ] + FaultExperiment.all
}
