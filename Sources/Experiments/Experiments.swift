import LabCore

/// The experiments that work on any engine, through what its instances offer.
public enum Experiments {
    /// - Parameter engines: those of the program, whose tools are looked for.
    public static func all(engines: [EngineDescriptor]) -> [any Experiment] {
        [
            IsolationProbes(), KernelOwnership(), VirtualisationLayer(), Execution(), Machinery(),
            Viewpoint(), DensityExperiment(), MemoryTide(), OtherKernel(), ImageSize(),
            OneFileChange(), Artefacts(), CrashRecovery(), Rollout(), BlockIO(), FirstRun(),
            ToolInventory(tools: KnownTool.all + engines.compactMap(KnownTool.init(of:))), ToolStart(),
        ] + FaultExperiment.all
    }
}
