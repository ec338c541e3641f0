import ContainerDriver
import Experiments
import LabCore

/// Every experiment that a lab may name, whoever makes it.
enum ExperimentTable {
    static let all: [any Experiment] = Experiments.all + ContainerExperiments.all
}
