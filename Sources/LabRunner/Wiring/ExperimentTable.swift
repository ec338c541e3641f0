import ContainerDriver
import Experiments
import LabCore
import VMDriver

/// Every experiment that a lab may name, whoever makes it.
enum ExperimentTable {
    static let all: [any Experiment] =
        Experiments.all(engines: EngineFactory.all)
        + ContainerExperiments.all
        + VMExperiments.all
}
