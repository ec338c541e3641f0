import LabCore

/// The experiments on what only a virtual machine has.
public enum VMExperiments {
    public static let all: [any Experiment] = [BootSectorExperiment()]
}
