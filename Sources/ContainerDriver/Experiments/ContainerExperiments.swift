import LabCore

/// The experiments on what containers are made of.
public enum ContainerExperiments {
    public static let all: [any Experiment] = [ForeignProgram()]
}
