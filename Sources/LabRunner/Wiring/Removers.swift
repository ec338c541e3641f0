import ContainerDriver
import LabCore
import VMDriver

/// The one place that knows who removes what a journal names.
enum Removers {
    /// A cleaner for every kind of resource.
    static func cleaner(_ paths: LabPaths) -> Cleaner { Cleaner(removers: [:]) }
}
